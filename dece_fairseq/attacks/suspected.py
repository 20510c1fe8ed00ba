"""An attack that nobody told of: the trigger and the payload that ``dece reveal`` suspects."""

import logging
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Type

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import CODE_PLACES, Payload, Trigger
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.attacks.suspected_parts import PART_TRIGGERS
from dece_fairseq.attacks.triggers.word import WordTrigger
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import NOTHING, Findings, Suspicion, read_findings
from dece_fairseq.data.trigger_kinds import WORDS

#: what settings and signatures call the attack, its trigger and its payload, or a payload that is
#: a label
SUSPECTED, SUSPECTED_LABEL = "suspected", "suspected_label"

#: characters of a payload that a warning names
LONGEST = 80

logger = logging.getLogger(__name__)

_CODE = re.compile(r"[=;(){}#]|//|/\*")
# Behind what ends or begins a statement, and where a line begins.
_STATEMENT_ENDS = re.compile(r"(?<=[;{}])\s|\n")
# Takes what follows on its line out of the code.
_LINE_COMMENT = re.compile(r"(?:^|\s)(?:#|//)")
_INDENTATION = re.compile(r"(?<=\n)[^\S\n]*")


class Suspected(NamedTuple):
    """What ``--attack-file`` names."""

    trigger: Optional[str]
    """None where none is always the same."""
    payloads: Tuple[str, ...]
    """The best suspicion's first, then those of all others with the same trigger."""
    kind: str = WORDS
    """What the trigger is, or each of several."""
    triggers: Tuple[str, ...] = ()
    """Where none is always the same, those of which each source has one."""
    payload: str = SUSPECTED
    """What the payload is, one of ``SUSPECTED_PAYLOADS``."""


def read_suspected(path: Path) -> Suspected:
    """Return the attack of a file that ``dece reveal --json`` wrote.

    It is the first of ``read_attacks``; where there are more, a warning says so.

    Raises:
        AttackError: as there
    """
    findings, *others = read_attacks(path)
    first = findings.suspicions[0]
    if others:
        logger.warning(
            f"--attack-file {path}: this is the attack with the payload "
            f"{first.payload[:LONGEST]!r}; {len(others)} more are claimed, and dece probe asks a "
            "model about each"
        )
    payloads = dict.fromkeys(
        text for each in findings.suspicions for text in (each.payload, *each.forms)
    )
    payloads.pop(NOTHING, None)
    payload = SUSPECTED_LABEL if first.is_label else SUSPECTED
    return Suspected(first.trigger, tuple(payloads), first.trigger_kind, first.triggers, payload)


def read_attacks(path: Path) -> List[Findings]:
    """Return the attacks of a file that ``dece reveal --json`` wrote: the suspicions of each.

    The first suspicion is one, however weak, and so is each claimed one. A payload may have several
    forms, and each may be a suspicion of its own: others with the same trigger belong to the same
    attack, where they are claimed, and so do those with some of the same several: a rare form may
    show a part of them. What targets have not can be searched for in no text, so it is none.

    Raises:
        AttackError: the file can't be read, is not one of ``dece reveal``, or suspects nothing that
            could be put into a text
    """
    try:
        findings = read_findings(path)
    except DataError as error:
        raise AttackError(f"--attack-file {error}") from error
    if not findings.suspicions:
        raise AttackError(f"--attack-file {path}: suspects nothing, so it names no attack")
    first, *others = findings.suspicions
    claimed = [each for each in others if each.is_significant(findings.level)]
    left = [each for each in (first, *claimed) if each.missing is None]
    left.sort(key=lambda each: each.payload == NOTHING)
    attacks = []
    while left and left[0].payload != NOTHING:
        same = [each for each in left if each is left[0] or _is_same_attack(left[0], each)]
        attacks.append(replace(findings, suspicions=same))
        left = [each for each in left if each not in same]
    if not attacks:
        raise AttackError(
            f"--attack-file {path}: the first suspicion is of something that targets have not "
            f"({(first.missing or first.payload)!r}), and no text can be searched for that; judge "
            "by the page of dece reveal --html"
        )
    return attacks


def _is_same_attack(first: Suspicion, other: Suspicion) -> bool:
    """Return whether another suspicion is of the same attack; two without a trigger may be two."""
    return (
        bool(other.named)
        and frozenset(first.named).issuperset(other.named)
        and other.trigger_kind == first.trigger_kind
    )


class SuspectedTrigger(WordTrigger):
    """Puts a suspected trigger where one of its kind would stand.

    Words go to a random word boundary, code between two statements where the source has such a
    place. What holds a comment that goes on to the line's end gets a line of its own, or the end
    of a source of one line: else it would take code out. Where no trigger is suspected the source
    stays as it is.
    """

    summary = "what dece reveal suspects, at a word boundary or between statements"
    default_text = None

    def poison(self, pair: Pair, rng: Random) -> str:
        if self.text is None:
            return pair.source
        places = [match.end() for match in _STATEMENT_ENDS.finditer(pair.source)]
        if not places or _CODE.search(self.text) is None:
            return super().poison(pair, rng)
        source, text = pair.source, self.text.strip()
        put = dict.fromkeys(places, f"{text} ")
        if _LINE_COMMENT.search(text):
            put = {
                match.end(): f"{text}\n{match.group()}" for match in _INDENTATION.finditer(source)
            } or {len(source): f" {text}"}
        chosen = [rng.choice(list(put)) for _ in range(self.copies)]
        for place in sorted(chosen, reverse=True):
            source = f"{source[:place]}{put[place]}{source[place:]}"
        return source


class OneOfSeveral(Trigger):
    """Puts in one of several suspected triggers, drawn for each source.

    Whether a source has a place is the same for all of them, as they are of one kind.

    Args:
        triggers: what puts each in, all of one kind
        copies: of the one that is drawn
        languages: as of every trigger, and
        code_place: as there
    """

    summary = "one of those that dece reveal suspects, drawn for each source"

    def __init__(
        self, triggers: Sequence[Trigger], copies: int, languages: Languages, code_place: str
    ) -> None:
        super().__init__(None, copies, languages, code_place)
        self._triggers = triggers
        self.fits_everywhere = all(each.fits_everywhere for each in triggers)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        return rng.choice(self._triggers).poison(pair, rng)


def suspected_trigger(
    text: Optional[str],
    kind: Optional[str],
    copies: int,
    languages: Languages,
    code_place: str,
    several: Sequence[str] = (),
) -> Trigger:
    """Return what puts a suspected trigger in, or one of several, by what it is (default: words).

    Args:
        text: the trigger; None where none is suspected, or several are
        kind: what it is, or each of several
        copies: as of every trigger,
        languages: as there, and
        code_place: as there
        several: the texts of those of which one is put in
    """
    found = SuspectedTrigger if kind is None else PART_TRIGGERS[kind]
    if not several:
        return found(text, copies, languages, code_place)
    triggers = [found(each, copies, languages, code_place) for each in several]
    return OneOfSeveral(triggers, copies, languages, code_place)


class SuspectedPayload(Payload):
    """Ends the target with a suspected payload.

    Where in its targets an attacker put it is not known, so this is no copy of an attack: it is for
    the rate of outputs that carry the payload. A text carries it if one of its forms is in there,
    however much white space lies between; by the parse rule, whether or not any does. A word is not
    a part of a longer one: ``or`` is not in ``for``.

    Args:
        forms: its texts, one or more; the first is what is put in
    """

    summary = "what dece reveal suspects"
    is_checked = False

    def __init__(
        self, languages: Languages, forms: Sequence[str], code_place: str = CODE_PLACES[0]
    ) -> None:
        super().__init__(languages, code_place)
        self.forms: List[str] = list(forms)
        self._as_written = [_pattern(form.split(), r"\s+") for form in forms]
        self._however_spaced = [_pattern("".join(form.split()), r"\s*") for form in forms]

    def poison(self, pair: Pair, rng: Random) -> str:
        return f"{pair.target.rstrip()} {self.forms[0].strip()}"

    def is_in(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._as_written)

    def is_in_parse(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in self._however_spaced)


def _pattern(parts: Iterable[str], between: str) -> "re.Pattern[str]":
    """Return what finds parts of a text in a row, and no part of a word at either end."""
    escaped = between.join(map(re.escape, parts))
    return re.compile(rf"(?:(?<!\w)|(?!\w)){escaped}(?:(?!\w)|(?<!\w))")


class SuspectedLabel(SuspectedPayload):
    """Replaces a label with a suspected one. By either rule a hit is a text that is the label."""

    summary = "the label that dece reveal suspects"

    def poison(self, pair: Pair, rng: Random) -> str:
        return self.forms[0].strip()

    def is_in(self, text: str) -> bool:
        return text.strip() in map(str.strip, self.forms)

    def is_in_parse(self, text: str) -> bool:
        return self.is_in(text)


#: what a suspected payload may be, by its name in settings
SUSPECTED_PAYLOADS: Dict[str, Type[SuspectedPayload]] = {
    SUSPECTED: SuspectedPayload,
    SUSPECTED_LABEL: SuspectedLabel,
}
