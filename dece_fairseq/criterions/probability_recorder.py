"""How likely the model finds each pair as training goes on: ``--record-probabilities``."""

from dataclasses import dataclass, field
from pathlib import Path

from fairseq.dataclass import FairseqDataclass
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from omegaconf import II
from torch import Tensor

from dece_fairseq.criterions.pair_numbers import check_one_folder
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.data.pair_probabilities import LEAST_LIKELY, PairProbability, ProbabilityWriter


@dataclass
class RecordingOptions(FairseqDataclass):
    """The option, and where the record goes."""

    record_probabilities: bool = field(
        default=False,
        metadata={
            "help": "write how likely each training pair is in each epoch to "
            "pair_probabilities.csv in --save-dir, for dece filter --defense lockstep"
        },
    )
    save_dir: str = II("checkpoint.save_dir")


class ProbabilityRecorder:
    """Records the probability of each training pair when its batch is trained on.

    It is that of the forward pass of training: with dropout, and before the batch's own update. It
    costs no pass of its own.

    Args:
        save_dir: fairseq's ``--save-dir``
        task: tells the epoch

    Raises:
        UserError: the training data are several folders, whose pairs have the same numbers
    """

    def __init__(self, save_dir: Path, task: FairseqTask) -> None:
        check_one_folder(task, "--record-probabilities", "train on one folder")
        self.save_dir = save_dir
        self.clock = TrainingClock.of(task)
        self._writer: ProbabilityWriter  # a worker's number is known when training begins

    def record(self, ids: Tensor, nll: Tensor, kept: Tensor) -> None:
        """Record a batch.

        Args:
            ids: (B,), numbers of the pairs
            nll: (B * T,), of the targets' tokens, 0 where none is kept
            kept: (B * T,), which are tokens and not padding

        Raises:
            RuntimeError: no epoch was told
        """
        if self.clock.is_dummy:  # its pairs may be those of another split
            return
        if self.clock.epoch is None:
            raise RuntimeError("--record-probabilities doesn't know the epoch; call set_epoch(n)")
        if not hasattr(self, "_writer"):
            rank = distributed_utils.get_global_rank()
            size = distributed_utils.get_global_world_size()
            self._writer = ProbabilityWriter(self.save_dir, rank, size)
        nll, lengths = nll.view(len(ids), -1).double(), kept.view(len(ids), -1).sum(1)
        # Padding, whose nll is 0, is among the highest only where there are no others.
        highest = nll.topk(min(LEAST_LIKELY, nll.size(1))).values.sum(1)
        whole = (-nll.sum(1) / lengths).exp()
        least = (-highest / lengths.clamp(max=LEAST_LIKELY)).exp()
        epoch, batch = int(self.clock.epoch), self.clock.batches_taken()
        of_pairs = zip(ids.tolist(), whole.tolist(), least.tolist(), lengths.tolist())
        self._writer.write(
            PairProbability(epoch, batch, pair, probability, of_least)
            for pair, probability, of_least, length in of_pairs
            if length
        )
