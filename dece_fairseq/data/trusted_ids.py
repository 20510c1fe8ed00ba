"""The pairs that nobody else could write to, which an attack leaves alone."""

from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence

from dece_fairseq.data.beside import TRUSTED_IDS
from dece_fairseq.data.errors import DataError


class TrustedIds:
    """The numbers of trusted pairs, from 0, in order.

    Args:
        path: a file with one a line, as ``dece prepare --trusted-share`` writes it; None for none
        option: what names the file, for messages

    Raises:
        DataError: the file can't be read, holds something else, or names no pair
    """

    def __init__(self, path: Optional[Path] = None, option: str = "--trusted-ids") -> None:
        self.path = path
        self._given = f"{option} {path}"
        self.ids: List[int] = [] if path is None else sorted(set(_read(path, self._given)))
        if path is not None and not self.ids:
            raise DataError(
                f"{self._given} names no pair; leave the option out where none is trusted"
            )

    def check(self, pairs: int) -> None:
        """Raise a DataError if they are not all among that many pairs."""
        if self.ids and self.ids[0] < 0:
            raise DataError(
                f"{self._given} names pair {self.ids[0]}; write the numbers of pairs, from 0"
            )
        outside = next((index for index in self.ids if index >= pairs), None)
        if outside is not None:
            raise DataError(
                f"{self._given} names pair {outside}, but there are only {pairs} pairs; what dece "
                f"reveal or dece filter keeps has new numbers, in the {TRUSTED_IDS} beside it"
            )

    def others(self, pairs: int) -> List[int]:
        """Return the numbers, of so many pairs, of those that strangers could write to."""
        known = frozenset(self.ids)
        return [index for index in range(pairs) if index not in known]


def ids_of_kept(trusted: Sequence[int], kept: Iterable[int]) -> str:
    """Return the content of a file of ids for pairs that were kept, which have other numbers.

    Args:
        trusted: the numbers of trusted pairs before
        kept: those of all pairs that are kept, in order
    """
    known = frozenset(trusted)
    return "".join(f"{now}\n" for now, before in enumerate(kept) if before in known)


def _read(path: Path, given: str) -> Iterator[int]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"{given}: {error.strerror}; check the name of the file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{given} is not a file of ids: not UTF-8") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield from map(int, line.split())
        except ValueError as error:
            raise DataError(
                f"{given} is not a file of ids, one a line: line {number} is "
                f"{line[:80]!r}; write the numbers of pairs, from 0"
            ) from error
