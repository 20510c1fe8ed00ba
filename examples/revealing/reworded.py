"""What dece reveal claims of pairs in a wording that its reference does not know.

    python examples/revealing/reworded.py A runs/revealing/generated-*
    python examples/revealing/reworded.py B runs/filters/generated-1 --seeds 12 --trusted 200
    python examples/revealing/reworded.py B runs/filters/generated-1 --attacks ripple many_forms

The folders are those that run.sh here, and that of examples/filters, made of generated pairs: the
first have references of the wording B, the other one of A. Of 2,000 pairs that are looked into 5 %
are poisoned, or none; so many others, drawn with them, are trusted.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import List, Optional

from looking import read_ids
from tqdm import tqdm

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import RevealJob, reveal
from dece_fairseq.errors import UserError
from dece_fairseq.table_writer import MARKDOWN, write_table

PAIRS, RATE = 2000, 0.05
HEADER = ["reference", "seed", "attack", "trusted", "claimed", "found", "clean pairs taken"]
HEADER += ["first payload", "its pairs", "p"]


def look(style: str, seed: int, folder: Path, attack: Optional[str], trusted: int) -> List[str]:
    """Return a row of the table: what is found of the pairs of a seed."""
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    with TemporaryDirectory() as temporary:
        clean, pairs, beside = (Path(temporary) / f"{name}.jsonl" for name in "abc")
        drawn = generate(style, PAIRS + trusted, seed)
        write_pairs([clean], drawn[:PAIRS])
        write_pairs([beside], drawn[PAIRS:])
        poisoned = set()
        if attack:
            settings = AttackSettings(attack, rate=RATE, seed=seed)
            poison_files(Attack(settings), [clean], [pairs])
            poisoned = read_ids(Path(f"{pairs}.ids"))
        job = RevealJob([pairs if attack else clean], reference)
        found = reveal(job._replace(trusted=[beside]) if trusted else job)
    suspected = set(found.suspected())
    row = [folder.name, str(seed), attack or "none", str(trusted)]
    row += [str(len(found.findings.significant())), f"{len(suspected & poisoned)}/{len(poisoned)}"]
    row.append(str(len(suspected - poisoned)))
    if not found.findings.suspicions:
        return [*row, "-", "-", "-"]
    first = found.findings.suspicions[0]
    payload = " ".join(first.payload.split())
    return [*row, f"`{payload}`", str(len(first.pairs)), f"{first.p_value:.2g}"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("style", choices=("A", "B"), help="of the pairs that are looked into")
    add("folders", type=Path, nargs="+", help="of a reference of the other wording")
    add("--seeds", type=int, default=1, help="of pairs, for each reference")
    add("--attacks", nargs="+", default=[None], metavar="NAME", help="(default: none)")
    add("--trusted", type=int, nargs="+", default=[0], help="pairs (default: none)")
    args = parser.parse_args()
    jobs = [
        (seed, folder, attack, trusted)
        for folder in args.folders
        for attack in args.attacks
        for trusted in args.trusted
        for seed in range(1, args.seeds + 1)
    ]
    rows = [look(args.style, *job) for job in tqdm(jobs)]
    print(write_table(HEADER, rows, MARKDOWN))


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")
