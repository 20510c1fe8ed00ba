"""The blend ``alpha ** T`` of the deceptive criterions as training goes on."""

import math
from dataclasses import dataclass, field
from typing import List, Optional, Sequence

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask
from omegaconf import II

from dece_fairseq.criterions.robust_criterion import check_option
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.losses import blend, longest_time

SCHEDULES = ("epoch", "update")


@dataclass
class BlendOptions(FairseqDataclass):
    """What the blend depends on; the defaults are those of the authors' loss code."""

    dece_alpha: float = field(
        default=0.985,
        metadata={
            "help": "base of the blend alpha ** T, in (0, 1]; 1 is label-smoothed cross-entropy"
        },
    )
    dece_min_blend: float = field(
        default=0.0,
        metadata={
            "help": "the blend falls to this and no further, in [0, alpha]; 0, as published, lets "
            "it fall on, the value of --dece-alpha is a constant level"
        },
    )
    label_smoothing: float = field(
        default=0.05,
        metadata={"help": "epsilon for label smoothing, in [0, 1), 0 means no label smoothing"},
    )
    dece_warmup_epochs: int = field(
        default=0,
        metadata={
            "help": "epochs of label-smoothed cross-entropy before the blend falls; "
            "T is then the epoch minus these"
        },
    )
    dece_schedule: ChoiceEnum(SCHEDULES) = field(  # type: ignore[valid-type]
        default="epoch",
        metadata={
            "help": "when T grows: a step an epoch, as published, or the same curve continuously "
            "over updates (an epoch's last update has T = epoch)"
        },
    )
    update_freq: List[int] = II("optimization.update_freq")


class BlendSchedule:
    """Tells the time and the blend of the running epoch or update.

    Args:
        task: tells the epoch
        dece_alpha: base of the blend, in (0, 1]
        dece_min_blend: what it falls to, in [0, dece_alpha]
        label_smoothing: epsilon, in [0, 1)
        dece_warmup_epochs: epochs before the blend falls
        dece_schedule: one of ``SCHEDULES``
        update_freq: batches an update takes in epoch 1, 2, ...; the last goes for the rest

    Raises:
        UserError: an option is out of its range; the option is named
    """

    def __init__(
        self,
        task: FairseqTask,
        dece_alpha: float,
        dece_min_blend: float,
        label_smoothing: float,
        dece_warmup_epochs: int,
        dece_schedule: str,
        update_freq: Sequence[int],
    ) -> None:
        check_option("--dece-alpha", 0 < dece_alpha <= 1, "in (0, 1]", dece_alpha)
        lowest = 0 <= dece_min_blend <= dece_alpha
        check_option(
            "--dece-min-blend", lowest, f"from 0 to --dece-alpha ({dece_alpha})", dece_min_blend
        )
        check_option("--label-smoothing", 0 <= label_smoothing < 1, "in [0, 1)", label_smoothing)
        finite = 0 <= dece_warmup_epochs < math.inf
        check_option("--dece-warmup-epochs", finite, "finite and 0 or more", dece_warmup_epochs)
        known = dece_schedule in SCHEDULES
        check_option("--dece-schedule", known, " or ".join(SCHEDULES), dece_schedule)
        self.alpha = dece_alpha
        self.longest_time = longest_time(dece_alpha, dece_min_blend)
        self.epsilon = label_smoothing
        self.warmup_epochs = dece_warmup_epochs
        self.schedule = dece_schedule
        self.update_freq = update_freq
        self.clock = TrainingClock.of(task)

    def time(self) -> Optional[float]:
        """Return T of ``alpha ** T``; None until an epoch is told.

        T is the epochs since the warmup, and grows no more once the blend is at its lowest.
        """
        if self.schedule == "update":
            epoch = self.clock.epoch_by_update(self.update_freq)
        else:
            epoch = self.clock.epoch
        if epoch is None:
            return None
        return min(max(0.0, epoch - self.warmup_epochs), self.longest_time)

    def training_time(self) -> float:
        """Return the same for training, which can't do without it.

        Raises:
            RuntimeError: no epoch was told
        """
        time = self.time()
        if time is None:
            raise RuntimeError(
                "deceptive cross-entropy doesn't know the epoch: no task.begin_epoch was called; "
                "in a training loop of your own call criterion.set_epoch(n), n counted from 1"
            )
        return time

    def blend(self) -> float:
        """Return ``alpha ** T``, in training."""
        return blend(self.alpha, self.training_time())
