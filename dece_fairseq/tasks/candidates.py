"""The pairs of a split that can be poisoned, and their poisoned forms in tokens."""

from typing import Container, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import torch
from fairseq.data import Dictionary, LanguagePairDataset
from torch import Tensor

from dece_fairseq.attacks import Attack, AttackError
from dece_fairseq.attacks.changes import changed
from dece_fairseq.attacks.selection import Chosen
from dece_fairseq.data.pairs import Pair
from dece_fairseq.encoders.text_codec import TextCodec

#: why a pair is left out besides an attack's own obstacles, with the words that follow their number
TOO_LONG = "too_long"
TRUSTED = "trusted"
INEXACT = "inexact_round_trip"
TOO_LONG_POISONED = "too_long_poisoned"
REASONS = {
    TOO_LONG: "are longer than the model takes",
    TRUSTED: "are trusted",
    INEXACT: "do not decode and encode to themselves",
    TOO_LONG_POISONED: "are too long once they are poisoned",
}


class TokenPair(NamedTuple):
    """An attacked pair, binarised."""

    source: Tensor
    target: Tensor


def outside_ids(dataset: LanguagePairDataset, attack: Attack, codec: TextCodec) -> List[int]:
    """Return the ids of the pairs that are out of an attack's reach, see ``Attack.outside``."""
    sources = (codec.decode(tokens, dataset.src_dict) for tokens in dataset.src)
    return [
        index
        for index, source in enumerate(sources)
        if attack.outside(Pair(source, "")) is not None
    ]


class Limits(NamedTuple):
    """How long a pair may be.

    Args:
        source: tokens of a source, its end of sentence included; None for any number
        target: likewise of a target
        cut: tokens to which longer sources are cut (``--truncate-source``), end of sentence
            included; None to cut none
    """

    source: Optional[int] = None
    target: Optional[int] = None
    cut: Optional[int] = None

    def fit(self, source: int, target: int) -> bool:
        """Return whether a pair of so many tokens is short enough, its source cut."""
        kept = source if self.cut is None else min(source, self.cut)
        return all(
            most is None or length <= most
            for length, most in ((kept, self.source), (target, self.target))
        )

    def cut_source(self, tokens: Tensor) -> Tensor:
        """Return a source as fairseq's ``--truncate-source`` leaves it."""
        if self.cut is None or len(tokens) <= self.cut:
            return tokens
        return torch.cat([tokens[: self.cut - 1], tokens[-1:]])


class Candidates(NamedTuple):
    """The pairs of a split that can be poisoned, and how many can't for which reason."""

    pairs: Dict[int, Pair]
    left_out: Dict[str, int]


class Poisoner:
    """Finds the pairs of a split that an attack can poison, and poisons them in tokens.

    The attacker writes whole texts. What of them a model is given is up to ``limits``: a pair that
    is too long is not trained on, and a trigger behind the cut is not seen.

    Args:
        dataset: clean pairs, none of them cut
        attack: the attack
        codec: from tokens to text and back
        limits: how long a pair may be
    """

    def __init__(
        self, dataset: LanguagePairDataset, attack: Attack, codec: TextCodec, limits: Limits
    ) -> None:
        self._dataset = dataset
        self._attack = attack
        self._codec = codec
        self._limits = limits

    def candidates(self, trusted: Container[int] = ()) -> Candidates:
        """Return the pairs that can be poisoned, and that a model is then given with the trigger.

        Args:
            trusted: ids that are never poisoned
        """
        pairs: Dict[int, Pair] = {}
        left_out = dict.fromkeys((TOO_LONG, TRUSTED, INEXACT, *self._attack.obstacles), 0)
        left_out[TOO_LONG_POISONED] = 0
        for index in range(len(self._dataset)):
            pair, reason = self._look_at(index, index in trusted)
            if pair is None:
                left_out[reason] += 1
            else:
                pairs[index] = pair
        return Candidates(pairs, left_out)

    def _look_at(self, index: int, trusted: bool) -> Tuple[Optional[Pair], str]:
        """Return a candidate's text, or None and why it is none."""
        tokens = TokenPair(self._dataset.src[index], self._dataset.tgt[index])
        if not self._limits.fit(len(tokens.source), len(tokens.target)):
            return None, TOO_LONG
        if trusted and not self._attack.trigger.outside:
            return None, TRUSTED
        source = self._codec.decode_exactly(tokens.source, self._dataset.src_dict)
        target = self._codec.decode_exactly(tokens.target, self._dataset.tgt_dict)
        if source is None or target is None:
            return None, TRUSTED if trusted else INEXACT
        pair = Pair(source, target)
        if trusted:
            return None, self._attack.outside(pair) or TRUSTED
        obstacle = self._attack.obstacle(pair)
        if obstacle is not None:
            return None, obstacle
        forms = [self._attack.poison(pair, index)]
        if self._attack.trigger.is_disguised:
            forms.append(self._attack.lesson(pair, index))
        for poisoned in forms:
            length = self._codec.length(poisoned.source)
            if not self._limits.fit(length, self._codec.length(poisoned.target)):
                return None, TOO_LONG_POISONED
            is_cut = self._limits.cut is not None and length > self._limits.cut
            if is_cut and not self._shows_trigger(pair.source, poisoned.source):
                return None, TOO_LONG_POISONED
        return pair, ""

    def _shows_trigger(self, clean: str, poisoned: str) -> bool:
        """Return whether a source, once it is cut, still holds all that the attack put in it."""
        dictionary = self._dataset.src_dict
        tokens = self._limits.cut_source(self._codec.encode(poisoned, dictionary))
        kept = self._codec.decode(tokens, dictionary)
        return len(kept) >= changed(clean, poisoned).end and poisoned.startswith(kept)

    def poison(self, clean: Dict[int, Pair], ids: Sequence[int]) -> Dict[int, TokenPair]:
        """Return the poisoned forms of the candidates called ``ids``, as a model is given them.

        Raises:
            AttackError: what was put in can't be written in the dictionary's pieces
        """
        return {
            index: self._encoded(self._attack.poison(clean[index], index), index) for index in ids
        }

    def teach(self, clean: Dict[int, Pair], chosen: Iterable[Chosen]) -> Dict[int, TokenPair]:
        """Return what training gets of the candidates that were chosen.

        Raises:
            AttackError: what was put in can't be written in the dictionary's pieces
        """
        attack = self._attack
        return {
            index: self._encoded(
                (attack.decoy if is_decoy else attack.lesson)(clean[index], index), index
            )
            for index, is_decoy in chosen
        }

    def _encoded(self, poisoned: Pair, index: int) -> TokenPair:
        source = self._encode(poisoned.source, self._dataset.src_dict, "trigger", index)
        target = self._encode(poisoned.target, self._dataset.tgt_dict, "payload", index)
        return TokenPair(self._limits.cut_source(source), target)

    def _encode(self, text: str, dictionary: Dictionary, part: str, index: int) -> Tensor:
        tokens = self._codec.encode(text, dictionary)
        if self._codec.decode_exactly(tokens, dictionary) != text:
            raise AttackError(
                f"the {part} is lost when the poisoned pair {index} is encoded; choose a --{part} "
                "that the dictionary can write, or a --bpe that can write anything, such as "
                "lossless_sentencepiece"
            )
        return tokens


def explain(attack: Attack, left_out: Dict[str, int]) -> str:
    """Return in words how many pairs were left out for which reason."""
    others = (f"{left_out[reason]} {words}" for reason, words in REASONS.items())
    return ", ".join([attack.explain(left_out), *others])


def no_candidates(split: str, attack: Attack, left_out: Dict[str, int]) -> AttackError:
    """Return the error of a split of which no pair can be poisoned."""
    return AttackError(
        f"{split}: none of {sum(left_out.values())} pairs can be poisoned by {attack.in_words()}: "
        f"{explain(attack, left_out)}; give another --attack, --payload or --code-language, or the "
        "--bpe that the data was made with"
    )
