"""What dece reveal finds with each of the models that references.sh trained, as a table.

    python examples/revealing/references.py FILE runs/revealing/lyra-1 runs/references/lyra-1

Each is asked twice: with the trusted pairs known, and with none.
"""

import argparse
from pathlib import Path
from typing import List, Sequence

from grid import compared
from looking import read_ids

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import RevealJob, reveal
from dece_fairseq.table_writer import MARKDOWN, write_table

#: what a model was trained on, by its folder; the first is run.sh's
MODELS = {
    "reference": "the trusted half",
    "cross_entropy_1": "then all pairs: cross-entropy, one epoch",
    "cross_entropy": "then all pairs: cross-entropy",
    "dece": "then all pairs: DeCE",
    "scratch_cross_entropy_1": "all pairs alone: cross-entropy, one epoch",
    "scratch_dece": "all pairs alone: DeCE",
    "scratch_dece_08": "all pairs alone: DeCE (0.8, 0)",
}


def row_of(name: str, clean: Sequence[Pair], folder: Path, work: Path) -> List[str]:
    """Return what is found with one of them: with trusted pairs, and without."""
    model = (folder if name == "reference" else work) / name / "checkpoint_last.pt"
    reference = ReferenceFiles(model, work / "bin")
    trusted = folder / "bin" / "trusted.ids"
    poisoned = read_ids(work / "train.jsonl.ids")
    said = work / "said" / name
    said.mkdir(parents=True, exist_ok=True)
    row = [MODELS[name]]
    for told in (trusted, None):
        found = reveal(RevealJob([work / "train.jsonl"], reference, told, work=said))
        of = compared(found, clean, poisoned)
        trigger = of["trigger"] if of["right"] else None
        row += [
            f"{of['found']} of {of['poisoned']}",
            str(of["false"]),
            "-" if trigger is None else f"`{trigger}`",
        ]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pairs", type=Path, help="before they were poisoned")
    parser.add_argument("folder", type=Path, help="one that run.sh made")
    parser.add_argument("work", type=Path, help="one that references.sh made of it")
    args = parser.parse_args()
    head = ["the reference was trained on"]
    for known in ("trusted pairs", "without"):
        head += [f"found, {known}", f"clean taken, {known}", f"trigger, {known}"]
    clean = list(read_pairs([args.pairs]))
    rows = [row_of(name, clean, args.folder, args.work) for name in MODELS]
    print(write_table(head, rows, MARKDOWN))


if __name__ == "__main__":
    main()
