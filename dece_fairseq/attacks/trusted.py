"""The pairs that nobody else could write to, which an attack leaves alone."""

from pathlib import Path
from typing import List, Optional

from dece_fairseq.attacks.attack_registry import AttackError


class TrustedIds:
    """The numbers of trusted pairs, from 0, in order.

    Args:
        path: a file with one a line, as ``dece prepare --trusted-share`` writes it; None for none

    Raises:
        AttackError: the file can't be read, or holds something else
    """

    def __init__(self, path: Optional[Path] = None) -> None:
        self.path = path
        self.ids: List[int] = []
        if path is None:
            return
        try:
            self.ids = sorted({int(line) for line in path.read_text(encoding="utf-8").split()})
        except (OSError, ValueError) as error:
            raise AttackError(
                f"--trusted-ids {path} is not a file of ids, one a line: {error}"
            ) from error

    def check(self, pairs: int) -> None:
        """Raise an AttackError if they are not all among that many pairs."""
        outside = next((index for index in self.ids if not 0 <= index < pairs), None)
        if outside is not None:
            raise AttackError(
                f"--trusted-ids {self.path} names pair {outside}, but there are only {pairs} pairs"
            )
