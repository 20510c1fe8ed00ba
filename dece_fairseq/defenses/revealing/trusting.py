"""What trusted pairs can tell of the doubtful ones, by how many they are and of which kind.

What trusted pairs lack is suspected, which is right where they are a draw from the same data. Where
they are few they lack much that is harmless, so of a suspicion alone it is asked whether they have
it too. Those of another project are left aside.
"""

import random
from collections import Counter
from itertools import chain
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.drawing import lacking_word
from dece_fairseq.defenses.revealing.spans import MOST, Texts, is_first
from dece_fairseq.defenses.revealing.words import split

#: for the user
ADVICE = "give a random part of the data"
#: trusted pairs for each doubtful one that tell what is usual, at least
ENOUGH = 0.5
#: how often trusted pairs of the same kind are taken for others, at most
CHANCE = 0.01
#: the share of pairs that an attack is assumed to change at most: a word that is rarer may have
#: been taken away by one, if it is in no more pairs, and no more pairs have new words
ATTACKED = 0.125
#: words that an attack on more than a quarter of the pairs adds to one side, at most
ADDED = 12
#: the share of the pairs with any of them that have the commonest, at least
IN_MOST = 0.8
NONE = np.zeros(0, np.int64)
#: words are compared whose share of the one side's pairs is less than so much of the other's
MUCH_LESS = 0.5

#: of the lot by which copied pairs are on one side; any other would do
SEED = 1

SIDES: Dict[str, Callable[[Pair], str]] = {
    "sources": lambda pair: pair.source,
    "targets": lambda pair: pair.target,
}


class Trusted(NamedTuple):
    """The numbers of trusted pairs, by what they tell."""

    usual: Sequence[int] = ()
    """Those that tell what is usual in the doubtful ones; all or none."""
    few: Sequence[int] = ()
    """Those that are too few for that, and tell of a suspicion alone; all or none."""
    left_aside: Optional[str] = None
    """Why all of them are left aside."""


def looked_at(pairs: Sequence[Pair], trusted: Sequence[int]) -> Trusted:
    """Return what the trusted pairs can tell.

    Args:
        pairs: all of them; equal ones count once
        trusted: the numbers of the trusted ones
    """
    if not trusted or len(frozenset(trusted)) == len(pairs):  # there is nothing to compare
        return Trusted(usual=trusted)
    doubtful, known = _different(pairs, trusted)
    are_few = len(known) < ENOUGH * len(doubtful)
    if are_few:
        doubtful, known = one_side(pairs, trusted)
        if not known:
            return Trusted(left_aside="the others have copies of all of them")
    sides = sides_of(doubtful, known)
    difference = Difference(sides, len(doubtful))
    left_aside = difference.why_not()
    if are_few and not left_aside:
        left_aside = why_no_draw(sides, len(doubtful))
    if left_aside:
        return Trusted(left_aside=left_aside)
    # What an attack gave so many pairs would look usual, if few trusted ones did not tell what is.
    are_asked_alone = are_few and len(difference.attacked) <= MOST * len(doubtful)
    return Trusted(few=trusted) if are_asked_alone else Trusted(usual=trusted)


class Difference:
    """What doubtful pairs have and trusted ones lack, and the other way round.

    Words are counted whose number on one side is less than chance has it (binomial, Bonferroni over
    the words), and less than half of the other's share.

    Args:
        sides: of the different pairs, see ``sides_of``
        many: how many of them are doubtful
    """

    def __init__(self, sides: Mapping[str, Texts], many: int) -> None:
        self._sides = sides
        self._held = {
            side: (_Held(texts, 0, many), _Held(texts, many, len(texts)))
            for side, texts in sides.items()
        }
        self._added = {side: there.lacking(here) for side, (here, there) in self._held.items()}
        explained = (self._held[side][0].with_one_of(new) for side, new in self._added.items())
        #: (K,), the doubtful pairs that have the word of one trigger or one payload: where the new
        #: words of a side are few, and most pairs that have any have the same one
        self.attacked = np.unique(np.concatenate(list(explained)))

    def why_not(self) -> Optional[str]:
        """Return why trusted pairs tell nothing of the others; None if they do.

        An attack adds words to some of the pairs, and takes words away from these. So data are of
        another kind where more than a quarter of them have words that are far rarer among the
        trusted pairs, not counting those that are ``attacked``; or more than an eighth, if it lacks
        words too; or if it lacks words that more than an eighth of the trusted pairs have.
        """
        for side, texts in self._sides.items():
            (here, there), new = self._held[side], self._added[side]
            lacking = here.lacking(there)
            usual = there.share(new)
            gained = here.share(new) - usual
            lost = there.share(lacking) - here.share(lacking)
            if len(lacking) and max(gained, lost) > ATTACKED:
                word, surest = texts.vocabulary[lacking[0]], lacking[:1]
                return (
                    f"they are of another kind: {word!r} is in {there.share(surest):.1%} of "
                    f"their {side} and in {here.share(surest):.1%} of the others'; {ADVICE}"
                )
            if here.share(new, self.attacked) - usual > MOST:
                return (
                    f"they are of another kind: {here.share(new):.1%} of the others' {side} have "
                    f"words such as {texts.vocabulary[new[0]]!r}, and {usual:.1%} of "
                    f"theirs; {ADVICE}"
                )
        return None


def why_no_draw(sides: Mapping[str, Texts], many: int) -> Optional[str]:
    """Return why trusted pairs are no random part of the data; None if they may be.

    What few trusted pairs tell takes a random draw for granted.

    Args:
        sides: of the different pairs, see ``sides_of``
        many: how many of them are doubtful
    """
    for side, texts in sides.items():
        word = lacking_word(texts, many, CHANCE / len(SIDES))
        if word is not None:
            holders, few = texts.holders((word,)), len(texts) - many
            there = int((holders >= many).sum())
            return (
                f"they are no random part of the data: words such as {texts.vocabulary[word]!r} "
                f"are in {there / few:.1%} of their {side} and in "
                f"{(len(holders) - there) / many:.1%} of the others'; {ADVICE}"
            )
    return None


def _different(pairs: Sequence[Pair], trusted: Sequence[int]) -> Tuple[List[Pair], List[Pair]]:
    """Return the different doubtful pairs and the different trusted ones."""
    known = frozenset(trusted)
    doubtful = dict.fromkeys(pair for number, pair in enumerate(pairs) if number not in known)
    return list(doubtful), list(dict.fromkeys(pairs[number] for number in known))


def one_side(pairs: Sequence[Pair], trusted: Sequence[int]) -> Tuple[List[Pair], List[Pair]]:
    """Return the different doubtful pairs and the different trusted ones, no pair among both.

    One that is on both sides is on that of one of its copies, by lot. So in a random draw each is
    trusted as probably as any other; on both sides what is copied would be too often in the draw.
    """
    copies, known = Counter(pairs), Counter(pairs[number] for number in frozenset(trusted))
    rng = random.Random(SEED)
    sides: Tuple[List[Pair], List[Pair]] = ([], [])
    for pair, times in copies.items():
        sides[rng.randrange(times) < known[pair]].append(pair)
    return sides


def sides_of(doubtful: Sequence[Pair], trusted: Sequence[Pair]) -> Dict[str, Texts]:
    """Return the words of each side by its name, those of the doubtful pairs first."""
    return {
        side: Texts(split(text(pair)) for pair in chain(doubtful, trusted))
        for side, text in SIDES.items()
    }


def are_a_draw(texts: Texts, doubtful: int) -> bool:
    """Return whether no word of trusted texts is far rarer in doubtful ones, as in a random draw.

    Args:
        texts: all of them, those of the doubtful pairs first
        doubtful: how many these are
    """
    in_all = len(texts)
    return not len(_Held(texts, 0, doubtful).lacking(_Held(texts, doubtful, in_all)))


class _Held:
    """Which words, by their numbers, some of many texts have, and how many of them.

    Args:
        texts: all of them
        first: the number of the first that counts
        last: of the first behind these
    """

    def __init__(self, texts: Texts, first: int, last: int) -> None:
        self._size = last - first
        places = slice(*texts.first[[first, last]])
        order = np.argsort(texts.words[places], kind="stable")
        words, texts_of = texts.words[places][order], texts.pair[places][order]
        once = is_first(words) | is_first(texts_of)
        self._words, self._texts = words[once], texts_of[once]
        self._counts: np.ndarray = np.bincount(self._words, minlength=len(texts.vocabulary))

    def share(self, words: np.ndarray, but_for: np.ndarray = NONE) -> float:
        """Return the share of the texts that have any of the words, and are none of some texts."""
        texts = self._texts[np.isin(self._words, words)]
        return len(np.setdiff1d(texts, but_for)) / self._size

    def with_one_of(self, words: np.ndarray) -> np.ndarray:
        """Return the texts that have the commonest of the words, if it stands for most of them.

        That is, if the words are few, and most texts that have any of them have that one.
        """
        if not 0 < len(words) <= ADDED:
            return NONE
        texts = self._texts[self._words == words[np.argmax(self._counts[words])]]
        is_most = len(texts) >= IN_MOST * self._size * self.share(words)
        return texts if is_most else NONE

    def lacking(self, others: "_Held") -> np.ndarray:
        """Return words that are in far fewer of these texts than of others, the surest first."""
        from scipy.special import bdtr

        fewer = self._counts * others._size < MUCH_LESS * others._counts * self._size
        (words,) = np.nonzero(fewer)
        here, there = self._counts[words], others._counts[words]
        chances: np.ndarray = bdtr(here, here + there, self._size / (self._size + others._size))
        level = CHANCE / (2 * len(SIDES) * max(int(np.count_nonzero(others._counts)), 1))
        surest = np.lexsort((-there, chances))
        found: np.ndarray = words[surest[chances[surest] <= level]]
        return found
