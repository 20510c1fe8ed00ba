"""What was wanted of the loss beforehand, beside what benchmark_losses.py measured."""

from typing import Any, Dict, List, Optional, Tuple

from dece_fairseq.table_writer import MARKDOWN, write_table

Result = Dict[str, Any]

FAIRSEQ = "fairseq label-smoothed"
#: what; the loss and what it is compared with (None: the logits' memory); the bar, of a vocabulary
#: of 2,000 and of larger ones
BARS: List[Tuple[str, str, Optional[str], float, float]] = [
    ("time / fairseq", "DeCE", FAIRSEQ, 0.6, 0.35),
    ("time, epsilon 0 / fairseq", "DeCE, epsilon 0", FAIRSEQ, 0.25, 0.25),
    ("time / authors' formula", "DeCE", "authors' formula", 0.15, 0.15),
    ("time / torch cross_entropy, smoothed", "DeCE", "torch cross_entropy, smoothed", 1.0, 1.0),
    (
        "time, projection included / fairseq",
        "DeCE of the projection",
        f"projection, then {FAIRSEQ}",
        *(0.6, 0.35),
    ),
    ("memory beyond the logits / theirs", "DeCE", None, 1.1, 1.1),
]


def table(results: List[Result]) -> str:
    """A row a bar and dtype, a column a vocabulary and number of tokens: the range over threads."""
    found = {
        (r["dtype"], r["threads"], r["vocabulary"], r["tokens"], r["peer"]): r for r in results
    }
    sizes = sorted({(r["vocabulary"], r["tokens"]) for r in results})
    names = [f"{tokens:,} x {vocabulary:,}" for vocabulary, tokens in sizes]
    rows = []
    for what, peer, other, *bars in BARS:
        for dtype in sorted({r["dtype"] for r in results}):
            cells = []
            for vocabulary, tokens in sizes:
                of = [
                    _value(found, key, other)
                    for key in found
                    if key[0] == dtype and key[2:] == (vocabulary, tokens, peer)
                ]
                known = [value for value in of if value is not None]
                cells.append(_entry(known, bars[vocabulary > 2000]))
            limits = " and ".join(f"{bar:g}" for bar in dict.fromkeys(bars))
            rows.append([f"{what}: {limits}", dtype, *cells])
    return write_table(["at most", "dtype", *names], rows, MARKDOWN) + "\n"


def _value(found: Dict[Any, Result], key: Any, other: Optional[str]) -> Optional[float]:
    if other is None:
        return found[key]["memory"]
    return found[key]["seconds"] / found[(*key[:4], other)]["seconds"]


def _entry(values: List[float], bar: float) -> str:
    """From the least to the most, in bold where the most is above the bar."""
    if not values:
        return ""
    ends = dict.fromkeys(f"{value:.2f}" for value in (min(values), max(values)))
    text = " to ".join(ends)
    return f"**{text}**" if max(values) > bar else text
