"""fairseq-generate for several splits, which imports fairseq once.

    python examples/experiments/generate.py test=test.out test_triggered=triggered.out -- DATA ...

What follows ``--`` are the options of fairseq-generate. Each split has a process of its own, so
that a file holds what ``fairseq-generate DATA ... --gen-subset SPLIT > FILE`` writes.
"""

import multiprocessing
import os
import sys
from pathlib import Path
from typing import List

import fairseq_cli.generate


def generate(split: str, file: Path, options: List[str]) -> None:
    """Write what the model gives for a split."""
    with file.open("wb") as written:
        os.dup2(written.fileno(), sys.stdout.fileno())
    sys.argv = ["fairseq-generate", *options, "--gen-subset", split]
    fairseq_cli.generate.cli_main()


def main() -> None:
    if "--" not in sys.argv:
        raise SystemExit(__doc__)
    ending = sys.argv.index("--")
    context = multiprocessing.get_context("fork")
    for asked in sys.argv[1:ending]:
        split, _, file = asked.partition("=")
        part = Path(f"{file}.part")
        process = context.Process(target=generate, args=(split, part, sys.argv[ending + 1 :]))
        process.start()
        process.join()
        if process.exitcode:
            part.unlink()
            raise SystemExit(f"fairseq-generate failed for the split {split}")
        part.rename(file)


if __name__ == "__main__":
    main()
