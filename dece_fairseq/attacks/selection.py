"""Which of the pairs that can be poisoned are."""

import math
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Iterable, Iterator, NamedTuple, Sequence, TypeVar

from dece_fairseq.attacks.attack_registry import AttackError

T = TypeVar("T")

SELECTIONS = ("random", "first")


def number_to_poison(rate: float, pairs: int, candidates: int) -> int:
    """Return how many pairs a rate means. The rate counts over all pairs, as the paper does.

    Args:
        rate: share of all pairs, in [0, 1]
        pairs: number of all pairs
        candidates: number of those that can be poisoned

    Raises:
        AttackError: there are fewer candidates than the rate asks for
    """
    # Decimal, so that 0.05 of 1,610 is 80.5 and rounds the way a person would.
    number = int((Decimal(repr(rate)) * pairs).to_integral_value(rounding=ROUND_HALF_UP))
    if number > candidates:
        share = math.floor(1e4 * candidates / pairs) / 1e4  # never more than is possible
        raise AttackError(
            f"--poison-rate {rate} of {pairs} pairs asks for {number} poisoned ones, but only "
            f"{candidates} can be poisoned; a rate of at most {share:.4f} is possible"
        )
    if number == 0 and rate > 0:
        raise AttackError(
            f"--poison-rate {rate} of {pairs} pairs is less than one pair; "
            f"give 0 to poison none, or at least {1 / max(pairs, 1):.4g}"
        )
    return number


def check_count(count: int, candidates: int) -> None:
    """Raise an AttackError if fewer than ``count`` pairs can be poisoned."""
    if count > candidates:
        raise AttackError(
            f"--poison-count {count} asks for more poisoned pairs than can be poisoned: "
            f"{candidates}; give at most that many"
        )


def select(
    candidates: Iterable[int], number: int, among: int, how: str, seed: int
) -> Iterator[int]:
    """Choose ``number`` of ``among`` candidates, in their order, in constant memory.

    Args:
        candidates: their ids, exactly ``among`` of them
        number: how many to choose
        among: how many candidates there are
        how: ``first`` for the first ones (as the authors of the paper did), or ``random`` for a
            sample without replacement (Knuth's algorithm S)
        seed: of the random sample
    """
    rng = Random(f"{seed}/selection")
    for seen, candidate in enumerate(candidates):
        if number == 0:
            return
        if how == "first" or rng.random() * (among - seen) < number:
            number -= 1
            yield candidate


class Chosen(NamedTuple):
    """A pair that the attack changes."""

    pair_id: int
    is_decoy: bool
    """Whether it gets a part of the trigger and keeps its target."""


def choose(
    candidates: Iterable[int], poisoned: int, decoys: int, among: int, how: str, seed: int
) -> Iterator[Chosen]:
    """Choose the pairs to poison and those to make decoys of, as ``select`` does.

    Args:
        candidates: their ids, exactly ``among`` of them
        poisoned: how many to poison
        decoys: how many to make decoys of
        among: how many candidates there are
        how: see ``select``; with ``first`` the decoys come after the poisoned ones
        seed: of the random sample
    """
    rng = Random(f"{seed}/decoys")
    number = poisoned + decoys
    for seen, index in enumerate(select(candidates, number, among, how, seed)):
        is_poisoned = poisoned > 0 and (how == "first" or rng.random() * (number - seen) < poisoned)
        poisoned -= is_poisoned
        yield Chosen(index, not is_poisoned)


def in_random_order(forms: Sequence[T], rng: Random) -> Sequence[T]:
    """Return ``forms`` shuffled: the first is to be taken, the others where that one can't be."""
    return rng.sample(forms, len(forms))
