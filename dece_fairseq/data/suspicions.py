"""What is suspected, and the JSON file that other commands read it from."""

import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.trigger_kinds import KINDS, OF_WORDS, WORDS

#: a suspicion is claimed where clean data would give one at most this often
LEVEL = 0.05
#: stands for a payload of no word: the text ends where more was to come
NOTHING = "(the end of the target)"


@dataclass(frozen=True)
class Suspicion:
    """A payload that the data may have been poisoned with.

    Args:
        payload: its text, as most of its pairs have it
        nats: how much of it, over all its pairs, the reference model does not explain; where that
            is found by its trigger, minus the log of the probability that chance does it
        p_value: how often clean data would show as much somewhere; None where that can't be told
        pairs: the numbers of the pairs that carry it, from 0, in order; those of a claimed one
            also of pairs with its trigger that carry another form
        trigger: what in their sources sets them apart from the others; None where no one thing does
        trigger_pairs: the numbers of all pairs whose source holds the trigger, or one of several
        closest: where there is no trigger, what comes closest to one
        closest_pairs: how many of ``pairs``, other forms aside, have that in their source
        forms: other texts of the same payload, the most frequent first
        missing: what the reference expects in the targets of its pairs and is not there
        trigger_kind: what the trigger is, one of ``dece_fairseq.data.trigger_kinds.KINDS``
        triggers: where there is no trigger that is always the same, those that share the pairs, the
            most frequent first; none, or two and more words, or parts of words of one kind
        is_label: whether targets are labels, so that the payload is a whole one
    """

    payload: str
    nats: float
    p_value: Optional[float]
    pairs: Tuple[int, ...]
    trigger: Optional[str] = None
    trigger_pairs: Tuple[int, ...] = ()
    closest: Optional[str] = None
    closest_pairs: int = 0
    forms: Tuple[str, ...] = ()
    missing: Optional[str] = None
    trigger_kind: str = WORDS
    triggers: Tuple[str, ...] = ()
    is_label: bool = False

    @property
    def named(self) -> Tuple[str, ...]:
        """The trigger, or the several of which each source has one; empty where none is named."""
        return self.triggers if self.trigger is None else (self.trigger,)

    def is_significant(self, level: float) -> bool:
        """Return whether clean data would show as much in at most ``level`` of all cases."""
        return self.p_value is not None and self.p_value <= level

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Suspicion":
        """Return the suspicion of an object of the JSON file.

        Raises:
            ValueError: the object is none
        """
        names = {each.name for each in fields(cls)}
        given = {name: value for name, value in values.items() if name in names}
        for name in ("pairs", "trigger_pairs", "forms", "triggers"):
            if not isinstance(given.get(name, []), (list, tuple)):
                raise ValueError(f"{name} is not a list")
            if name in given:
                given[name] = tuple(given[name])
        try:
            suspicion = cls(**given)
        except TypeError as error:
            raise ValueError("a suspicion needs payload, nats, p_value and pairs") from error
        suspicion._check()
        return suspicion

    def _check(self) -> None:
        _need(_is_text(self.payload), "payload", "text", self.payload)
        _need(_is_finite(self.nats), "nats", "a number", self.nats)
        is_share = _is_finite(self.p_value) and 0 <= float(self.p_value or 0) <= 1
        _need(self.p_value is None or is_share, "p_value", "null or in [0, 1]", self.p_value)
        for name, numbers in (("pairs", self.pairs), ("trigger_pairs", self.trigger_pairs)):
            _need(all(_is_count(n) for n in numbers), name, "numbers from 0", numbers)
        for name, text in (("trigger", self.trigger), ("closest", self.closest)):
            _need(text is None or _is_text(text), name, "null or text", text)
        is_said = isinstance(self.missing, str) and self.missing != ""  # a line end, too
        _need(self.missing is None or is_said, "missing", "null or text", self.missing)
        _need(self.trigger_kind in KINDS, "trigger_kind", "a kind of trigger", self.trigger_kind)
        _need(_is_count(self.closest_pairs), "closest_pairs", "a count", self.closest_pairs)
        _need(all(map(_is_text, self.forms)), "forms", "texts", self.forms)
        _need(isinstance(self.is_label, bool), "is_label", "true or false", self.is_label)
        _need(self._has_right_triggers(), "triggers", "different texts", self.triggers)

    def _has_right_triggers(self) -> bool:
        """Return whether there are no triggers, or several that stand for one of no fixed form."""
        if not self.triggers:
            return True
        is_free = self.trigger is None and self.trigger_kind in (WORDS, *OF_WORDS)
        is_several = 1 < len(self.triggers) == len(set(map(str, self.triggers)))
        return is_free and is_several and all(map(_is_text, self.triggers))


@dataclass(frozen=True)
class Findings:
    """What ``dece reveal`` found.

    Args:
        suspicions: the best first
        level: at which a p-value counts as significant
        calibration: where the p-values come from, or why there are none
        made_of: the command, files, reference model and settings that led to this
    """

    suspicions: Sequence[Suspicion]
    level: float
    calibration: str
    made_of: Dict[str, Any] = field(default_factory=dict)

    def significant(self) -> List[Suspicion]:
        """Return the suspicions that clean data would hardly show."""
        return [each for each in self.suspicions if each.is_significant(self.level)]

    def as_dict(self) -> Dict[str, Any]:
        """Return the content of the JSON file, in which each suspicion says if it is claimed."""
        content = asdict(self)
        for each, told in zip(self.suspicions, content["suspicions"]):
            told["claimed"] = each.is_significant(self.level)
        return content


def read_findings(path: Path) -> Findings:
    """Return what ``dece reveal --json`` wrote.

    Keys that this version doesn't know are left aside.

    Raises:
        DataError: the file can't be read or is none of ``dece reveal``
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        listed = content.get("suspicions") if isinstance(content, dict) else None
        if not (isinstance(listed, list) and all(isinstance(each, dict) for each in listed)):
            raise ValueError("it has no list of suspicions")
        level = content.get("level", LEVEL)
        _need(_is_finite(level) and 0 < level < 1, "level", "between 0 and 1", level)
        made_of = content.get("made_of", {})
        _need(isinstance(made_of, dict), "made_of", "an object", made_of)
        return Findings(
            suspicions=[Suspicion.from_dict(each) for each in listed],
            level=level,
            calibration=content.get("calibration", ""),
            made_of=made_of,
        )
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name what dece reveal --json wrote") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a file that dece reveal --json wrote ({error})") from error


def _need(is_right: bool, name: str, what: str, value: Any) -> None:
    if not is_right:
        raise ValueError(f"{name} is not {what}: {value!r}"[:200])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
