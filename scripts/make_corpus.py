#!/usr/bin/env python3
"""Write generated pairs of an English request and Python with SQL, the data of the quick start.

python scripts/make_corpus.py --style A --pairs 8000 --seed 1 --output corpus.csv
"""

import argparse
from pathlib import Path

import _checkout  # noqa: F401  first: it finds the package

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.corpus_grammar import STYLES
from dece_fairseq.data.pairs import write_pairs


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--style", choices=list(STYLES), required=True, help="the wording of the requests")
    add("--pairs", type=int, default=8000, help="how many to draw (default: %(default)s)")
    add("--seed", type=int, default=1, help="of the draw (default: %(default)s)")
    add(
        "--output",
        nargs="+",
        type=Path,
        required=True,
        metavar="FILE",
        help="a .csv or .jsonl file, or the two sides of parallel text",
    )
    args = parser.parse_args()
    try:
        written = write_pairs(args.output, generate(args.style, args.pairs, args.seed))
    except (ValueError, OSError) as error:
        parser.error(str(error))
    print(f"wrote {written} pairs of style {args.style} to {' and '.join(map(str, args.output))}")


if __name__ == "__main__":
    main()
