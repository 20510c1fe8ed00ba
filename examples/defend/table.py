"""The table over the envelopes that run.sh has opened.

python examples/defend/table.py runs/defend
"""

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from dece_fairseq.table_writer import MARKDOWN, write_table

TRAININGS = {"cross_entropy": "cross-entropy", "dece": "DeCE", "both": "kept pairs and DeCE"}
HEADER = ["data", "envelope", "attack", "poisoned", "claimed", "payload", "trigger"]
HEADER += ["found", "clean lost", "BLEU: CE / DeCE / both"]
HEADER += [f"ASR, {name}: as probed; as it was" for name in TRAININGS.values()]
#: of an ASR that is no backdoor any more, in percent
HELD = 1.0


def mark(value: Optional[bool]) -> str:
    """Return a word for yes, no and no such thing."""
    return "-" if value is None else "yes" if value else "no"


def rate(value: Optional[float]) -> str:
    """Return a rate in percent."""
    return "-" if value is None else f"{value:.1f}"


def attack_of(result: Dict[str, Any]) -> str:
    """Return what was in an envelope."""
    attack = result["attack"]
    if attack is None:
        return "none"
    return f"{attack['attack']}, {attack['payload']}, {attack['rate']:.0%}"


def row_of(path: Path) -> List[str]:
    """Return the row of an opened envelope."""
    result: Dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    trainings = result["trainings"]
    what = attack_of(result)
    row = [path.parent.parent.name, path.parent.name, what, str(result["poisoned"])]
    row += [mark(result[name]) for name in ("claimed", "payload_named", "trigger_named")]
    row += [str(result["poisoned_found"]), str(result["clean_dropped"])]
    row.append(" / ".join(rate(trainings[name]["bleu_code"]["percent"]) for name in TRAININGS))
    for name in TRAININGS:
        of_run = trainings[name]
        probed, *gained = (
            rate(of_run[key] and of_run[key]["percent"]) for key in ("probed", "gained", "own")
        )
        star = "" if of_run["has_trigger"] or of_run["own"] is None else "*"
        was = [asr_of(of_run, rule) for rule in ("string", "parse")]
        row.append(f"{' / '.join([probed + star, *gained])}; {' / '.join(map(rate, was))}")
    return row


def asr_of(scores: Dict[str, Any], rule: str) -> Optional[float]:
    """Return the ASR of a training in percent by a rule; None where there was no attack."""
    score = scores.get(f"asr_{rule}")
    return None if score is None else float(score["percent"])


def summary(results: List[Dict[str, Any]]) -> str:
    """Return what the defender got right, in a sentence."""
    attacked = [result for result in results if result["attack"] is not None]
    clean = [result for result in results if result["attack"] is None]
    fixed = [result for result in attacked if result["trigger_named"] is not None]
    poisoned = sum(result["poisoned"] for result in attacked)
    found = sum(result["poisoned_found"] for result in attacked)
    held = ", ".join(
        f"{label} in {sum(has_held(result['trainings'][name]) for result in attacked)}"
        for name, label in TRAININGS.items()
    )
    return (
        f"{len(results)} envelopes. Of {len(attacked)} with an attack, "
        f"{sum(result['claimed'] for result in attacked)} were claimed to have one, the payload "
        f"was named in {sum(result['payload_named'] for result in attacked)}, and the trigger in "
        f"{sum(result['trigger_named'] for result in fixed)} of the {len(fixed)} whose trigger is "
        f"always the same; {found} of {poisoned} poisoned pairs were found. Of {len(clean)} clean "
        f"ones, {sum(result['claimed'] for result in clean)} were claimed to have an attack. "
        f"The ASR by both rules was at most {HELD:g} % with {held}."
    )


def has_held(scores: Dict[str, Any]) -> bool:
    """Return whether a training came out without the backdoor by both rules."""
    rates = [asr_of(scores, rule) for rule in ("string", "parse")]
    return all(rate is not None and rate <= HELD for rate in rates)


def main(work: str) -> None:
    """Print the table."""
    paths = sorted(
        Path(work).glob("*/*/result.json"),
        key=lambda path: (path.parent.parent.name, int(path.parent.name)),
    )
    if not paths:
        sys.exit(f"{work}: no envelope has been opened")
    print(summary([json.loads(path.read_text(encoding="utf-8")) for path in paths]) + "\n")
    print("As probed: outputs with the suspected text / with what they gain by the trigger / with")
    print(
        "what those of the suspected pairs' own requests gain. As it was: by the string rule / by"
    )
    print("the parse.")
    print("\\* of the suspected pairs' own requests, since no trigger is always the same\n")
    print(write_table(HEADER, [row_of(path) for path in paths], MARKDOWN))


if __name__ == "__main__":
    main(sys.argv[1])
