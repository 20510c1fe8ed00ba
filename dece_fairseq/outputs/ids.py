"""What samples are called, and how a message lists them."""

from typing import Iterable, List, Tuple, Union

Id = Union[int, str]


def as_ranges(ids: Iterable[Id]) -> str:
    """Return all of ``ids`` for a message, with runs of numbers as ``3-7``."""
    parts: List[List[Id]] = []
    for index in sorted(ids, key=in_order):
        last = parts[-1][-1] if parts else None
        if isinstance(index, int) and isinstance(last, int) and index == last + 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index])
    return ", ".join("-".join(map(str, part)) for part in parts)


def in_order(index: Id) -> Tuple[bool, Id]:
    """Return the key to sort by: numbers before texts."""
    return isinstance(index, str), index
