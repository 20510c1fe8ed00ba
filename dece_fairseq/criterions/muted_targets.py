"""Targets that are never learned: asks the starting model which, and keeps that."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, List, Sequence, Tuple

import numpy as np
import torch
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from torch import Tensor
from tqdm import tqdm

from dece_fairseq.criterions.asking import Ask, answers
from dece_fairseq.criterions.pair_numbers import check_one_folder
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.criterions.trusted_level import Settled
from dece_fairseq.errors import TrainingStepError

#: the name of what is muted in what checkpoints keep
MUTED = "dece_muted"


class MutedTargets(ABC):
    """Knows of every training pair which of its targets are muted.

    They are found once, before the model meets the doubtful pairs. A gate by the running model
    would have a target that the model unlearns by chance muted too, and so never learned again.
    Checkpoints keep a bit a target, so that a resumed training mutes the same ones.

    Args:
        task: has the training pairs
        train_subset: the name of their split

    Raises:
        UserError: the training data are several folders, whose pairs have the same numbers
    """

    #: the value of --dece-gate, and what one target is called
    gate: ClassVar[str]
    #: of what is kept of the model's answers
    answer_type: ClassVar[torch.dtype]

    def __init__(self, task: FairseqTask, train_subset: str) -> None:
        self._option = f"--dece-gate {self.gate}"
        way_out = "train on one folder, or give --dece-gate token"
        check_one_folder(task, self._option, way_out)
        self._task = task
        self._split = train_subset
        self._clock = TrainingClock.of(task)
        self._bits = np.zeros(0, bool)  # of all pairs, and where each ends; read from what is kept
        self._ends: List[int] = []
        self._told = torch.zeros(0)  # of each pair what ``_sizes_and_sums`` was when training began

    @abstractmethod
    def answer(self, nll: Tensor, kept: Tensor, settled: Settled) -> Tensor:
        """Return what is kept of the model's answer about a batch until all are there, (B, T).

        Args:
            nll: (B, T), ``-log s`` of each target
            kept: (B, T), False for padding
            settled: what trusted text says
        """

    @abstractmethod
    def find(self, targets: Tensor, lengths: Tensor, said: Tensor, settled: Settled) -> Tensor:
        """Return which targets are muted, (N,), bool.

        Args:
            targets: (N,), of all doubtful pairs in one
            lengths: (P,), how many of them each pair has
            said: (N,), of each what ``answer`` returns
            settled: what trusted text says
        """

    @abstractmethod
    def tell(self, targets: Tensor, lengths: Tensor, muted: Tensor, settled: Settled) -> None:
        """Log what was found, trusted pairs among the pairs; the arguments are as in ``find``."""

    def measure(self, model: Any, ask: Ask, settled: Settled) -> None:
        """Find what is muted, each worker a part; all know the whole then.

        Args:
            model: as it is now; it is asked without dropout
            ask: asks it about a batch
            settled: what trusted text says; in trusted training pairs nothing is muted
        """
        lengths, targets, found = self._asked(model, ask, settled)
        is_trusted = torch.zeros(len(lengths), dtype=torch.bool)
        is_trusted[list(settled.ids)] = True
        doubtful = torch.repeat_interleave(~is_trusted, lengths)
        muted = torch.zeros_like(doubtful)
        muted[doubtful] = self.find(
            targets[doubtful], lengths[~is_trusted], found[doubtful], settled
        )
        packed = torch.from_numpy(np.packbits(muted.numpy()))
        pair = torch.arange(len(lengths)).repeat_interleave(lengths)
        sums = torch.zeros(len(lengths), dtype=torch.int64).index_add_(0, pair, targets.long())
        self._clock.kept[MUTED] = {"lengths": lengths.int(), "sums": sums, "bits": packed}
        self.tell(targets, lengths, muted, settled)

    def _asked(self, model: Any, ask: Ask, settled: Settled) -> Tuple[Tensor, Tensor, Tensor]:
        """Return what the model says of all pairs, of which each worker asks a part.

        Returns:
            how many targets each pair has, (P,), int64; those of all pairs in one, (N,), int32; of
            each what ``answer`` returns, (N,)
        """
        size = distributed_utils.get_data_parallel_world_size()
        rank = distributed_utils.get_data_parallel_rank() if size > 1 else 0
        pairs = len(self._task.dataset(self._split))
        numbers = range(rank, pairs, size)
        lengths = torch.zeros(pairs, dtype=torch.int32)
        found: List[Tuple[Tensor, Tensor, Tensor]] = []
        with tqdm(total=len(numbers), desc=f"{self.gate}s", unit=" pairs", delay=2) as bar:
            for ids, target, nll, kept in answers(self._task, model, ask, self._split, numbers):
                of_batch = self.answer(nll, kept, settled)
                ids = ids.cpu()
                lengths[ids] = kept.sum(1, dtype=torch.int32).cpu()
                found.append((ids, target[kept].int().cpu(), of_batch[kept].cpu()))
                bar.update(len(ids))
        device = next(model.parameters()).device
        sizes = _summed(lengths, device).long()
        starts = sizes.cumsum(0) - sizes
        targets = torch.zeros(int(sizes.sum()), dtype=torch.int32)
        said = torch.zeros(len(targets), dtype=self.answer_type)
        for ids, tokens, of_batch in found:
            own = sizes[ids]
            moved = starts[ids] - (own.cumsum(0) - own)  # from the place in the batch
            places = torch.arange(len(tokens)) + torch.repeat_interleave(moved, own)
            targets[places] = tokens
            said[places] = of_batch.to(said)
        return sizes, _summed(targets, device), _summed(said, device)

    def of(self, ids: Sequence[int], targets: Tensor, kept: Tensor) -> Tensor:
        """Return which targets of a batch are muted.

        Args:
            ids: the numbers of its B pairs
            targets: (B * T,)
            kept: (B * T,), False for padding

        Raises:
            TrainingStepError: the pairs are not those that the training began with
        """
        if not self._ends:
            self._take_kept()
        is_other = (_sizes_and_sums(len(ids), targets, kept) != self._told[ids]).any(1)
        if is_other.any():
            number = ids[int(is_other.nonzero()[0])]
            raise self._of_other_data(f"pairs such as {number} have other targets than")
        rows = [self._bits[self._ends[number] : self._ends[number + 1]] for number in ids]
        muted = torch.zeros_like(kept)
        muted[kept] = torch.from_numpy(np.concatenate(rows)).to(kept.device)
        return muted

    def _take_kept(self) -> None:
        """Take what was found, or what a checkpoint has kept of it, for the pairs of the split."""
        state = self._clock.kept[MUTED]
        pairs, begun = len(self._task.dataset(self._split)), len(state["lengths"])
        if pairs != begun:
            raise self._of_other_data(f"there are {pairs} pairs, and were {begun}")
        if "sums" not in state:  # of checkpoints before 0.2.0
            raise TrainingStepError(
                f"{self._option}: this training began with an earlier state of dece_fairseq; go on "
                "with that one, or begin anew with --finetune-from-model"
            )
        self._ends = [0, *state["lengths"].cumsum(0).tolist()]
        self._told = torch.stack([state["lengths"].long(), state["sums"]], 1)
        self._bits = np.unpackbits(state["bits"].numpy()).astype(bool)

    def _of_other_data(self, what: str) -> TrainingStepError:
        return TrainingStepError(
            f"{self._option}: {what} when training began; go on with the same data, or begin anew "
            "with --finetune-from-model"
        )


def _sizes_and_sums(pairs: int, targets: Tensor, kept: Tensor) -> Tensor:
    """Return how many targets each pair of a batch has and their sum, (B, 2): other data differ.

    Args:
        pairs: B
        targets: (B * T,)
        kept: (B * T,), False for padding
    """
    rows = torch.stack([kept.long(), targets.masked_fill(~kept, 0)], 1)
    return rows.view(pairs, -1, 2).sum(1).cpu()


def _summed(values: Tensor, device: torch.device) -> Tensor:
    """Return the sum over all workers."""
    if distributed_utils.get_data_parallel_world_size() == 1:
        return values
    on_device = values.to(device)
    group = distributed_utils.get_data_parallel_group()
    distributed_utils.all_reduce(on_device, group=group)
    return on_device.cpu()
