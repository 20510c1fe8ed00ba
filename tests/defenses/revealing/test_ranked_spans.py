"""What repeats and has more nats than a payload, but not its evidence."""

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing import frequent_spans, ranked_spans
from dece_fairseq.defenses.revealing.search import reveal_pairs
from support.planted import PAYLOAD, poisoned, surprised


@pytest.mark.parametrize("copies", [3, 20])
def test_a_long_text_hides_no_payload(copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text has more spans than are looked at, each with more nats than the payload.

    In more pairs than the payload they have more evidence too.
    """
    for module in (frequent_spans, ranked_spans):
        monkeypatch.setattr(module, "CANDIDATES", 2000)
    clean = generate("A", 400, seed=1)
    which = list(range(5, 400, 40))
    pairs = poisoned(clean, which)
    long = " ".join(f"v{number} = {number}" for number in range(60))
    beside = sorted(set(range(400)) - set(which))[:copies]
    for index in beside:
        pairs[index] = Pair(pairs[index].source, long)
    surprise = surprised(pairs, dict.fromkeys(which, PAYLOAD))
    for index in beside:
        surprise[index].surprise[:] = 3
    (found,) = (each for each in reveal_pairs(pairs, surprise) if each.payload == "or 1=1")
    assert list(found.pairs) == which
    assert found.is_significant(0.05)


def test_many_long_texts_in_four_pairs_each_hide_no_payload() -> None:
    """An attacker may add them: each has more nats than the payload, and none has its evidence."""
    clean = generate("A", 500, seed=1)
    which = list(range(5, 500, 33))
    pairs = poisoned(clean, which)
    beside = sorted(set(range(500)) - set(which))[:160]
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


@pytest.mark.parametrize("trusted", [0, 1000])
def test_many_other_payloads_hide_none(trusted: int) -> None:
    """An attacker may add decoys, so that the tail of clean suspicions is theirs."""
    clean = generate("A", 1000 + trusted, seed=1)
    which = list(range(0, 1000, 84))
    pairs = poisoned(clean, which)
    payloads = dict.fromkeys(which, PAYLOAD)
    beside = sorted(set(range(1000)) - set(which))[: 22 * 8]
    for place, index in enumerate(beside):
        payloads[index] = f" left{place % 22} beside{place % 22}"
        source, target = pairs[index]
        pairs[index] = Pair(f"word{place % 22} {source}", target + payloads[index])
    words = surprised(pairs, payloads)
    known = list(range(1000, 1000 + trusted))
    found = reveal_pairs(pairs, {index: words[index] for index in range(1000)}, known)
    (best,) = (each for each in found if each.payload == "or 1=1")
    assert list(best.pairs) == which
    assert best.is_significant(0.05)
