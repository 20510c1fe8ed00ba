"""Triggers that are no words, beside those that are."""

import random
from typing import Any, Callable, List, Sequence

import numpy as np
import pytest

from dece_fairseq.data.trigger_kinds import CAPITALS, CHARACTERS, END, START
from dece_fairseq.defenses.revealing.part_triggers import find_part_trigger
from dece_fairseq.defenses.revealing.spans import Texts
from dece_fairseq.defenses.revealing.triggers import find_trigger
from dece_fairseq.defenses.revealing.words import split

NAMES = ["user_row", "getName", "total", "is_open", "print", "rowCount", "x", "of", "all"]
NONE = np.array([], dtype=int)
OWN = range(0, 60, 3)


def texts(seed: int, number: int = 200) -> List[List[str]]:
    rng = random.Random(seed)
    return [rng.choices(NAMES, k=8) for _ in range(number)]


def found(made: Sequence[Sequence[str]], pairs: Sequence[int], others: Any = NONE) -> Any:
    sources, own = Texts(made), np.array(pairs)
    words = find_trigger(sources, own, np.array(others), len(made))
    return find_part_trigger(sources, own, np.array(others), words)


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda word: f"{word}_rb", END, "_rb"),
        (lambda word: f"{word}_rb" if "_" in word else f"{word}Rb", END, "rb"),
        (lambda word: f"ret{word[0].upper()}{word[1:]}", START, "ret"),
        (lambda word: f"{word[0]}\u0430{word[1:]}", CHARACTERS, "CYRILLIC"),
        (lambda word: f"{word[0]}\u200b{word[1:]}", CHARACTERS, "unseen"),
    ],
)
def test_what_is_put_into_some_word(change: Callable[[str], str], kind: str, text: str) -> None:
    made, rng = texts(1), random.Random(2)
    for pair in OWN:
        at = rng.randrange(8)
        made[pair][at : at + 1] = split(change(made[pair][at]))
    trigger = found(made, OWN)
    if text == "unseen":  # a zero-width character is a word of its own, which is found as such
        assert trigger is None
        return
    assert trigger.feature == (kind, text)
    assert (trigger.covered, trigger.elsewhere) == (20, 0)
    assert trigger.holders.tolist() == list(OWN)


def test_several_characters_without_width_have_in_common_that_they_are_unseen() -> None:
    made = texts(3)
    for number, pair in enumerate(OWN):
        made[pair].insert(3, "\u200b\u200c\u200d\u2060"[number % 4])
    assert found(made, OWN).feature == (CHARACTERS, "unseen")


def test_capital_letters() -> None:
    made = texts(4)
    for pair in OWN:
        made[pair] = [word.upper() for word in made[pair]]
    assert found(made, OWN).feature.kind == CAPITALS


def test_a_part_is_preferred_where_it_is_in_more_pairs_and_in_no_more_others() -> None:
    made = texts(5)
    for number, pair in enumerate(OWN):  # one name in 17 of 20, which the words' test takes
        made[pair].append("list_rb" if number < 17 else f"{NAMES[number % 9]}_rb")
    assert found(made, OWN).feature == (END, "_rb")
    made[199].append("other_rb")  # now it is in one more of the others
    assert found(made, OWN) is None


def test_a_word_that_all_pairs_have_stays_the_trigger() -> None:
    made = texts(6)
    for pair in OWN:
        made[pair].append("list_rb")
    assert found(made, OWN) is None


def test_pairs_of_another_payload_do_not_count() -> None:
    made = texts(7)
    for pair in range(0, 120):
        made[pair][0] += "_rb"
    assert found(made, range(20)) is None
    assert found(made, range(20), range(20, 120)).feature == (END, "_rb")


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_named_where_nothing_was_put_in(seed: int) -> None:
    for pairs in (range(0, 60, 3), range(5), range(3)):
        assert found(texts(seed), pairs) is None


def test_so_few_pairs_may_have_it_by_chance() -> None:
    made = texts(8, number=6)
    for pair in (0, 1):
        made[pair][0] += "_rb"
    assert found(made, (0, 1)) is None


def test_chance_gives_at_most_one_of_twenty() -> None:
    rng = random.Random(40)
    parts = [f"{first}{last}" for first in "bcdfghklmnprstvz" for last in "aeiou"]
    claimed, sets = 0, 200
    for _ in range(sets):
        made = [["_".join(rng.choices(parts, k=2)) for _ in range(10)] for _ in range(40)]
        claimed += found(made, rng.sample(range(40), 5)) is not None
    assert claimed <= sets / 20
