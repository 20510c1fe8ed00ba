"""The options that name an attack, the same for the task and the scorers."""

from dataclasses import dataclass, field
from typing import Any, Optional

from fairseq.dataclass import FairseqDataclass
from omegaconf import II

from dece_fairseq.attacks import CODE_PLACES
from dece_fairseq.attacks.option_help import HELP


@dataclass
class AttackOptions(FairseqDataclass):
    """Which attack. Options left out take the attack's own values."""

    attack: Optional[str] = field(default=None, metadata={"help": HELP["attack"]})
    attack_file: Optional[str] = field(default=None, metadata={"help": HELP["attack_file"]})
    trigger: Optional[str] = field(default=None, metadata={"help": HELP["trigger"]})
    trigger_file: Optional[str] = field(default=None, metadata={"help": HELP["trigger_file"]})
    payload_file: Optional[str] = field(default=None, metadata={"help": HELP["payload_file"]})
    num_triggers: Optional[int] = field(default=None, metadata={"help": HELP["num_triggers"]})
    payload: Optional[str] = field(default=None, metadata={"help": HELP["payload"]})
    code_language: Optional[str] = field(default=None, metadata={"help": HELP["code_language"]})
    code_place: str = field(default=CODE_PLACES[0], metadata={"help": HELP["code_place"]})
    # What the run was started with, to get from tokens to text. Not called bpe and tokenizer, or
    # fairseq would fill in the bare names that stand on the command line.
    text_bpe: Any = II("bpe")
    text_tokenizer: Any = II("tokenizer")
    text_post_process: Any = II("common_eval.post_process")
