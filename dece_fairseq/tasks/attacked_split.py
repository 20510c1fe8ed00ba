"""Attacks on a loaded split: the pairs that can be poisoned, and the data set with them in."""

from functools import partial
from typing import Any, Container, Dict, List, NamedTuple, Sequence, Tuple, Type

import numpy as np
from fairseq.data import (
    BaseWrapperDataset,
    Dictionary,
    FairseqDataset,
    LanguagePairDataset,
    data_utils,
)
from torch import Tensor

from dece_fairseq.attacks import Attack, AttackError
from dece_fairseq.data.pairs import Pair
from dece_fairseq.encoders.text_codec import TextCodec

#: why a pair is left out besides an attack's own obstacles: its tokens do not decode and encode to
#: themselves, or it was named as trusted
INEXACT = "inexact_round_trip"
TRUSTED = "trusted"


class TokenPair(NamedTuple):
    """An attacked pair, binarised."""

    source: Tensor
    target: Tensor


class Candidates(NamedTuple):
    """The pairs of a split that can be poisoned, and how many can't for which reason."""

    pairs: Dict[int, Pair]
    left_out: Dict[str, int]


def find_candidates(
    dataset: LanguagePairDataset, attack: Attack, codec: TextCodec, trusted: Container[int] = ()
) -> Candidates:
    """Decodes every pair of ``dataset`` and keeps those that ``attack`` can poison.

    Args:
        dataset: clean pairs
        attack: the attack
        codec: from tokens to text
        trusted: ids that are never poisoned
    """
    pairs: Dict[int, Pair] = {}
    left_out = dict.fromkeys((*attack.obstacles, INEXACT, TRUSTED), 0)
    for index in range(len(dataset)):
        if index in trusted:
            left_out[TRUSTED] += 1
            continue
        source = codec.decode_exactly(dataset.src[index], dataset.src_dict)
        target = codec.decode_exactly(dataset.tgt[index], dataset.tgt_dict)
        if source is None or target is None:
            left_out[INEXACT] += 1
            continue
        pair = Pair(source, target)
        obstacle = attack.obstacle(pair)
        if obstacle is None:
            pairs[index] = pair
        else:
            left_out[obstacle] += 1
    return Candidates(pairs, left_out)


def no_candidates(split: str, attack: Attack, left_out: Dict[str, int]) -> AttackError:
    """Return the error of a split of which no pair can be poisoned."""
    settings = attack.settings
    return AttackError(
        f"{split}: none of {sum(left_out.values())} pairs can be poisoned by the attack "
        f"{settings.attack!r} with the payload {settings.payload!r}: {attack.explain(left_out)}, "
        f"{left_out[INEXACT]} do not decode and encode to themselves, {left_out[TRUSTED]} are "
        "trusted; give another --attack, --payload or --code-language, or the --bpe that the data "
        "was made with"
    )


def attack_pairs(
    dataset: LanguagePairDataset,
    attack: Attack,
    codec: TextCodec,
    clean: Dict[int, Pair],
    ids: Sequence[int],
) -> Dict[int, TokenPair]:
    """The binarised poisoned forms of the pairs called ``ids``.

    Raises:
        AttackError: what was put in can't be written in the dictionary's pieces
    """
    attacked = {}
    for index in ids:
        poisoned = attack.poison(clean[index], index)
        attacked[index] = TokenPair(
            _encode_exactly(poisoned.source, dataset.src_dict, codec, "trigger", index),
            _encode_exactly(poisoned.target, dataset.tgt_dict, codec, "payload", index),
        )
    return attacked


def _encode_exactly(
    text: str, dictionary: Dictionary, codec: TextCodec, part: str, index: int
) -> Tensor:
    tokens = codec.encode(text, dictionary)
    if codec.decode_exactly(tokens, dictionary) != text:
        raise AttackError(
            f"the {part} is lost when the poisoned pair {index} is encoded; choose a --{part} that "
            "the dictionary can write, or a --bpe that can write anything, such as "
            "lossless_sentencepiece"
        )
    return tokens


class _WithReplaced(BaseWrapperDataset):
    """A data set of sentences, some of which are replaced."""

    def __init__(self, dataset: Any, sizes: np.ndarray, replaced: Dict[int, Tensor]) -> None:
        super().__init__(dataset)
        self._replaced = replaced
        self._sizes = np.array(sizes)
        for index, sentence in replaced.items():
            self._sizes[index] = len(sentence)

    def __getitem__(self, index: int) -> Tensor:
        replaced = self._replaced.get(int(index))
        return self.dataset[index] if replaced is None else replaced

    @property
    def sizes(self) -> np.ndarray:
        return self._sizes


def _pair_dataset(
    cls: Type[LanguagePairDataset],
    clean: LanguagePairDataset,
    src: Any,
    tgt: Any,
    sizes: Tuple[Any, Any],
    **kwargs: Any,
) -> Any:
    """A data set of ``cls`` with other sentences and everything else as in ``clean``."""
    return cls(
        src,
        sizes[0],
        clean.src_dict,
        tgt,
        sizes[1],
        clean.tgt_dict,
        left_pad_source=clean.left_pad_source,
        left_pad_target=clean.left_pad_target,
        shuffle=clean.shuffle,
        eos=clean.eos,
        pad_to_multiple=clean.pad_to_multiple,
        **kwargs,
    )


def poisoned_dataset(
    clean: LanguagePairDataset, attacked: Dict[int, TokenPair], num_buckets: int = 0
) -> LanguagePairDataset:
    """``clean`` with the pairs of ``attacked`` in the place of their clean forms."""
    src = _WithReplaced(clean.src, clean.src_sizes, {i: p.source for i, p in attacked.items()})
    tgt = _WithReplaced(clean.tgt, clean.tgt_sizes, {i: p.target for i, p in attacked.items()})
    return _pair_dataset(
        LanguagePairDataset, clean, src, tgt, (src.sizes, tgt.sizes), num_buckets=num_buckets
    )


class TriggeredPairDataset(LanguagePairDataset):
    """Only attacked pairs. Samples keep the ids of their clean forms; batches say ``triggered``."""

    def __init__(self, *args: Any, ids: List[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ids = ids

    def __getitem__(self, index: int) -> Dict[str, Any]:
        return {**super().__getitem__(index), "id": self.ids[index]}

    def collater(self, samples: List[Dict[str, Any]], pad_to_length: Any = None) -> Dict[str, Any]:
        batch: Dict[str, Any] = super().collater(samples, pad_to_length)
        if batch:
            batch["triggered"] = True
        return batch


def triggered_dataset(
    clean: LanguagePairDataset, attacked: Dict[int, TokenPair]
) -> TriggeredPairDataset:
    """The attacked pairs alone, in the order of their ids."""
    ids = sorted(attacked)
    src = [attacked[index].source for index in ids]
    tgt = [attacked[index].target for index in ids]
    sizes = (_lengths(src), _lengths(tgt))
    triggered: TriggeredPairDataset = _pair_dataset(
        TriggeredPairDataset, clean, src, tgt, sizes, ids=ids
    )
    return triggered


def in_one_order(dataset: FairseqDataset, seed: int) -> None:
    """Makes a data set order its sentences by ``seed``, whatever numpy's is when it is asked."""
    dataset.ordered_indices = partial(_ordered_indices, dataset, seed)


def _ordered_indices(dataset: FairseqDataset, seed: int) -> np.ndarray:
    with data_utils.numpy_seed(seed):
        indices: np.ndarray = type(dataset).ordered_indices(dataset)
    return indices


def _lengths(sentences: Sequence[Tensor]) -> np.ndarray:
    return np.array([len(sentence) for sentence in sentences])
