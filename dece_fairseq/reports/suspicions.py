"""What ``dece reveal`` suspects, for people: as text, and as one page."""

from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple

from dece_fairseq.data.pairs import Pair, not_written
from dece_fairseq.data.suspicions import Findings, Suspicion
from dece_fairseq.data.trigger_kinds import WORDS, told_triggers
from dece_fairseq.data.visible import visible
from dece_fairseq.defenses.revealing.triggers import COVERED
from dece_fairseq.reports.marked_text import MarkedPart, marked
from dece_fairseq.reports.pages import render

TEMPLATE = Path(__file__).with_name("suspicions.html")
#: pairs that are shown of a suspicion
SHOWN = 3
#: times that a pair stands in the data to be told of
REPEATED = 5
#: doubtful pairs that can show an attack, at least: the first four with a payload never count
ENOUGH = 8
#: share of the doubtful pairs that are copies of trusted ones to be told of
COPIED = 0.1
#: characters of a text that a terminal is given
LONGEST = 600
#: what stands around a mark in plain text
MARKS = ("»", "«")


class Example(NamedTuple):
    """A pair with what is suspected marked."""

    number: int
    source: List[MarkedPart]
    target: List[MarkedPart]


def examples(pairs: Sequence[Pair], suspicion: Suspicion, most: int = SHOWN) -> List[Example]:
    """Return some pairs of a suspicion with payload and triggers, or what comes closest, marked.

    Pairs with both come first.
    """
    causes, kind = suspicion.named, suspicion.trigger_kind
    if not causes and suspicion.closest is not None:
        causes, kind = (suspicion.closest,), WORDS
    shown = [
        Example(
            number,
            marked(pairs[number].source, causes, kind),
            marked(pairs[number].target, [suspicion.payload, *suspicion.forms]),
        )
        for number in suspicion.pairs
    ]
    shown.sort(key=lambda example: -_marks(example))
    return shown[:most]


def _marks(example: Example) -> int:
    sides = (example.source, example.target)
    return sum(any(part.is_marked for part in side) for side in sides)


def verdict(findings: Findings) -> str:
    """Return what was found in one sentence."""
    claimed = findings.significant()
    level = f"{100 * findings.level:g} %"
    if claimed:
        pairs = len({index for each in claimed for index in each.pairs})
        what = "One payload is" if len(claimed) == 1 else f"{len(claimed)} payloads are"
        return f"{what} suspected at the {level} level, in {pairs} pairs."
    if findings.suspicions and all(each.p_value is None for each in findings.suspicions):
        return "How sure the suspicions are can't be told, so nothing is claimed."
    return f"Nothing is suspected at the {level} level."


def cautions(findings: Findings) -> List[str]:
    """Return what to know of the findings, a sentence each.

    They are of few pairs, trusted pairs, equal pairs, the ends of long targets, and columns that
    are not kept.
    """
    said = []
    if not findings.significant() and findings.made_of.get("doubtful", ENOUGH) < ENOUGH:
        said.append("So few pairs can hardly show an attack: no suspicion says nothing.")
    why = findings.made_of.get("trusted_left_aside")
    if why:
        said.append(f"The trusted pairs were left aside: {why}.")
    compared, copies = (findings.made_of.get(f"trusted_{what}") for what in ("compared", "copies"))
    few, others = (findings.made_of.get(name, 0) for name in ("trusted_few", "doubtful"))
    if few:
        what = "One trusted pair is" if few == 1 else f"{few:,} trusted pairs are"
        said.append(
            f"{what} too few to tell what is usual in {others:,} others, and only asked whether "
            "a suspicion is shown there about as often, or lacking. Half as many as the others "
            "find attacks on fewer pairs."
        )
        said += _of_reference(findings)
    elif compared == 0:
        said += _of_reference(findings)
        if findings.significant():
            said.append(
                "Without trusted pairs, whatever the reference does not know and many pairs have "
                "looks like an attack: read what is suspected before you drop it."
            )
    elif copies and copies >= COPIED * others:
        said.append(
            f"{copies:,} of the {others:,} doubtful pairs are copies of trusted ones, so what they "
            "have is taken for usual. If nobody has read these, trust others."
        )
    number, times = findings.made_of.get("most_repeated") or (0, 0)
    if times >= REPEATED:
        said.append(f"Equal pairs count once: pair {number} stands {times:,} times.")
    cut = findings.made_of.get("targets_cut")
    if cut:
        what = "One target is" if cut == 1 else f"{cut:,} targets are"
        said.append(
            f"{what} longer than the reference reads; a payload behind that place is not found."
        )
    left_out = findings.made_of.get("columns_left_out")
    if left_out:
        said.append(f"Of the pairs that are kept, {not_written(left_out)}.")
    return said


def _of_reference(findings: Findings) -> List[str]:
    """Return what to know of a reference that trusted pairs can't make up for."""
    said = []
    if findings.made_of.get("unsure"):
        likely = 100 * findings.made_of["likely"]
        said.append(
            "The reference is still learning the task: it is less sure of the targets than it is "
            f"right, and finds {likely:.0f} % of a target likely. So only payloads of many pairs "
            "are claimed: name trusted pairs, or train it longer."
        )
    temperature = findings.made_of.get("temperature", 1)
    if temperature > 1:
        said.append(
            "The reference is surer than it is right, as after many epochs of few pairs. So it is "
            f"asked at a temperature of {temperature:g}, and a claim takes more pairs: name "
            "trusted pairs, or train it for fewer epochs or on more pairs."
        )
    return said


def trigger_of(suspicion: Suspicion) -> str:
    """Return what sets the pairs of a suspicion apart, in a line."""
    count = len(suspicion.pairs)
    if suspicion.named:
        both = len(set(suspicion.pairs) & set(suspicion.trigger_pairs))
        more = len(suspicion.trigger_pairs) - both
        trigger = told_triggers(suspicion.named, suspicion.trigger_kind)
        return f"{trigger}, in {both} of these {count} pairs and in {more} of all others"
    if suspicion.closest is not None:
        # Else it would be the trigger.
        is_common = suspicion.closest_pairs >= COVERED * count
        return (
            f"none that is always the same; closest is {suspicion.closest!r}, in "
            f"{suspicion.closest_pairs} of these {count} pairs"
            f"{' and in more others' if is_common else ''}"
        )
    return "none that is always the same"


def sureness(suspicion: Suspicion) -> str:
    """Return the p-value in words."""
    if suspicion.p_value is None:
        return "p unknown"
    return "p < 0.0001" if suspicion.p_value < 1e-4 else f"p = {suspicion.p_value:.2g}"


def as_text(pairs: Sequence[Pair], findings: Findings) -> str:
    """Return what was found as lines for a terminal."""
    lines = [verdict(findings), *cautions(findings)]
    if findings.suspicions:
        lines.append(f"p-values come {findings.calibration}.")
    lines.append("")
    for number, suspicion in enumerate(findings.suspicions, start=1):
        claim = "" if suspicion.is_significant(findings.level) else " (not claimed)"
        lines += [
            f"{number}. payload {_quoted(suspicion.payload)}{claim}",
            f"   {suspicion.nats:,.0f} nats in {len(suspicion.pairs)} pairs, {sureness(suspicion)}",
            f"   trigger: {trigger_of(suspicion)}",
        ]
        if suspicion.missing is not None:
            lines.append(f"   expected and not there: {_quoted(suspicion.missing)}")
        if suspicion.forms:
            lines.append(f"   also as {', '.join(map(_quoted, suspicion.forms[:4]))}")
        if suspicion.is_significant(findings.level):
            for example in examples(pairs, suspicion):
                lines.append(f"   pair {example.number}: {_plain(example.source)}")
                lines.append(f"     -> {_plain(example.target)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _quoted(text: str) -> str:
    """Return a text as it is told of, without the end of a long one; the JSON file has it whole."""
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r} ..."


def _plain(parts: Sequence[MarkedPart]) -> str:
    start, end = MARKS
    text = "".join(f"{start}{part.text}{end}" if part.is_marked else part.text for part in parts)
    text = visible(" ".join(text.split()))
    if len(text) <= LONGEST:
        return text
    first = max(0, text.find(start) - LONGEST // 2)
    return f"{'... ' if first else ''}{text[first : first + LONGEST]} ..."


class Card(NamedTuple):
    """A suspicion as the page shows it."""

    suspicion: Suspicion
    is_claimed: bool
    sureness: str
    trigger: str
    share: float
    """Of its nats among those of the first suspicion, in percent."""
    examples: List[Example]
    only_trigger: Tuple[int, ...]
    """The pairs with the trigger, but without the payload."""


def as_html(pairs: Sequence[Pair], findings: Findings) -> str:
    """Return one self-contained page, without a script.

    Raises:
        PackageError: jinja2 is not there
    """
    most = max((suspicion.nats for suspicion in findings.suspicions), default=1.0)
    return render(
        TEMPLATE,
        verdict=verdict(findings),
        cautions=cautions(findings),
        findings=findings,
        cards=[_card(pairs, findings, each, most) for each in findings.suspicions],
        made_of=findings.made_of,
    )


def _card(pairs: Sequence[Pair], findings: Findings, suspicion: Suspicion, most: float) -> Card:
    return Card(
        suspicion,
        suspicion.is_significant(findings.level),
        sureness(suspicion),
        trigger_of(suspicion),
        max(0.0, 100 * suspicion.nats / most),
        examples(pairs, suspicion, 2 * SHOWN),
        tuple(sorted(set(suspicion.trigger_pairs) - set(suspicion.pairs))),
    )
