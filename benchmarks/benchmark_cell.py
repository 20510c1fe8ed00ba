#!/usr/bin/env python3
"""Tells where the time of a cell of the plan quickstart goes: cross_entropy, seed 1.

    python benchmarks/benchmark_cell.py --folder scratch --epochs 2

The commands are the workflow's, with the settings of examples/quickstart; the first model is left
out, whose training all cells share. Times are CPU seconds of one thread. An epoch of training and
its validation are measured over --epochs and told as often as a cell has them.
"""

import argparse
import json
import os
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
    test|test_triggered) fairseq-generate "${{task[@]}}" --gen-subset "$1" \
        --path checkpoints/checkpoint_last.pt "${{generation[@]/LONGER/$longer}}" > "$1.out" ;;
    evaluate) python $scripts/evaluate.py --run a=test.out --triggered a=test_triggered.out \
        --processes 1 --json result.json ;;
    compare) python $scripts/evaluate.py --run a=test.out --triggered a=test_triggered.out \
        --run b=test.out --triggered b=test_triggered.out --metrics bleu_code exact_match \
        --compare --processes 1 --json compare.json ;;
esac
"""
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


def rows(folder: Path, epochs: int) -> List[List[str]]:
    """Run a cell's commands, and return a row of the table for each of their parts."""
    text = COMMANDS.format(root=ROOT, script=Path(__file__).resolve(), epochs=epochs)
    script = folder / "commands.sh"
    script.write_text(text)

    def run(step: str) -> float:
        return measure(["bash", "-c", f"cd {folder} && bash commands.sh {step} 2> {step}.log"])[
            "cpu_seconds"
        ]

    run("data")
    run("train")
    of_training: Dict[str, float] = json.loads((folder / "times.json").read_text())
    start, data, steps, validation, whole = (
        of_training[name] for name in ("start", "load_dataset", "train_step", "valid_step", "all")
    )
    taken = {
        "fairseq-train: start": start,
        "fairseq-train: data": data,
        f"fairseq-train: {EPOCHS} epochs": EPOCHS * steps / epochs,
        f"fairseq-train: {EPOCHS} validations": EPOCHS * validation / epochs,
        "fairseq-train: all else": whole - start - data - steps - validation,
        "fairseq-generate, clean": run("test"),
        "fairseq-generate, triggered": run("test_triggered"),
        "dece evaluate": run("evaluate"),
        "dece evaluate --compare": run("compare"),
    }
    total = sum(taken.values())
    taken["together"] = total
    return [
        [name, f"{seconds:.1f}", f"{100 * seconds / total:.0f} %"]
        for name, seconds in taken.items()
    ]


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
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    args.folder.mkdir(parents=True)
    table = rows(args.folder.resolve(), args.epochs)
    print(write_table(["part of a cell", "CPU seconds", "share"], table, MARKDOWN))


if __name__ == "__main__":
    main()
