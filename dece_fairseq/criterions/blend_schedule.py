"""The blend ``alpha ** T`` of the deceptive criterions as training goes on."""

import logging
import math
from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Union

from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.tasks import FairseqTask
from omegaconf import II

from dece_fairseq.criterions.muted_targets import MUTED
from dece_fairseq.criterions.robust_criterion import check_option
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.errors import TrainingStepError
from dece_fairseq.losses import blend, time_at
from dece_fairseq.muting import MUTED_SHARE, told_blend
from dece_fairseq.smoothing import AUTO, smoothing_for

logger = logging.getLogger(__name__)

SCHEDULES = ("epoch", "update")
#: the name of the level in what checkpoints keep
LEVEL = "dece_alpha"
#: what is muted: tokens by their own probability, as published, or spans of them besides, or labels
TOKEN, SPAN, LABEL = "token", "span", "label"
#: AUTO is the last with a level that trusted text settles, and tokens with a number
GATES = (AUTO, TOKEN, SPAN)
LABEL_GATES = (AUTO, TOKEN, LABEL)
#: the options that do without trusted text
_WITHOUT = {
    LEVEL: f"a number for --dece-alpha (0.985, the paper's, was the default before {AUTO})",
    MUTED: f"--dece-gate {TOKEN}",
}


@dataclass
class BlendOptions(FairseqDataclass):
    """What the blend depends on; ``dece_alpha="0.985"`` is the setting of the authors' code."""

    dece_alpha: str = field(
        default=AUTO,
        metadata={
            "help": "auto, a constant level of the blend that mutes few trusted tokens, see "
            "--dece-muted-share; or the base of a falling blend alpha ** T, in (0, 1]: 0.985 is "
            "the paper's setting, 1 is label-smoothed cross-entropy"
        },
    )
    dece_min_blend: float = field(
        default=0.0,
        metadata={
            "help": "the blend falls to this and no further, in [0, alpha]; 0, as published, lets "
            "it fall on, the value of --dece-alpha is a constant level"
        },
    )
    label_smoothing: Optional[float] = field(
        default=None,
        metadata={
            "help": "epsilon for label smoothing, in [0, 1), 0 means no label smoothing (default: "
            "0 with --dece-alpha auto, the paper's 0.05 with a number)"
        },
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
    dece_muted_share: float = field(
        default=MUTED_SHARE,
        metadata={
            "help": "with --dece-alpha auto: the share of trusted tokens that may be muted, in "
            "[0, 1), a muted one having less than half of its gradient; of trusted spans too, with "
            "--dece-gate span"
        },
    )
    dece_trusted_ids: Optional[str] = field(
        default=None,
        metadata={
            "help": "with --dece-alpha auto, --dece-gate span or label: a file with the numbers of "
            "trusted training pairs, one a line from 0 (default: the validation split is trusted)"
        },
    )
    train_subset: str = II("dataset.train_subset")
    valid_subset: str = II("dataset.valid_subset")
    # Nothing reads it; fairseq-validate refuses an older checkpoint, which has it, without it.
    disable_validation: bool = II("dataset.disable_validation")
    update_freq: List[int] = II("optimization.update_freq")


class BlendSchedule:
    """Tells the time and the blend of the running epoch or update.

    Args:
        task: tells the epoch
        dece_alpha: base of the blend, in (0, 1], or ``AUTO``: then somebody has to settle it
        dece_min_blend: what it falls to, in [0, dece_alpha]
        label_smoothing: epsilon, in [0, 1); None is 0 with ``AUTO``, 0.05 with a number
        dece_warmup_epochs: epochs before the blend falls
        dece_schedule: one of ``SCHEDULES``
        update_freq: batches an update takes in epoch 1, 2, ...; the last goes for the rest
        dece_gate: one of ``gates``; but for tokens somebody has to find what is muted
        gates: ``GATES`` or ``LABEL_GATES``

    Raises:
        UserError: an option is out of its range; the option is named
    """

    def __init__(
        self,
        task: FairseqTask,
        dece_alpha: Union[float, str],
        dece_min_blend: float,
        label_smoothing: Optional[float],
        dece_warmup_epochs: int,
        dece_schedule: str,
        update_freq: Sequence[int],
        dece_gate: str = TOKEN,
        gates: Sequence[str] = GATES,
    ) -> None:
        self._is_auto = dece_alpha == AUTO
        label_smoothing = smoothing_for(dece_alpha, label_smoothing)
        alpha = 1.0 if self._is_auto else _number(dece_alpha)
        check_option("--dece-alpha", 0 < alpha <= 1, f"in (0, 1], or {AUTO}", dece_alpha)
        if self._is_auto:
            lowest, wanted = dece_min_blend == 0, "0 with --dece-alpha auto, which is a level"
        else:
            lowest, wanted = 0 <= dece_min_blend <= alpha, f"from 0 to --dece-alpha ({alpha})"
        check_option("--dece-min-blend", lowest, wanted, dece_min_blend)
        check_option("--label-smoothing", 0 <= label_smoothing < 1, "in [0, 1)", label_smoothing)
        finite = 0 <= dece_warmup_epochs < math.inf
        check_option("--dece-warmup-epochs", finite, "finite and 0 or more", dece_warmup_epochs)
        known = dece_schedule in SCHEDULES
        check_option("--dece-schedule", known, " or ".join(SCHEDULES), dece_schedule)
        check_option("--dece-gate", dece_gate in gates, " or ".join(gates), dece_gate)
        if dece_gate == AUTO:
            dece_gate = gates[-1] if self._is_auto else TOKEN
        #: what is muted: ``TOKEN``, or what somebody has to find
        self.gate = dece_gate
        #: what trusted text has to settle, and by which option
        self._wanted = {
            **({LEVEL: f"--dece-alpha {AUTO}"} if self._is_auto else {}),
            **({MUTED: f"--dece-gate {dece_gate}"} if dece_gate != TOKEN else {}),
        }
        self._alpha = alpha
        self._min_blend = alpha if self._is_auto else dece_min_blend
        self.epsilon = label_smoothing
        self.warmup_epochs = dece_warmup_epochs
        self.schedule = dece_schedule
        self.update_freq = update_freq
        self.clock = TrainingClock.of(task)

    @property
    def alpha(self) -> float:
        """Return the base of the blend; 1 until it is settled."""
        return float(self.clock.kept.get(LEVEL, 1.0)) if self._is_auto else self._alpha

    def is_settled(self) -> bool:
        """Return whether all is known: it was given, settled, or settled before a resume."""
        return not self._unknown()

    def is_to_be_settled(self) -> bool:
        """Return whether something is to be settled now: unknown, and the warmup is over.

        Raises:
            TrainingStepError: the training began with other options
        """
        if self.is_settled() or self.training_time() == 0:
            return False
        epoch, first = self.clock.epoch, self.warmup_epochs + 1
        if epoch is not None and (epoch > first or (epoch == first and self.clock.is_within_epoch)):
            unknown = " and ".join(self._wanted[name] for name in self._unknown())
            raise TrainingStepError(
                f"{unknown}: this training began without, and by epoch {epoch:g} the model "
                f"has met the doubtful pairs; go on as it began, with {self.without()}, or begin "
                "anew with --finetune-from-model"
            )
        return True

    def asking(self) -> str:
        """Return the options that trusted text has to settle; empty where there are none."""
        return " and ".join(self._wanted.values())

    def without(self) -> str:
        """Return the options with which trusted text has nothing more to settle."""
        return " and ".join(_WITHOUT[name] for name in self._unknown())

    def _unknown(self) -> List[str]:
        """Return the names of what trusted text has yet to settle."""
        return [name for name in self._wanted if name not in self.clock.kept]

    def settle(self, level: float) -> None:
        """Take ``level`` for a blend that never changes; checkpoints keep it."""
        if self.warmup_epochs:
            logger.warning(
                f"--dece-warmup-epochs {self.warmup_epochs}: the model met the doubtful pairs in "
                "the warmup, and may by now find their payload likely, which is then learned. Warm "
                "up on trusted pairs alone, in a training of its own"
            )
        if self._is_auto:
            self.clock.kept.setdefault(LEVEL, level)
            logger.info(f"--dece-alpha {AUTO}: the blend stays at {told_blend(self.alpha)}")

    def time(self) -> Optional[float]:
        """Return T of ``alpha ** T``; None until an epoch is told.

        T is the epochs since the warmup, as ``time_at`` has it.
        """
        if self.schedule == "update":
            epoch = self.clock.epoch_by_update(self.update_freq)
        else:
            epoch = self.clock.epoch
        if epoch is None:
            return None
        return time_at(max(0.0, epoch - self.warmup_epochs), self._alpha, self._min_blend)

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


def _number(text: Union[float, str]) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan  # in no range
