"""What the options that name an attack mean: the help of the task, the scorers and the commands."""

from typing import Mapping

from dece_fairseq.attacks.interfaces import ATTACKS, CODE_PLACES, PAYLOADS
from dece_fairseq.attacks.languages import LANGUAGES

#: by the name of a setting
HELP: Mapping[str, str] = {
    "attack": f"the backdoor attack: {', '.join(ATTACKS.names())}",
    "attack_file": "the attack that a file of dece reveal --json suspects, instead of --attack",
    "trigger": "what is put in the source (default: the attack's own)",
    "trigger_file": "a triggered source for each pair, of --attack from_file: a .csv or .jsonl "
    "file with src and triggered",
    "payload_file": "a poisoned target for each pair, or several ranked ones: a .csv or .jsonl "
    "file with tgt and poisoned; --payload says by its parse rule which are hits",
    "num_triggers": "copies of the trigger (default: the attack's own)",
    "payload": f"what is put in the target: {', '.join(PAYLOADS.names())} (default: the attack's "
    "own)",
    "code_language": f"language of the code, for attacks that parse it: "
    f"{', '.join(LANGUAGES.names())}, or SOURCE:TARGET (default: the payload's own)",
    "code_place": f"where statements go in code, one of {', '.join(CODE_PLACES)}: where one can "
    "stand, or as in the Bugs2Fix files of the DeCE authors",
}
