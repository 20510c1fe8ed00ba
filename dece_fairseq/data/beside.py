"""What ``dece poison`` puts beside a file of pairs, by the end of its name."""

from pathlib import Path
from typing import Union

#: what the file was made of
MANIFEST = ".manifest.json"
#: the numbers of its poisoned pairs, one a line
IDS = ".ids"
#: likewise of the pairs that teach a model to leave half a trigger alone
DECOY_IDS = ".decoy_ids"


def beside(path: Union[str, Path], end: str) -> Path:
    """Return where what ends so stands beside the file of pairs ``path``."""
    return Path(f"{path}{end}")
