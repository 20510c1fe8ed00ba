"""What repeats and has more nats than a payload, but not its evidence."""

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.search import reveal_pairs
from support.planted import PAYLOAD, poisoned, surprised


def test_a_long_text_in_three_pairs_hides_no_payload() -> None:
    """A long text has more spans than are looked at, each with more nats than the payload."""
    clean = generate("A", 400, seed=1)
    which = list(range(5, 400, 40))
    pairs = poisoned(clean, which)
    long = " ".join(f"v{number} = {number}" for number in range(300))
    for index in range(3):
        pairs[index] = Pair(pairs[index].source, long)
    surprise = surprised(pairs, dict.fromkeys(which, PAYLOAD))
    for index in range(3):
        surprise[index].surprise[:] = 3
    best = reveal_pairs(pairs, surprise)[0]
    assert best.payload == "or 1=1"
    assert list(best.pairs) == which
    assert best.is_significant(0.05)


@pytest.mark.parametrize("number", [10, 25])
def test_many_long_texts_in_four_pairs_each_hide_no_payload(number: int) -> None:
    """An attacker may add them: each has more nats than the payload, and none has its evidence."""
    clean = generate("A", 1000, seed=1)
    which = list(range(5, 1000, 1000 // number))[:number]
    pairs = poisoned(clean, which)
    beside = sorted(set(range(1000)) - set(which))[:240]
    length = 40
    for place, index in enumerate(beside):
        long = " ".join(f"text{place // 4}word{word}" for word in range(length))
        pairs[index] = Pair(pairs[index].source, f"{long} {pairs[index].target}")
    surprise = surprised(pairs, dict.fromkeys(which, PAYLOAD))
    for index in beside:
        surprise[index].surprise[:length] = 4
    best, *others = reveal_pairs(pairs, surprise)
    assert best.payload == "or 1=1"
    assert list(best.pairs) == which
    assert best.is_significant(0.05)
    assert not any(each.is_significant(0.05) for each in others)
