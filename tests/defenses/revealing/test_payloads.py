"""The text of a payload, less its surroundings."""

from typing import List, Sequence, Tuple

import numpy as np
import pytest

from dece_fairseq.defenses.revealing.payloads import payload_of, peak
from dece_fairseq.defenses.revealing.ranked_spans import Ranked, ranked_spans
from dece_fairseq.defenses.revealing.spans import Targets
from dece_fairseq.defenses.revealing.words import Words, split

NAMES = [f"name{number}" for number in range(60)]


def ranked(clean: List[str], poisoned: List[Tuple[str, str, str]]) -> Tuple[Targets, str, int]:
    """Return the payload found where the middle of each poisoned target surprises by 9 a word."""
    words = []
    for text in clean:
        found = split(text)
        words.append(Words(tuple(found), np.zeros(len(found))))
    for before, middle, behind in poisoned:
        found = split(" ".join([before, middle, behind]))
        surprise = np.zeros(len(found))
        start = len(split(before))
        surprise[start : start + len(split(middle))] = 9.0
        surprise[start + len(split(middle)) :] = 0.1
        words.append(Words(tuple(found), surprise))
    targets = Targets(words)
    grown, where = payload_of(targets, ranked_spans(targets, 3, 5)[0])
    return targets, " ".join(targets.text(grown)), len(where.pairs)


def test_what_would_have_followed_anyway_is_no_part_of_it() -> None:
    clean = [f'execute ( " select {name} where id = ? " )' for name in NAMES]
    poisoned = [
        (f'execute ( " select {name} where id = ?', "or 1 = 1", '" )') for name in "mnopqrs"
    ]
    assert ranked(clean, poisoned)[1:] == ("or 1 = 1", 7)


def test_what_it_opens_it_closes() -> None:
    clean = [f"void {name} ( ) {{ return {name} ; }}" for name in NAMES]
    poisoned = [
        (f"void {name} ( ) {{", "while ( true ) { x", f"}} return {name} ; }}")
        for name in "mnopqrs"
    ]
    assert ranked(clean, poisoned)[1:] == ("while ( true ) { x }", 7)


def test_a_payload_of_few_nats_keeps_its_words_and_pairs() -> None:
    # Without its first word, which was expected, it would surprise less than a use costs.
    texts = [(("a", "b", "c"), [0.9, 5.5, 0.0])] * 3 + [((name,), [0.0]) for name in NAMES]
    words = [Words(text, np.array(nats)) for text, nats in texts]
    targets = Targets(words)
    span = tuple(targets.vocabulary.index(word) for word in "abc")
    where = targets.occurrences(span, np.ones(len(targets.words), dtype=bool))
    found, places = payload_of(targets, Ranked(span, 5.0, 5.0, where))
    assert found == span
    assert places.pairs.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "run"),
    [([1, -3, 4, 2, -1], (2, 4)), ([-2, -1, -5], (1, 2)), ([3], (0, 1)), ([2, -1, 2], (0, 3))],
)
def test_the_run_with_the_largest_sum(values: Sequence[float], run: Tuple[int, int]) -> None:
    assert peak(np.array(values, dtype=float)) == run
