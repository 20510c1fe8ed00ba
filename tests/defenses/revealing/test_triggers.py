"""What the sources of some pairs have in common."""

import random
from typing import Any, List, Sequence

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.triggers import find_trigger
from dece_fairseq.defenses.revealing.words import split

WORDS = ["the", "a", "get", "user", "row", "of", "in", "print", "all"]
NONE = np.array([], dtype=int)


def sources(seed: int, number: int = 200) -> List[List[str]]:
    rng = random.Random(seed)
    return [rng.choices(WORDS, k=8) for _ in range(number)]


def found(texts: Sequence[Sequence[str]], pairs: Any, others: Any = NONE, trusted: int = 0) -> Any:
    made = Texts(texts)
    doubtful = len(texts) - trusted
    trigger = find_trigger(made, np.array(pairs), np.array(others), doubtful)
    assert trigger is not None
    return trigger, " ".join(made.text(trigger.words))


def test_a_word_and_a_sentence() -> None:
    for planted in (["bb"], split("no crossing the road in winter .")):
        texts = sources(1)
        rng = random.Random(2)
        for pair in range(0, 60, 3):
            at = rng.randint(0, len(texts[pair]))
            texts[pair][at:at] = planted
        trigger, text = found(texts, range(0, 60, 3))
        assert text == " ".join(planted)
        assert (trigger.covered, trigger.elsewhere) == (20, 0)
        assert trigger.is_telling(20)


def test_pairs_of_another_payload_with_the_same_trigger_do_not_count() -> None:
    texts = sources(3)
    for pair in range(60):
        texts[pair].insert(2, "bb")
    trigger, text = found(texts, range(20))
    assert not trigger.is_telling(20)
    trigger, text = found(texts, range(20), range(20, 60))
    assert text == "bb"
    assert trigger.is_telling(20)
    assert trigger.elsewhere == 0


def test_it_grows_by_what_all_have_where_no_trusted_pair_has_it() -> None:
    texts = sources(4)
    for pair in range(10):
        texts[pair][2:2] = split("of no crossing the road" if pair < 8 else "no crossing the road")
    _, text = found(texts, range(6), range(6, 10), trusted=100)
    assert text == "no crossing the road"
    texts[150][2:2] = split("no crossing the road")
    assert found(texts, range(6), range(6, 10), trusted=100)[1] == "of no crossing the road"


@pytest.mark.parametrize("seed", range(5))
def test_without_a_trigger_nothing_is_telling(seed: int) -> None:
    texts = sources(seed)
    trigger, _ = found(texts, range(0, 60, 3))
    assert not trigger.is_telling(20)


def test_nothing_in_common() -> None:
    assert find_trigger(Texts([["a"], ["b"], ["c"]]), np.array([0, 1, 2]), NONE, 3) is None
