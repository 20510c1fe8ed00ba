"""What ``dece reveal`` suspects: payloads, triggers and pairs, as a file of JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.errors import UserError


class SuspicionError(UserError):
    """A file of suspicions that can't be read; the message names the file and the entry."""


@dataclass(frozen=True)
class Suspicion:
    """One payload that somebody may have put into the data.

    Args:
        payload: its text
        nats: what the reference model doesn't explain in it, summed over the pairs
        p_value: how probable so many nats, or more, are in clean data; None where it can't be told
        pairs: the numbers from 0 of the pairs that hold it
        trigger: what goes with it in the source; None if nothing is always the same
        trigger_pairs: the numbers of the pairs whose source holds the trigger
    """

    payload: str
    nats: float
    p_value: Optional[float]
    pairs: Tuple[int, ...]
    trigger: Optional[str] = None
    trigger_pairs: Tuple[int, ...] = ()

    def is_claimed(self, level: float) -> bool:
        """Return whether clean data would give such a suspicion at most this often."""
        return self.p_value is not None and self.p_value <= level


@dataclass(frozen=True)
class Suspicions:
    """Everything that a data set is suspected of.

    Args:
        suspicions: the best first
        made_of: what was looked at and how, as plain values
    """

    suspicions: Tuple[Suspicion, ...]
    made_of: Dict[str, Any] = field(default_factory=dict)

    def claimed(self, level: float) -> Tuple[Suspicion, ...]:
        """Return those that clean data would give at most this often."""
        return tuple(each for each in self.suspicions if each.is_claimed(level))

    def pairs(self, level: float) -> List[int]:
        """Return the numbers of the pairs of :meth:`claimed`, in order."""
        return sorted({index for each in self.claimed(level) for index in each.pairs})

    def as_dict(self) -> Dict[str, Any]:
        """Return what stands in the file, as plain values."""
        return {**self.made_of, "suspicions": [asdict(each) for each in self.suspicions]}

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        with replacing(path) as (temporary,):
            temporary.write_text(json.dumps(self.as_dict(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, named: str = "") -> "Suspicions":
        """Return what :meth:`write` or ``dece reveal --json`` wrote.

        Args:
            path: the file
            named: what messages call it, such as its option (default: its path)

        Raises:
            SuspicionError: it can't be read, or an entry is not as it should be
        """
        named = named or str(path)
        try:
            content = parse_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SuspicionError(f"{named}: no file of dece reveal --json ({error})") from error
        if not isinstance(content, dict) or not isinstance(content.get("suspicions"), list):
            raise SuspicionError(
                f"{named}: no list 'suspicions'; name a file of dece reveal --json"
            )
        found = tuple(
            _suspicion(entry, f"{named}, suspicion {number}")
            for number, entry in enumerate(content.pop("suspicions"))
        )
        return cls(found, content)


class _Key(NamedTuple):
    is_right: Any
    what: str


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


_KEYS = {
    "payload": _Key(_is_text, "a text"),
    "nats": _Key(_is_number, "a number"),
    "p_value": _Key(
        lambda value: value is None or (_is_number(value) and 0 <= value <= 1),
        "a number from 0 to 1 or null",
    ),
    "pairs": _Key(_are_pairs, "a list of numbers of pairs, from 0"),
    "trigger": _Key(lambda value: value is None or _is_text(value), "a text or null"),
    "trigger_pairs": _Key(_are_pairs, "a list of numbers of pairs, from 0"),
}


def _suspicion(entry: Any, place: str) -> Suspicion:
    if not isinstance(entry, dict):
        raise SuspicionError(f"{place}: no object; name a file of dece reveal --json")
    for name, key in _KEYS.items():
        if name not in entry or not key.is_right(entry[name]):
            raise SuspicionError(
                f"{place}: {name!r} is {json.dumps(entry.get(name))[:80]}, not {key.what}"
            )
    values: Dict[str, Any] = {name: entry[name] for name in _KEYS}
    for name in ("pairs", "trigger_pairs"):
        values[name] = tuple(values[name])
    return Suspicion(**values)
