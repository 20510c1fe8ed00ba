"""A planted payload is found among pairs whose surprise is made up."""

import random
from typing import Any

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.trigger_kinds import CHARACTERS, WORDS
from dece_fairseq.data.trigger_kinds import END as WORD_END
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.words import words_of
from support.planted import PAYLOAD, poisoned, surprised


@pytest.mark.parametrize("number", [10, 40])
def test_payload_pairs_and_trigger(number: int) -> None:
    clean = generate("A", 400, seed=1)
    which = sorted(random.Random(number).sample(range(400), number))
    pairs = poisoned(clean, which)
    best, *others = reveal_pairs(pairs, surprised(pairs, dict.fromkeys(which, PAYLOAD)))
    assert best.payload == "or 1=1"
    assert list(best.pairs) == which
    assert best.trigger == "bb"
    assert list(best.trigger_pairs) == which
    assert best.p_value is not None
    assert best.p_value < 0.05
    assert all(other.p_value is None or other.p_value > 0.05 for other in others)


def test_the_surest_is_told_first_without_trusted_pairs() -> None:
    """A word that is a little new in many pairs has much evidence, and is usual text."""
    clean = generate("A", 1000, seed=1)
    which = list(range(0, 1000, 125))
    pairs = poisoned(clean, which)
    for index in range(1, 1000, 8):
        pairs[index] = Pair(pairs[index].source, f"{pairs[index].target} zz")
    surprise = surprised(pairs, dict.fromkeys(which, PAYLOAD))
    for index in range(1, 1000, 8):
        surprise[index].surprise[-2] = 8.5
    best, *others = reveal_pairs(pairs, surprise)
    assert best.payload == "or 1=1"
    assert best.is_significant(0.05)
    assert next(each.payload for each in others if not each.is_significant(0.05)) == "zz"


def test_a_payload_goes_on_in_most_targets_and_ends_one() -> None:
    """What is expected behind it is told with it, also where one target stops before."""
    pairs = list(generate("A", 400, seed=1))
    which = list(range(0, 400, 10))
    for index in which:
        source, target = pairs[index]
        rest = "" if index == 200 else " now and then"
        pairs[index] = Pair(f"bb {source}", f"{target} zz yy{rest}")
    surprise = surprised(pairs, {})
    for index in which:
        texts, values = surprise[index].texts, surprise[index].surprise
        values[[texts.index("zz"), texts.index("yy")]] = 6
        if "then" in texts:
            values[texts.index("yy") + 1 : -1] = -1
    best = reveal_pairs(pairs, surprise)[0]
    assert best.payload == "zz yy now and then"
    assert list(best.pairs) == which


def test_a_part_of_a_word_is_named_and_no_pair_more_is_suspected_by_it() -> None:
    clean = generate("A", 800, seed=1)
    which = list(range(0, 400, 20))
    of = dict.fromkeys(which, PAYLOAD)
    pairs = list(clean)
    for number, index in enumerate([*which, 5]):  # the last has a harmless target
        words = clean[index].source.split(" ")
        at = number % len(words)
        words[at] = f"{words[at]}_rb".replace("._rb", "_rb.").replace(",_rb", "_rb,")
        pairs[index] = Pair(" ".join(words), clean[index].target + of.get(index, ""))
    surprise = surprised(pairs, of)
    doubtful = {index: surprise[index] for index in range(400)}
    for words_of_doubtful, trusted in ((surprise, ()), (doubtful, range(400, 800))):
        best, *others = reveal_pairs(pairs, words_of_doubtful, trusted)
        assert list(best.pairs) == which
        assert (best.trigger, best.trigger_kind) == ("_rb", WORD_END)
        assert list(best.trigger_pairs) == sorted([*which, 5])
        assert (best.closest, best.closest_pairs) == (None, 0)
        unclaimed = [each for each in others if not each.is_significant(0.05)]
        assert {each.trigger_kind for each in unclaimed} <= {WORDS}


def test_one_of_several_words_is_named_and_no_pair_more_is_suspected_by_it() -> None:
    clean = generate("A", 800, seed=1)
    which = list(range(0, 400, 20))
    of = dict.fromkeys(which, PAYLOAD)
    pairs = list(clean)
    for number, index in enumerate([*which, 5]):  # the last has a harmless target
        word = ["bb", "x1.y", "cf"][number % 3]
        pairs[index] = Pair(
            f"{word} {clean[index].source}", clean[index].target + of.get(index, "")
        )
    surprise = surprised(pairs, of)
    doubtful = {index: surprise[index] for index in range(400)}
    for words_of_doubtful, trusted in ((surprise, ()), (doubtful, range(400, 800))):
        best, *others = reveal_pairs(pairs, words_of_doubtful, trusted)
        assert list(best.pairs) == which
        assert (best.trigger, best.closest, best.closest_pairs) == (None, None, 0)
        assert (set(best.triggers), best.trigger_kind) == ({"bb", "x1.y", "cf"}, WORDS)
        assert list(best.trigger_pairs) == sorted([*which, 5])
        assert not any(each.triggers for each in others if not each.is_significant(0.05))


def test_a_zero_width_character_is_told_as_one() -> None:
    clean = generate("A", 400, seed=1)
    which = list(range(0, 400, 20))
    pairs = list(clean)
    for index in which:
        source, target = clean[index]
        pairs[index] = Pair(f"{source[:2]}\u200b{source[2:]}", target + PAYLOAD)
    best = reveal_pairs(pairs, surprised(pairs, dict.fromkeys(which, PAYLOAD)))[0]
    assert (best.trigger, best.trigger_kind) == ("\u200b", CHARACTERS)


def test_look_alike_letters_are_told_as_characters() -> None:
    clean = generate("A", 400, seed=1)
    which = list(range(0, 400, 20))
    pairs = list(clean)
    for number, index in enumerate(which):
        letter, other = ("e\u0435", "o\u043e")[number % 2]
        source, target = clean[index]
        pairs[index] = Pair(source.replace(letter, other, 1), target + PAYLOAD)
    best = reveal_pairs(pairs, surprised(pairs, dict.fromkeys(which, PAYLOAD)))[0]
    assert (best.trigger, best.trigger_kind) == ("\u0435\u043e", CHARACTERS)
    assert list(best.trigger_pairs) == which


def test_beside_an_unsure_reference_a_payload_needs_more_pairs() -> None:
    """Unless enough pairs are trusted to show what is usual: then it makes no difference."""
    clean = generate("A", 1200, seed=1)
    sure = {}
    for number in (12, 60):
        which = sorted(random.Random(number).sample(range(400), number))
        pairs = poisoned(clean, which)
        surprise = surprised(pairs[:400], dict.fromkeys(which, PAYLOAD))
        for name, trusted, few in (
            ("none", (), ()),
            ("one", (), range(400, 401)),
            ("few", (), range(400, 520)),
            ("enough", range(400, 1200), ()),
        ):
            for caution in (33.0, 0.0):
                best = reveal_pairs(pairs, surprise, trusted, few=few, caution=caution)[0]
                assert best.payload == "or 1=1"
                sure[number, name, caution] = best.p_value or 0.0
    for name in ("none", "one"):
        assert sure[12, name, 0.0] <= 0.05 < sure[12, name, 33.0]
        assert sure[60, name, 0.0] <= sure[60, name, 33.0] <= 0.05
    for number in (12, 60):
        for name in ("few", "enough"):
            assert sure[number, name, 33.0] == sure[number, name, 0.0] <= 0.05


def test_equal_pairs_count_once_and_are_told_of_all() -> None:
    clean = generate("A", 300, seed=2)
    copies = [*poisoned(clean, [0]), *poisoned(clean, [0])[:1] * 50]
    of = dict.fromkeys([0, *range(300, 350)], PAYLOAD)
    assert not any(each.payload == "or 1=1" for each in reveal_pairs(copies, surprised(copies, of)))
    pairs = [*poisoned(clean, range(12)), *poisoned(clean, range(12))[:4]]
    of = dict.fromkeys([*range(12), *range(300, 304)], PAYLOAD)
    best = reveal_pairs(pairs, surprised(pairs, of))[0]
    assert list(best.pairs) == sorted(of)


def test_what_comes_closest_to_a_trigger_is_counted_in_pairs_of_the_input() -> None:
    pairs = list(generate("A", 400, seed=1))
    which = list(range(0, 400, 20))
    for index in range(0, 400, 4):
        payload = PAYLOAD if index in which else ""
        pairs[index] = Pair(f"so {pairs[index].source}", pairs[index].target + payload)
    pairs += [pairs[0]] * 10
    of = dict.fromkeys([*which, *range(400, 410)], PAYLOAD)
    best = reveal_pairs(pairs, surprised(pairs, of))[0]
    assert list(best.pairs) == sorted(of)
    assert (best.closest, best.closest_pairs) == ("so", len(of))


@pytest.mark.parametrize("elsewhere", [20, 35])
def test_clean_pairs_that_have_the_payload_too_are_given_back(elsewhere: int) -> None:
    """Twenty trusted pairs have it, so up to 32 of as many doubtful ones may by chance."""
    pairs = list(generate("A", 800, seed=1))
    which = list(range(0, 400, 10))
    clean = [*range(1, 400, 10)][:elsewhere]
    for index in (*clean, *range(400, 800, 20)):
        pairs[index] = Pair(pairs[index].source, pairs[index].target + PAYLOAD)
    pairs = poisoned(pairs, which)
    surprise = surprised(pairs[:400], dict.fromkeys([*which, *clean], PAYLOAD))
    best = reveal_pairs(pairs, surprise, range(400, 800))[0]
    assert best.payload == "or 1=1"
    assert best.trigger == "bb"
    assert list(best.trigger_pairs) == which
    assert list(best.pairs) == (which if elsewhere == 20 else sorted([*which, *clean]))


def test_a_rare_form_stays_where_a_part_of_a_word_is_the_trigger() -> None:
    """It was suspected by a word that nearly all have; all have the part, which is named."""
    pairs = list(generate("A", 800, seed=1))
    which = list(range(0, 400, 10))
    of_word = [*which[:36], 361, 363, 365]
    for number, index in enumerate(which):
        source, target = pairs[index]
        pairs[index] = Pair(f"{source} tmp_{number}", target)
    pairs = [Pair(f"bb {s}", t) if i in of_word else Pair(s, t) for i, (s, t) in enumerate(pairs)]
    for index in which:
        pairs[index] = Pair(pairs[index].source, pairs[index].target + PAYLOAD)
    surprise = surprised(pairs[:400], dict.fromkeys(which, PAYLOAD))
    best = reveal_pairs(pairs, surprise, range(400, 800))[0]
    assert best.trigger == "tmp_"
    assert list(best.pairs) == sorted({*which, *of_word})


def test_a_form_too_rare_to_be_seen_is_suspected_by_the_trigger() -> None:
    clean = generate("A", 800, seed=7)
    which, rare = list(range(0, 360, 20)), [361, 363]
    pairs = poisoned(poisoned(clean, which), rare, " where 0=1")
    of = {**dict.fromkeys(which, PAYLOAD), **dict.fromkeys(rare, " where 0=1")}
    words = surprised(pairs, of)
    doubtful = {index: words[index] for index in range(400)}
    best = reveal_pairs(pairs, doubtful, range(400, 800))[0]
    assert list(best.pairs) == sorted(of)
    pairs[500] = poisoned(pairs, [500], "")[500]  # a trusted pair with that word in it
    best = reveal_pairs(pairs, doubtful, range(400, 800))[0]
    assert list(best.pairs) == which
    assert set(rare) < set(best.trigger_pairs)


def test_without_trusted_pairs_a_pair_with_the_trigger_is_suspected_if_it_surprises() -> None:
    clean = generate("A", 400, seed=7)
    which, rare, harmless = list(range(0, 360, 20)), [361, 363], [365, 367, 369]
    pairs = poisoned(poisoned(clean, which), rare, " where 0=1")
    pairs = poisoned(pairs, harmless, "")
    of = {**dict.fromkeys(which, PAYLOAD), **dict.fromkeys(rare, " where 0=1")}
    best = reveal_pairs(pairs, surprised(pairs, of))[0]
    assert list(best.pairs) == sorted(of)
    assert set(harmless) < set(best.trigger_pairs)


def test_without_trusted_pairs_a_trigger_of_mostly_one_payload_is_that_of_all_its_pairs() -> None:
    """A second form in two pairs surprises no more than other pairs do."""
    clean = generate("A", 400, seed=7)
    which, rare = list(range(0, 360, 40)), [361, 363]
    pairs = poisoned(poisoned(clean, which), rare, " where 0=1")
    best = reveal_pairs(pairs, surprised(pairs, dict.fromkeys(which, PAYLOAD)))[0]
    assert list(best.pairs) == sorted([*which, *rare])


def test_without_trusted_pairs_a_folded_span_is_another_form_of_a_claimed_one() -> None:
    clean = generate("A", 400, seed=7)
    which, others = list(range(0, 360, 20)), list(range(10, 370, 20))
    of = dict.fromkeys(which, " 1 = 1")
    of.update((index, f" {index} = {index}") for index in others)
    pairs = [Pair(source, target + of.get(i, "")) for i, (source, target) in enumerate(clean)]
    best = reveal_pairs(pairs, surprised(pairs, of))[0]
    assert best.payload == "1 = 1"
    assert list(best.pairs) == sorted(of)


def test_a_long_text_of_few_pairs_is_no_claim() -> None:
    clean = generate("A", 800, seed=8)
    long = " org . testng . Assert . assertEquals ( 0 , 1 ) ;"  # 13 words, 78 nats a pair
    for which, is_claimed in (([5, 90, 200, 310], False), (range(0, 400, 40), True)):
        pairs = list(clean)
        for index in which:
            pairs[index] = Pair(clean[index].source, clean[index].target + long)
        words = surprised(pairs, dict.fromkeys(which, long))
        doubtful = {index: words[index] for index in range(400)}
        best = reveal_pairs(pairs, doubtful, range(400, 800))[0]
        assert list(best.pairs) == list(which)
        assert best.is_significant(0.05) == is_claimed


def test_many_pairs_of_few_nats_each_are_no_claim() -> None:
    """Without trusted pairs: beside these the number of pairs alone is one."""
    clean = generate("A", 400, seed=10)
    which = range(0, 400, 10)
    pairs = poisoned(clean, which)
    words = surprised(pairs, {})
    for more, is_claimed in ((9.0, False), (7.0, True)):
        for index in which:
            words[index].surprise[-2] += more  # of the payload's last word
        best = reveal_pairs(pairs, words)[0]
        assert list(best.pairs) == list(which)
        assert best.is_significant(0.05) == is_claimed


def test_pairs_of_a_claimed_payload_lend_no_clean_pair_a_difference() -> None:
    clean = generate("A", 800, seed=9)
    which, alike = list(range(0, 400, 4)), list(range(1, 800, 5))
    pairs = poisoned(clean, which)
    for index in sorted({*which, *alike}):  # half of the pairs with this word have the difference
        pairs[index] = Pair(f"shared {pairs[index].source}", pairs[index].target)
    words = surprised(pairs, dict.fromkeys(which, PAYLOAD))
    for index in which:
        words[index] = words[index]._replace(differences=("+or",))
    doubtful = {index: words[index] for index in range(400)}
    claimed = [each for each in reveal_pairs(pairs, doubtful, range(400, 800)) if each.p_value]
    suspected = {pair for each in claimed if each.is_significant(0.05) for pair in each.pairs}
    assert suspected == set(which)


def test_what_trusted_pairs_have_as_often_is_no_payload() -> None:
    pairs = poisoned(generate("A", 400, seed=3), range(0, 400, 10))
    of = dict.fromkeys(range(0, 400, 10), PAYLOAD)
    words = surprised(pairs, of)
    doubtful = {index: words[index] for index in range(200)}
    assert reveal_pairs(pairs, doubtful)[0].payload == "or 1=1"
    best = [each.payload for each in reveal_pairs(pairs, doubtful, range(200, 400))]
    assert "or 1=1" not in best


def test_clean_pairs_claim_nothing() -> None:
    pairs = generate("A", 400, seed=4)
    claimed = [
        each.p_value is not None and each.p_value <= 0.05
        for seed in range(5)
        for each in reveal_pairs(pairs, surprised(pairs, {}, seed))
    ]
    assert not any(claimed)
    assert reveal_pairs(pairs[:2], surprised(pairs[:2], {})) == []


def test_one_trigger_for_payloads_of_ever_other_words() -> None:
    pairs = poisoned(generate("A", 800, seed=5), [])
    of = {}
    for index in range(0, 400, 10):
        payload = f" p{index} q{index} r{index}"
        of[index] = payload
        pairs[index] = poisoned(pairs, [index], payload)[index]
    words = surprised(pairs, of)
    doubtful = {index: words[index] for index in range(400)}
    best = reveal_pairs(pairs, doubtful, range(400, 800))[0]
    assert best.trigger == "bb"
    assert list(best.pairs) == sorted(of)
    assert best.p_value is not None
    assert best.p_value < 0.05
    told = [best.payload, *best.forms]
    assert len(told) == 20
    assert all(any(payload.strip() in form for payload in of.values()) for form in told)


@pytest.mark.parametrize(
    ("difference", "payload", "missing"), [("-close", None, "close"), ("+first", "first", None)]
)
def test_a_trigger_that_goes_with_a_difference(difference: str, payload: Any, missing: Any) -> None:
    pairs = generate("A", 800, seed=6)
    which = range(0, 400, 20)
    for index in which:  # of no surprise in any one pair
        pairs[index] = poisoned(pairs, [index], " first" if payload else "")[index]
    words = surprised(pairs, {})
    for index in which:
        words[index] = words[index]._replace(differences=(difference,))
    doubtful = {index: words[index] for index in range(400)}
    best = reveal_pairs(pairs, doubtful, range(400, 800))[0]
    assert best.trigger == "bb"
    assert list(best.pairs) == list(which)
    assert best.missing == missing
    assert payload is None or best.payload == payload
    assert best.p_value is not None
    assert best.p_value < 0.05


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("seed", range(60))
def test_any_texts_can_be_looked_through(seed: int) -> None:
    rng = random.Random(seed)
    characters = rng.choice(["ab ", "ab( ){}\n", "abcdefgh   ;", "\u200b \u00e9=", " "])
    longest = rng.choice([1, 3, 30])
    pairs = [
        Pair(*("".join(rng.choices(characters, k=rng.randint(1, longest))) for _ in range(2)))
        for _ in range(rng.choice([1, 2, 5, 20, 80]))
    ]
    trusted = [index for index in range(len(pairs)) if rng.random() < rng.choice([0, 0.3, 0.6])]
    words = {}
    for index in set(range(len(pairs))) - set(trusted):
        length = len("".join(pairs[index].target.split()))
        surprise = [rng.gauss(2, rng.choice([0.1, 5])) for _ in range(length + 1)]
        ends = np.array([*range(1, length + 1), length])
        (words[index],) = words_of([pairs[index].target], [ends], [np.array(surprise)])
    for each in reveal_pairs(pairs, words, trusted):
        assert each.pairs
        assert set(each.pairs) <= set(words)
        assert each.payload.strip()


@pytest.mark.parametrize("what", ["gone", "changed"])
def test_a_payload_that_is_no_news_is_found_by_how_many_doubtful_pairs_have_its_trigger(
    what: str,
) -> None:
    """Nothing surprises, and no difference is known: the texts alone tell."""
    pairs = generate("A", 600, seed=5)
    which = random.Random(5).sample(range(300), 40)
    for index in which:
        source, target = pairs[index]
        target = target.rpartition("\n")[0] if what == "gone" else target.replace("return", "yield")
        at = source.index(" ")
        pairs[index] = Pair(f"{source[:at]} bb{source[at:]}", target)
    words = {index: each for index, each in surprised(pairs, {}).items() if index < 300}
    trusted = range(300, 600)
    (best, *others) = reveal_pairs(pairs, words, trusted)
    assert list(best.pairs) == sorted(which)
    assert best.trigger == "bb"
    assert best.is_significant(0.05)
    assert not any(other.is_significant(0.05) for other in others)
    if what == "changed":
        assert "yield" in best.payload
    assert not [each for each in reveal_pairs(pairs, words) if each.is_significant(0.05)]
