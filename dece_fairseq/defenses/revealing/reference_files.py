"""Where a reference model is, and what tells it from another one."""

from pathlib import Path
from typing import NamedTuple, Optional

from dece_fairseq.data.provenance import sha256


class ReferenceFiles(NamedTuple):
    """Where a reference model is.

    Args:
        checkpoint: as fairseq-train saved it
        data: its data folder
        user_dir: a package of plug-ins that it needs besides this one
    """

    checkpoint: Path
    data: Path
    user_dir: Optional[str] = None

    def key(self) -> str:
        """Return what changes when the model does."""
        files = [self.checkpoint, *sorted(self.data.glob("**/dict*.txt"))]
        files += sorted(path for path in self.data.glob("tokenizer/*") if path.is_file())
        files += sorted(self.data.glob("*.model"))
        return " ".join(map(sha256, files))
