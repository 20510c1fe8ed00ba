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
from typing import Iterable, List, Tuple

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
    is_hit = ATTACKS[name].is_hit
    asked = {model: answers(folder / f"{model}.out") for model in MODELS}
    rates = [share(map(is_hit, triggered, clean)) for clean, triggered in asked.values()]
    clean, _ = asked["cross_entropy"]
    return [name, str(len(clean)), *rates, share(map(is_hit, clean, clean))]


def answers(output: Path) -> Tuple[List[str], List[str]]:
    """Return what a model wrote for the requests as they are, and for those with the trigger."""
    samples = read_generate_output([output], one_line=True).samples
    found = [samples[number].hypothesis for number in sorted(samples)]
    return found[::2], found[1::2]


def share(hits: Iterable[bool]) -> str:
    """Return the share of hits in percent with its interval."""
    told = list(hits)
    found = rate(sum(told), len(told))
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
