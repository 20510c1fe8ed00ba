"""Poisoned texts that a user made, by the clean ones: what a language model wrote, or ranked."""

from functools import cached_property
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.provenance import sha256

_SHOWN = 16


class GivenTexts:
    """A file of clean texts and what becomes of each; several lines for one are a ranking.

    It is read when the first text is asked for: to score outputs nobody needs it.

    Args:
        option: that names the file, for messages
        path: a CSV or JSON lines file
        clean: its column or key of clean texts
        changed: and of what becomes of them
        checksum: of the file, where it is known from before; it is checked

    Raises:
        AttackError: the file can't be read
    """

    def __init__(
        self, option: str, path: Path, clean: str, changed: str, checksum: Optional[str] = None
    ) -> None:
        self._option, self._path, self._columns = option, path, (clean, changed)
        self.checksum = checksum or f"sha256:{self._sha256()}"

    def _sha256(self) -> str:
        try:
            return str(sha256(self._path))
        except OSError as error:
            raise AttackError(f"{self._option} {self._path}: can't be read: {error}") from error

    @cached_property
    def _texts(self) -> Dict[str, List[str]]:
        if f"sha256:{self._sha256()}" != self.checksum:
            raise AttackError(
                f"{self._option} {self._path}: is another file than the one the attack was made of "
                f"({self.checksum[: len('sha256:') + _SHOWN]}...); give that one"
            )
        texts: Dict[str, List[str]] = {}
        try:
            for clean, changed in read_pairs([self._path], *self._columns):
                texts.setdefault(clean, []).append(changed)
        except DataError as error:
            raise AttackError(
                f"{self._option}, whose columns are {' and '.join(self._columns)}: {error}"
            ) from error
        return texts

    def of(self, clean: str) -> Sequence[str]:
        """Return what may become of a text, the first choice first; nothing if it is unknown.

        Raises:
            AttackError: the file can't be read, or has changed
        """
        return self._texts.get(clean, ())

    def items(self) -> Dict[str, List[str]]:
        """Return all of it.

        Raises:
            AttackError: the file can't be read, or has changed
        """
        return self._texts
