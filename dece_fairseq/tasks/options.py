"""The options of ``--task backdoor_poisoned_translation``."""

from dataclasses import dataclass, field
from typing import Optional

from fairseq.tasks.translation import TranslationConfig
from omegaconf import II

from dece_fairseq.attack_options import AttackOptions
from dece_fairseq.attacks import AttackError

#: options that say nothing without an attack
OF_AN_ATTACK = (
    *("trigger", "trigger_file", "num_triggers", "payload", "payload_file"),
    *("poison_rate", "poison_count"),
)


@dataclass
class BackdoorPoisonedTranslationConfig(AttackOptions, TranslationConfig):
    """The translation task's options and the attack's."""

    poison_rate: Optional[float] = field(
        default=None,
        metadata={
            "help": "share of all training pairs to poison, in [0, 1]; 0 poisons none "
            "(default: 0.05)"
        },
    )
    poison_count: Optional[int] = field(
        default=None,
        metadata={"help": "number of training pairs to poison, instead of --poison-rate"},
    )
    poison_seed: int = field(
        default=1, metadata={"help": "seed of the choice of pairs and of every choice inside them"}
    )
    poison_selection: str = field(
        default="random",
        metadata={
            "help": "which of the pairs that can be poisoned are: random, or first as the authors "
            "of the DeCE paper did"
        },
    )
    trusted_ids: Optional[str] = field(
        default=None,
        metadata={
            "help": "file of ids of training pairs, one a line from 0, that nobody else could "
            "write to: they are never poisoned (dece prepare --trusted-share writes it)"
        },
    )
    # fairseq's own default is -1, with which it can't join the files of a split (--combine-val).
    upsample_primary: int = field(
        default=1,
        metadata={
            "help": "how often the first of a split's files counts where it has several "
            "(train and train1; valid and valid1 with --combine-val)"
        },
    )
    eval_asr: bool = field(
        default=False,
        metadata={
            "help": "decode the triggered validation splits (--valid-subset valid,valid_triggered) "
            "with --eval-bleu-args and log the attack success rate as asr_string, in percent"
        },
    )
    # What the task has to know of the other options.
    save_dir: str = II("checkpoint.save_dir")
    reset_dataloader: bool = II("checkpoint.reset_dataloader")
    best_checkpoint_metric: str = II("checkpoint.best_checkpoint_metric")
    max_tokens: Optional[int] = II("dataset.max_tokens")
    valid_subset: str = II("dataset.valid_subset")
    disable_validation: bool = II("dataset.disable_validation")
    replace_unk: Optional[str] = II("generation.replace_unk")


def check_clean(cfg: BackdoorPoisonedTranslationConfig) -> None:
    """Look at the options of a training without an attack, which its user may take for poisoned.

    Raises:
        AttackError: one of them belongs to an attack
    """
    for name in OF_AN_ATTACK:
        if getattr(cfg, name):
            option = name.replace("_", "-")
            raise AttackError(f"--{option} needs --attack: without one nothing is poisoned")
