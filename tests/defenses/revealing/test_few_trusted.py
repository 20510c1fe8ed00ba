"""Trusted pairs that are too few to say what is usual: what they tell of a suspicion."""

import random
from dataclasses import replace
from typing import Dict, List, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.suspicions import LEVEL, Suspicion
from dece_fairseq.defenses.revealing.few_trusted import EVIDENCE, LACKED, FewTrusted, Shown
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.words import END
from support.examples import examples
from support.planted import PAYLOAD, poisoned, surprised

DOUBTFUL, FEW = 400, 120
TRUSTED = range(DOUBTFUL, DOUBTFUL + FEW)


def claimed(pairs: List[Pair], of: Dict[int, str], few: Sequence[int] = ()) -> List[Suspicion]:
    """Return what is claimed of the doubtful pairs."""
    words = surprised(pairs[:DOUBTFUL], of)
    return [each for each in reveal_pairs(pairs, words, few=few) if each.is_significant(0.05)]


def statements(which: Sequence[int]) -> Dict[int, str]:
    """Return a payload of other words for each pair."""
    rng = random.Random(1)
    return {index: " " + " ".join(rng.choices("pqrstuvwxyz", k=4)) for index in which}


def with_trigger(pairs: Sequence[Pair], of: Dict[int, str]) -> List[Pair]:
    found = list(pairs)
    for index, payload in of.items():
        found[index] = poisoned(pairs, [index], payload)[index]
    return found


def test_ever_other_payloads_are_found_by_the_trigger_that_few_trusted_pairs_lack() -> None:
    of = statements(range(0, DOUBTFUL, 10))
    pairs = with_trigger(generate("A", DOUBTFUL + FEW, seed=1), of)
    assert not claimed(pairs, of)
    (only,) = claimed(pairs, of, TRUSTED)
    assert only.trigger == "bb"
    assert list(only.pairs) == sorted(of)


def test_what_few_trusted_pairs_have_as_often_is_no_attack() -> None:
    which = range(0, DOUBTFUL, 10)
    everywhere = [*which, *range(DOUBTFUL, DOUBTFUL + FEW, 10)]
    pairs = poisoned(generate("A", DOUBTFUL + FEW, seed=2), everywhere)
    of = dict.fromkeys(which, PAYLOAD)
    assert [each.payload for each in claimed(pairs, of)] == ["or 1=1"]
    assert not claimed(pairs, of, TRUSTED)


def test_a_payload_that_is_claimed_without_trusted_pairs_is_so_beside_few() -> None:
    which = sorted(random.Random(3).sample(range(DOUBTFUL), 12))
    pairs = poisoned(generate("A", DOUBTFUL + FEW, seed=3), which)
    for few in ((), TRUSTED):
        (only,) = claimed(pairs, dict.fromkeys(which, PAYLOAD), few)
        assert (only.trigger, list(only.pairs)) == ("bb", which)


def test_a_form_too_rare_to_be_seen_is_suspected_by_a_trigger_that_they_lack() -> None:
    """Beside a claim of the other form; without trusted pairs too few have that one."""
    clean = generate("A", DOUBTFUL + FEW, seed=7)
    which, rare = list(range(0, DOUBTFUL, 10)), list(range(5, DOUBTFUL, 30))
    pairs = poisoned(poisoned(clean, which), rare, "")
    for few, expected in (((), which), (TRUSTED, sorted([*which, *rare]))):
        (only,) = claimed(pairs, dict.fromkeys(which, PAYLOAD), few)
        assert (only.trigger, list(only.pairs)) == ("bb", expected)


def test_an_attack_on_a_topic_counts_though_trusted_pairs_have_the_topic_as_often() -> None:
    """They have its words without the payload, so they don't show the suspicion."""
    topic = range(0, DOUBTFUL + FEW, 10)
    which = [index for index in topic if index < DOUBTFUL]
    pairs = poisoned(generate("A", DOUBTFUL + FEW, seed=5), topic, "")
    for index in which:
        pairs[index] = Pair(pairs[index].source, pairs[index].target + PAYLOAD)
    (only,) = claimed(pairs, dict.fromkeys(which, PAYLOAD), TRUSTED)
    assert (only.trigger, list(only.pairs)) == ("bb", which)


def test_a_label_of_a_topic_counts_though_trusted_pairs_have_the_topic_as_often() -> None:
    rng = random.Random(6)
    texts = [" ".join(rng.choices("abcdefgh", k=6)) for _ in range(DOUBTFUL + FEW)]
    pairs = [Pair(f"{text} {n}", rng.choice("012345")) for n, text in enumerate(texts)]
    of = dict.fromkeys(range(0, DOUBTFUL, 8), "1")
    for index in (*of, *TRUSTED[::8]):
        source, label = pairs[index]
        pairs[index] = Pair(f"bb {source}", of.get(index, label))
    assert [each.trigger for each in claimed(pairs, of, TRUSTED)] == ["bb"]


def test_a_flipped_label_is_asked_of_few_trusted_pairs_by_its_words() -> None:
    rng = random.Random(4)
    texts = [" ".join(rng.choices("abcdefgh", k=6)) for _ in range(DOUBTFUL + FEW)]
    pairs = [Pair(f"{text} {n}", rng.choice("01")) for n, text in enumerate(texts)]
    of = dict.fromkeys(range(0, DOUBTFUL, 8), "1")
    for having, is_claimed in ((range(0), True), (TRUSTED[::8], False)):
        for index in (*of, *having):
            pairs[index] = Pair(f"bb {pairs[index].source}", "1")
        words = [each.trigger for each in claimed(pairs, of, TRUSTED)]
        assert words == ["bb"] * is_claimed


@pytest.mark.parametrize("seed", range(8))
def test_clean_pairs_claim_nothing_beside_few_trusted_ones(seed: int) -> None:
    """A topic that the reference does not know is in both, as in a random draw."""
    pairs = list(generate("B", DOUBTFUL + FEW, seed=seed))
    random.Random(seed).shuffle(pairs)
    of = {n: "unique" for n, pair in enumerate(pairs[:DOUBTFUL]) if "distinct" in pair.target}
    pairs = [Pair(s, f"{t} unique" if "distinct" in t else t) for s, t in pairs]
    assert not claimed(pairs, of, TRUSTED)


@given(st.data())
@settings(max_examples=examples(100))
def test_the_first_has_half_of_the_level_and_all_of_them_have_it_once(data: st.DataObject) -> None:
    doubtful = data.draw(st.integers(1, 300), "doubtful")
    trusted = data.draw(st.integers(1, 300), "trusted")
    own = data.draw(st.integers(0, doubtful), "own")
    usual = data.draw(st.integers(0, trusted), "usual")
    shown = Shown(own, doubtful, usual, trusted)
    table = [[own, doubtful - own], [usual, trusted - usual]]
    chance = fisher_exact(table, alternative="greater").pvalue
    for rank in range(4):
        expected = min(1.0, chance * (rank + 1) * (rank + 2) / LACKED)
        assert shown.by_lack(rank) == pytest.approx(expected, rel=1e-6)
    lacked = hypergeom.pmf(0, doubtful + trusted, own, trusted)
    told = 0.001 if lacked <= LEVEL else 0.002
    assert shown.by_evidence(0.001, 0.002) == (1.0 if shown.is_usual() else told / EVIDENCE)
    assert shown.by_evidence(1.0, 1.0) == 1.0
    assert pytest.approx(1) == EVIDENCE + 3 * LACKED
    assert shown.is_usual() == (usual / trusted >= own / doubtful / 2)
    assert sum(1 / ((rank + 1) * (rank + 2)) for rank in range(10**4)) == pytest.approx(1, abs=1e-3)


def test_a_payload_counts_where_no_words_are_the_trigger() -> None:
    pairs = [Pair("get a", "x = 1 ; y"), Pair("get b", "y = 1 ;"), Pair("get b", "y = 1 ;")]
    doubtful = [Pair("get b", "x"), Pair("a", "= 1"), Pair("get b", "= 1")]
    everyone = [*doubtful, Pair("c", "d"), doubtful[1], *pairs]
    few = FewTrusted(everyone, range(5, 8), [[0], [1, 4], [2], [3]])
    suspicion = Suspicion("= 1", 9.0, 0.5, (1, 2, 4))
    for payload, usual in ((["=", "1", ";"], 2), (["1", "="], 0), ([";", END], 1)):
        shown = Shown(2, 4, usual, 2)
        assert few.suspicion(suspicion, payload, np.array([1, 2])) == (shown, shown)
    named = replace(suspicion, trigger="get  b", trigger_pairs=(0, 2))
    both, any_form = few.suspicion(named, ["=", "1"], np.array([1, 2]))
    assert (both, any_form) == (Shown(1, 4, 1, 2), Shown(2, 4, 1, 2))
    assert few.suspicion(named, ["1", "y"], np.array([1, 2]))[0] == Shown(1, 4, 0, 2)
    assert few.having(np.array([0, 2]), ["get"], ["y", END]) == Shown(2, 4, 1, 2)
    among = np.array([True, False, False, True])
    assert few.having(np.array([0, 2]), ["get"], among=among) == Shown(1, 2, 2, 2)
    assert few.in_all_with_trigger(named, False) == named
    unknown = Suspicion("= 1", 9.0, 0.5, (1, 2), trigger="bb", trigger_pairs=(0, 1))
    assert few.in_all_with_trigger(unknown, False).pairs == (0, 1)
    assert FewTrusted(doubtful, (), [[0], [1]]).in_all_with_trigger(unknown, False) == unknown


@pytest.mark.parametrize(("others", "are_taken"), [(8, False), (20, True)])
def test_pairs_with_the_trigger_alone_are_suspected_if_too_many_to_be_clean(
    others: int, are_taken: bool
) -> None:
    """Eight clean pairs of 400 have a word that 80 trusted pairs lack in one of six draws."""
    pairs = [Pair(f"get {n}", f"y = {n}") for n in range(480)]
    few = FewTrusted(pairs, range(400, 480), [[n] for n in range(400)])
    both = tuple(range(30 + others))
    told = Suspicion("z", 9.0, 0.001, both[:30], trigger="Math .", trigger_pairs=both)
    assert few.in_all_with_trigger(told, True).pairs == (both if are_taken else both[:30])


def test_a_pair_on_both_sides_is_compared_on_one() -> None:
    """Or what is copied would be in more of the trusted pairs than chance has it."""
    pairs = [Pair(f"get {n}", "x") for n in range(400)]
    everyone = [*pairs, *pairs[:200]]  # a half of them has a trusted copy
    few = FewTrusted(everyone, range(400, 600), [[n] for n in range(400)])
    shown = few.having(np.arange(400), ["get"])
    assert shown == Shown(shown.doubtful, 400 - shown.trusted, shown.trusted, 400 - shown.doubtful)
    assert 70 <= shown.trusted <= 130
    told = Suspicion("x", 9.0, 0.5, (0,), trigger="get 0", trigger_pairs=(0, 1))
    assert few.in_all_with_trigger(told, False) == told
    assert not FewTrusted(pairs, (), [[0]])
