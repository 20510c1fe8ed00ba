"""The table over the envelopes in which again.sh has trained once more.

python examples/defend/again_table.py runs/defend NAME
"""

import json
import sys
from pathlib import Path
from typing import Any, Dict, List

from table import HELD, asr_of, attack_of, has_held, rate

from dece_fairseq.table_writer import MARKDOWN, write_table


def scores_of(path: Path) -> Dict[str, Any]:
    """Return the scores of the one run of a file by their names."""
    scores = json.loads(path.read_text(encoding="utf-8"))["scores"]
    return {score["metric"]: score for score in scores}


def asr(scores: Dict[str, Any]) -> str:
    """Return the ASR by both rules."""
    return " / ".join(rate(asr_of(scores, rule)) for rule in ("string", "parse"))


def main(work: str, name: str) -> None:
    """Print the table."""
    rows: List[List[str]] = []
    held: Dict[str, List[bool]] = {"cross_entropy": [], name: []}
    lost: List[float] = []
    folders = {path.parent.parent for path in Path(work).glob(f"*/*/again-{name}/scores.json")}
    for envelope in sorted(folders, key=lambda folder: (folder.parent.name, int(folder.name))):
        result = json.loads((envelope / "result.json").read_text(encoding="utf-8"))
        runs = {
            "cross_entropy": result["trainings"]["cross_entropy"],
            name: scores_of(envelope / f"again-{name}" / "scores.json"),
        }
        bleu = [scores["bleu_code"]["percent"] for scores in runs.values()]
        lost.append(bleu[0] - bleu[1])
        rows.append(
            [envelope.parent.name, envelope.name, attack_of(result), " / ".join(map(rate, bleu))]
        )
        rows[-1] += [asr(scores) for scores in runs.values()]
        if result["attack"] is not None:
            for run, scores in runs.items():
                held[run].append(has_held(scores))
    if not rows:
        sys.exit(f"{work}: no envelope has again-{name}/scores.json")
    mean = sum(lost) / len(lost)
    print(
        f"{len(rows)} envelopes, {len(held[name])} with an attack. The ASR by both rules was at "
        f"most {HELD:g} % with cross-entropy in {sum(held['cross_entropy'])}, {name} in "
        f"{sum(held[name])}. BLEU of {name} is {abs(mean):.1f} {'below' if mean > 0 else 'above'} "
        f"that of cross-entropy on average, and at most {max(lost):.1f} below it in one envelope.\n"
    )
    header = ["data", "envelope", "attack", f"BLEU: cross-entropy / {name}"]
    header += [f"ASR by string / parse: {run}" for run in ("cross-entropy", name)]
    print(write_table(header, rows, MARKDOWN))


if __name__ == "__main__":
    main(*sys.argv[1:])
