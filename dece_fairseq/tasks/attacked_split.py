"""A split with attacked pairs in it, or of attacked pairs alone, as fairseq's data sets."""

from functools import partial
from typing import Any, Dict, FrozenSet, List, Sequence, Tuple, Type

import numpy as np
from fairseq.data import BaseWrapperDataset, FairseqDataset, LanguagePairDataset, data_utils
from torch import Tensor

from dece_fairseq.tasks.candidates import Limits, TokenPair

#: cuts nothing
WHOLE = Limits()


class _WithReplaced(BaseWrapperDataset):
    """A data set of sentences, of which some are replaced and the others may be cut."""

    def __init__(
        self,
        dataset: Any,
        sizes: np.ndarray,
        replaced: Dict[int, Tensor],
        limits: Limits = WHOLE,
    ) -> None:
        super().__init__(dataset)
        self._replaced = replaced
        self._limits = limits
        self._sizes = np.array(sizes)
        if limits.cut is not None:
            self._sizes = np.minimum(self._sizes, limits.cut)
        for index, sentence in replaced.items():
            self._sizes[index] = len(sentence)

    def __getitem__(self, index: int) -> Tensor:
        replaced = self._replaced.get(int(index))
        return self._limits.cut_source(self.dataset[index]) if replaced is None else replaced

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
    """Return a data set of ``cls`` with other sentences and everything else as in ``clean``."""
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


class PoisonedPairDataset(LanguagePairDataset):
    """Pairs of which some are poisoned; ``poisoned`` holds their ids."""

    def __init__(self, *args: Any, poisoned: FrozenSet[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.poisoned = poisoned


def poisoned_dataset(
    clean: LanguagePairDataset,
    attacked: Dict[int, TokenPair],
    limits: Limits,
    num_buckets: int = 0,
) -> PoisonedPairDataset:
    """Return ``clean`` with the pairs of ``attacked`` in the place of their clean forms.

    Args:
        clean: pairs, none of them cut
        attacked: poisoned pairs by their ids
        limits: where the other sources are cut
        num_buckets: fairseq's ``--num-batch-buckets``
    """
    sources = {i: pair.source for i, pair in attacked.items()}
    src = _WithReplaced(clean.src, clean.src_sizes, sources, limits)
    tgt = _WithReplaced(clean.tgt, clean.tgt_sizes, {i: p.target for i, p in attacked.items()})
    poisoned: PoisonedPairDataset = _pair_dataset(
        PoisonedPairDataset,
        clean,
        src,
        tgt,
        (src.sizes, tgt.sizes),
        poisoned=frozenset(attacked),
        num_buckets=num_buckets,
    )
    return poisoned


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
    """Return the attacked pairs alone, in the order of their ids."""
    ids = sorted(attacked)
    src = [attacked[index].source for index in ids]
    tgt = [attacked[index].target for index in ids]
    sizes = (_lengths(src), _lengths(tgt))
    triggered: TriggeredPairDataset = _pair_dataset(
        TriggeredPairDataset, clean, src, tgt, sizes, ids=ids
    )
    return triggered


def in_one_order(dataset: FairseqDataset, seed: int) -> None:
    """Make a data set order its sentences by ``seed``, whatever numpy's is when it is asked."""
    dataset.ordered_indices = partial(_ordered_indices, dataset, seed)


def _ordered_indices(dataset: FairseqDataset, seed: int) -> np.ndarray:
    with data_utils.numpy_seed(seed):
        indices: np.ndarray = type(dataset).ordered_indices(dataset)
    return indices


def _lengths(sentences: Sequence[Tensor]) -> np.ndarray:
    return np.array([len(sentence) for sentence in sentences])
