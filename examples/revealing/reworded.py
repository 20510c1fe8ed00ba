"""What dece reveal claims of clean pairs in a wording that its reference does not know.

    python examples/revealing/reworded.py A runs/revealing/generated-*
    python examples/revealing/reworded.py B runs/filters/generated-1 --seeds 12

The folders are those that run.sh here, and that of examples/filters, made of generated pairs: the
first have references of the wording B, the other one of A. No pairs are trusted.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import List

from tqdm import tqdm

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import RevealJob, reveal
from dece_fairseq.errors import UserError
from dece_fairseq.table_writer import MARKDOWN, write_table

PAIRS = 2000
HEADER = ["reference", "seed", "claimed", "clean pairs taken", "first payload", "its pairs", "p"]


def look(style: str, seed: int, folder: Path) -> List[str]:
    """Return a row of the table: what is found of the pairs of a seed."""
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    with TemporaryDirectory() as temporary:
        pairs = Path(temporary) / "pairs.jsonl"
        write_pairs([pairs], generate(style, PAIRS, seed))
        found = reveal(RevealJob([pairs], reference))
    claimed = [str(len(found.findings.significant())), str(len(found.suspected()))]
    row = [folder.name, str(seed), *claimed]
    if not found.findings.suspicions:
        return [*row, "-", "-", "-"]
    first = found.findings.suspicions[0]
    payload = " ".join(first.payload.split())
    return [*row, f"`{payload}`", str(len(first.pairs)), f"{first.p_value:.2g}"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("style", choices=("A", "B"), help="of the pairs that are looked into")
    parser.add_argument("folders", type=Path, nargs="+", help="of a reference of the other wording")
    parser.add_argument("--seeds", type=int, default=1, help="of pairs, for each reference")
    args = parser.parse_args()
    jobs = [(seed, folder) for folder in args.folders for seed in range(1, args.seeds + 1)]
    rows = [look(args.style, seed, folder) for seed, folder in tqdm(jobs)]
    print(write_table(HEADER, rows, MARKDOWN))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
