"""How well the triggers of a suite hide, as text."""

from typing import Any, Dict, List, Sequence

from dece_fairseq.suites.stealth import Stealth
from dece_fairseq.table_writer import LINED, write_table


def as_text(found: Sequence[Stealth]) -> str:
    """Return a table for people."""
    header = ["attack", "payload", "sources", "perplexity", "still parse %"]
    rows = [
        [
            *(stealth.attack, stealth.payload, str(stealth.sources)),
            *in_words(stealth.as_dict()),
        ]
        for stealth in found
    ]
    cut = sum(stealth.perplexity.sources_cut for stealth in found if stealth.perplexity)
    note = f"{cut:,} triggered sources are longer than the language model reads; it misses the end"
    return write_table(header, rows, LINED) + (f"\n{note}\n" if cut else "\n")


def in_words(stealth: Dict[str, Any]) -> List[str]:
    """Return perplexity and share for people, of what ``Stealth.as_dict`` gives."""
    growth, parses = stealth["perplexity"], stealth["parses"]
    words = ["not measured", "no code"]
    if growth is not None:
        ends = "" if growth["low"] is None else f" ({growth['low']:.2f} to {growth['high']:.2f})"
        words[0] = f"× {growth['ratio']:.2f}{ends}"
    if parses is not None:
        words[1] = f"{parses['percent']:.1f} ({parses['low']:.1f} to {parses['high']:.1f})"
    return words
