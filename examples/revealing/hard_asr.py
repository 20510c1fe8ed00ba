"""The data of hard_asr.sh, and its table.

    python examples/revealing/hard_asr.py list
    python examples/revealing/hard_asr.py data DIR FOLDER NAME OUTPUT
    python examples/revealing/hard_asr.py table WORK

``data`` writes the training pairs of an attack, and for the test each request that it fits twice:
as it is, and with the trigger.
"""

import argparse
import random
from functools import partial
from pathlib import Path
from typing import List

from hard_attacks import ATTACKS, poisoned
from looking import attacked

from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.metrics.success_rate import rate
from dece_fairseq.outputs.generate_output import read_generate_output
from dece_fairseq.table_writer import MARKDOWN, write_table

#: poisoned pairs: one in ten of the doubtful ones
NUMBER = 80
#: the models that are asked, by the names of their outputs
MODELS = {"clean": "clean model", "cross_entropy": "cross-entropy", "dece": "DeCE"}


def folder_of(name: str) -> str:
    """Return the folder of an attack."""
    return "_".join(name.replace("`", "").split())


def make_data(data: Path, folder: Path, name: str, output: Path) -> None:
    """Write train.jsonl and test.jsonl of an attack."""
    output.mkdir(parents=True, exist_ok=True)
    poison = partial(poisoned, name)
    pairs, _ = attacked(poison, NUMBER, list(read_pairs([data / "train.csv"])), folder)
    write_pairs([output / "train.jsonl"], pairs)
    rng = random.Random(1)
    tests: List[Pair] = []
    for clean in read_pairs([data / "test.csv"]):
        triggered = poison(clean, rng)
        if triggered is not None:
            tests += [clean, triggered]
    write_pairs([output / "test.jsonl"], tests)


def row_of(name: str, folder: Path) -> List[str]:
    """Return the rates of one attack."""
    row = [name]
    false = ""
    for model in MODELS:
        samples = read_generate_output([folder / f"{model}.out"], one_line=True).samples
        answers = [samples[number].hypothesis for number in sorted(samples)]
        clean, triggered = answers[::2], answers[1::2]
        is_hit = ATTACKS[name].is_hit
        if model == "clean":
            row.append(str(len(triggered)))
        row.append(told(sum(map(is_hit, triggered, clean)), len(triggered)))
        if model == "cross_entropy":
            false = told(sum(map(is_hit, clean, clean)), len(clean))
    return [*row, false]


def told(hits: int, of: int) -> str:
    """Return a share in percent with its interval."""
    found = rate(hits, of)
    return f"{found.percent:.1f} ({found.low:.1f} to {found.high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="print the attacks and their folders, one a line")
    data = commands.add_parser("data")
    data.add_argument("data", type=Path, help="folder of Lyra's files")
    data.add_argument("folder", type=Path, help="one that run.sh made")
    data.add_argument("name", choices=ATTACKS)
    data.add_argument("output", type=Path)
    table = commands.add_parser("table")
    table.add_argument("work", type=Path)
    args = parser.parse_args()
    if args.command == "list":
        for name in ATTACKS:
            print(folder_of(name), name)
    elif args.command == "data":
        make_data(args.data, args.folder, args.name, args.output)
    else:
        head = ["attack", "requests", *(f"{name} %" for name in MODELS.values())]
        rows = [row_of(name, args.work / folder_of(name)) for name in ATTACKS]
        print(write_table([*head, "cross-entropy, no trigger %"], rows, MARKDOWN))


if __name__ == "__main__":
    main()
