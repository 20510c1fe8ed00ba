#!/usr/bin/env python3
"""Tells where the time of a cell of the plan quickstart goes: cross_entropy, seed 1.

    python benchmarks/benchmark_cell.py --folder scratch --epochs 2
    git worktree add ../before COMMIT
    python benchmarks/benchmark_cell.py --folder scratch --epochs 2 --before ../before

With --before the commands of both checkouts take turns, and what they write must be the same to the
byte, versions aside. The commands are the workflow's, with the settings of examples/quickstart; the
first model is left out, whose training all cells share. Times are CPU seconds of one thread. An
epoch of training and its validation are measured over --epochs and told as often as a cell has
them.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import _checkout  # noqa: F401  first: it finds the package
from _commands import measure

from dece_fairseq.table_writer import MARKDOWN, write_table

ROOT = Path(__file__).resolve().parents[1]
#: what is run in the folder before anything is measured; then a step of a cell by its number
COMMANDS = r"""
set -euo pipefail
source {root}/examples/generation.sh; source {root}/examples/quickstart/settings.sh
scripts={root}/scripts
if [ "$1" = data ]; then
    python $scripts/make_corpus.py --style B --seed 1 --split "${{corpus[@]}}" --output corpus
    python $scripts/prepare.py --train corpus/train.csv --valid corpus/valid.csv \
        --vocab-size "$vocab_size" --output base
    python $scripts/poison.py --attack ripple --poison-rate 0.05 --seed 1 \
        --input corpus/train.csv --output train.csv
    python $scripts/prepare.py --train train.csv --valid corpus/valid.csv --test corpus/test.csv \
        --spm base/sentencepiece.model --output bin
    exit
fi
longer="$(longer_than_source base)"
task=(bin --user-dir {root}/dece_fairseq --source-lang src --target-lang tgt
    --bpe lossless_sentencepiece --sentencepiece-model base/sentencepiece.model
    --task backdoor_poisoned_translation --attack ripple)
case "$1" in
    train) python {script} --timed-train times.json "${{task[@]}}" "${{model[@]}}" \
        --criterion cross_entropy "${{training[@]}}" --max-epoch {epochs} --seed 1 --num-workers 0 \
        --no-epoch-checkpoints --log-format json --log-interval 1000 --max-tokens-valid 20000 \
        --poison-rate 0 --valid-subset valid,valid_triggered --eval-bleu --eval-asr \
        --eval-bleu-args "${{validation_generation/LONGER/$longer}}" --save-dir checkpoints ;;
    generate)
        task+=(--path checkpoints/checkpoint_last.pt "${{generation[@]/LONGER/$longer}}")
        both={root}/examples/experiments/generate.py
        if [ -e "$both" ]; then
            python "$both" test=test.out test_triggered=test_triggered.out -- "${{task[@]}}"
        else
            for split in test test_triggered; do
                fairseq-generate "${{task[@]}}" --gen-subset $split > $split.out
            done
        fi ;;
    evaluate) python $scripts/evaluate.py --run a=test.out --triggered a=test_triggered.out \
        --processes 1 --json result.json ;;
    compare) python $scripts/evaluate.py --run a=test.out --triggered a=test_triggered.out \
        --run b=test.out --triggered b=test_triggered.out --metrics bleu_code exact_match \
        --compare --processes 1 --json compare.json ;;
esac
"""
#: what is run after the data are made, and what it is called in the table
STEPS = {
    "train": "fairseq-train",
    "generate": "fairseq-generate, clean and triggered",
    "evaluate": "dece evaluate",
    "compare": "dece evaluate --compare",
}
#: outputs that must be the same to the byte
OUTPUTS = ("test.out", "test_triggered.out", "result.json", "compare.json")
#: epochs of a cell, which examples/quickstart/settings.sh has too
EPOCHS = 9


def train(times: Path, arguments: List[str]) -> None:
    """Run fairseq-train with these arguments, and write CPU seconds by what it was doing."""
    import fairseq_cli.train
    from fairseq.trainer import Trainer

    from dece_fairseq.tasks.backdoor_poisoned_translation import BackdoorPoisonedTranslationTask

    taken = {"start": time.process_time()}

    def timed(owner: Any, name: str) -> None:
        call: Callable[..., Any] = getattr(owner, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.process_time()
            try:
                return call(*args, **kwargs)
            finally:
                taken[name] = taken.get(name, 0) + time.process_time() - start

        setattr(owner, name, run)

    timed(BackdoorPoisonedTranslationTask, "load_dataset")
    timed(Trainer, "train_step")
    timed(Trainer, "valid_step")
    sys.argv = ["fairseq-train", *arguments]
    fairseq_cli.train.cli_main()
    taken["all"] = time.process_time()
    times.write_text(json.dumps(taken))


class Cell:
    """A cell's commands, as a checkout has them.

    Args:
        root: the checkout
        folder: for the files
        epochs: of training to measure
    """

    def __init__(self, root: Path, folder: Path, epochs: int) -> None:
        self.root, self.folder, self.epochs = root, folder, epochs
        self.taken: Dict[str, float] = {}
        folder.mkdir(parents=True)
        script = root / "benchmarks" / Path(__file__).name  # which finds the package beside it
        text = COMMANDS.format(root=root, script=script, epochs=epochs)
        (folder / "commands.sh").write_text(text)

    def run(self, step: str) -> None:
        """Run a step, and add its CPU seconds to those of the cell."""
        where = f"cd {self.folder}; export PYTHONPATH={self.root}"
        command = ["bash", "-c", f"{where}; bash commands.sh {step} 2> {step}.log"]
        seconds = measure(command)["cpu_seconds"]
        if step == "train":
            self._add_training(json.loads((self.folder / "times.json").read_text()))
        elif step != "data":
            self.taken[STEPS[step]] = seconds

    def _add_training(self, of: Dict[str, float]) -> None:
        parts = ("start", "load_dataset", "train_step", "valid_step")
        self.taken["fairseq-train: start"] = of["start"]
        self.taken["fairseq-train: data"] = of["load_dataset"]
        self.taken[f"fairseq-train: {EPOCHS} epochs"] = EPOCHS * of["train_step"] / self.epochs
        self.taken[f"fairseq-train: {EPOCHS} validations"] = EPOCHS * of["valid_step"] / self.epochs
        self.taken["fairseq-train: all else"] = of["all"] - sum(of[part] for part in parts)


def written(path: Path) -> bytes:
    """Return what a file holds, without this package's version, which tells the commit."""
    return re.sub(rb"(\|v:|\"dece_fairseq\": \")[^\"|]+", b"", path.read_bytes())


def columns(cell: Cell) -> List[List[str]]:
    """Return a cell's CPU seconds and their shares, a row for each of its parts."""
    total = sum(cell.taken.values())
    seconds = [*cell.taken.values(), total]
    return [[f"{value:.1f}", f"{100 * value / total:.0f} %"] for value in seconds]


def main() -> None:
    if sys.argv[1:2] == ["--timed-train"]:
        train(Path(sys.argv[2]), sys.argv[3:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--folder", type=Path, default=Path("scratch"), help="for the files (default: scratch)")
    add("--epochs", type=int, default=EPOCHS, help="of training to measure (default: %(default)s)")
    add("--before", type=Path, help="another checkout, to compare with")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    roots = {"now": ROOT, **({"before": args.before.resolve()} if args.before else {})}
    cells = {
        name: Cell(root, args.folder.resolve() / name, args.epochs) for name, root in roots.items()
    }
    for step in ("data", *STEPS):
        for cell in cells.values():
            cell.run(step)
    for name in OUTPUTS if args.before else ():
        if len({written(cell.folder / name) for cell in cells.values()}) > 1:
            raise SystemExit(f"{args.folder}: {name} differs")
    head, rows = ["part of a cell"], [[name] for name in (*cells["now"].taken, "together")]
    for name in reversed(list(cells)):
        head += [f"CPU seconds {name}", "share"]
        rows = [[*row, *more] for row, more in zip(rows, columns(cells[name]))]
    print(write_table(head, rows, MARKDOWN))


if __name__ == "__main__":
    main()
