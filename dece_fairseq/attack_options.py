"""The options that name an attack, the same for the task and the scorers."""

from dataclasses import dataclass, field
from typing import Any, Optional

from fairseq.dataclass import FairseqDataclass
from omegaconf import II

from dece_fairseq.attacks import ATTACKS, CODE_PLACES, LANGUAGES, PAYLOADS


@dataclass
class AttackOptions(FairseqDataclass):
    """Which attack. Options left out take the attack's own values."""

    attack: Optional[str] = field(
        default=None, metadata={"help": f"the backdoor attack: {', '.join(ATTACKS.names())}"}
    )
    attack_file: Optional[str] = field(
        default=None,
        metadata={
            "help": "the attack that a file of dece reveal --json suspects, instead of --attack"
        },
    )
    trigger: Optional[str] = field(
        default=None, metadata={"help": "what is put in the source (default: the attack's own)"}
    )
    trigger_file: Optional[str] = field(
        default=None,
        metadata={
            "help": "a triggered source for each pair, of --attack from_file: a .csv or .jsonl "
            "file with src and triggered"
        },
    )
    payload_file: Optional[str] = field(
        default=None,
        metadata={
            "help": "a poisoned target for each pair, or several ranked ones: a .csv or .jsonl "
            "file with tgt and poisoned; --payload says by its parse rule which are hits"
        },
    )
    num_triggers: Optional[int] = field(
        default=None, metadata={"help": "copies of the trigger (default: the attack's own)"}
    )
    payload: Optional[str] = field(
        default=None,
        metadata={
            "help": f"what is put in the target: {', '.join(PAYLOADS.names())} "
            "(default: the attack's own)"
        },
    )
    code_language: Optional[str] = field(
        default=None,
        metadata={
            "help": f"language of the code, for attacks that parse it: "
            f"{', '.join(LANGUAGES.names())}, or SOURCE:TARGET (default: the payload's own)"
        },
    )
    code_place: str = field(
        default=CODE_PLACES[0],
        metadata={
            "help": f"where statements go in code, one of {', '.join(CODE_PLACES)}: where one can "
            "stand, or as in the Bugs2Fix files of the DeCE authors"
        },
    )
    # What the run was started with, to get from tokens to text. Not called bpe and tokenizer, or
    # fairseq would fill in the bare names that stand on the command line.
    text_bpe: Any = II("bpe")
    text_tokenizer: Any = II("tokenizer")
    text_post_process: Any = II("common_eval.post_process")
