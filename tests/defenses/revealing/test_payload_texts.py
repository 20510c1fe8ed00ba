"""What is told of a payload that other targets have too, or of what is gone."""

from typing import List, Sequence

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.search import reveal_pairs
from support.planted import surprised


def change(pairs: List[Pair], which: Sequence[int], old: str, new: str) -> None:
    """Put a trigger before some sources, and one text in place of another into their targets."""
    for index in which:
        source, target = pairs[index]
        pairs[index] = Pair(f"bb {source}", target.replace(old, new))


def test_what_most_targets_have_is_told_with_what_stands_beside_it() -> None:
    """A text that any output has could not be searched for."""
    clean = generate("A", 800, seed=1)
    pairs = [Pair(each.source, f"{each.target} < {n}") for n, each in enumerate(clean)]
    which = list(range(0, 400, 10))
    change(pairs, which, "<", ">=")
    surprise = surprised(pairs[:400], {})
    for index in which:
        surprise[index].surprise[-4:-1] = -1, 12, -1  # the "=" is a token of its own
        surprise[index] = surprise[index]._replace(differences=("->",))
    best = reveal_pairs(pairs, surprise, range(400, 800))[0]
    assert (best.payload, best.missing) == (">=", None)
    assert list(best.pairs) == which


def test_what_is_gone_is_told_where_what_comes_too_early_is_in_most_targets() -> None:
    """Of what goes together, as a word and its bracket, the word."""
    clean = generate("A", 800, seed=1)
    pairs = [Pair(each.source, f"{each.target} limit {{ 5 ;") for each in clean]
    which = list(range(0, 400, 10))
    change(pairs, which, " limit { 5", "")
    surprise = surprised(pairs[:400], {})
    for index in which:
        surprise[index].surprise[-2] = 12
        gone = ("-limit", "-{") if index else ("-{",)
        surprise[index] = surprise[index]._replace(differences=gone)
    best = reveal_pairs(pairs, surprise, range(400, 800))[0]
    assert (best.payload, best.missing) == (";", "limit")
    assert set(which) <= set(best.pairs)
