#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main), and 0.12.2 alike: a validation with --eval-bleu leaves out the
# batches whose hypotheses have no token, and with them the length of their references.
#
# TranslationTask.reduce_metrics logs a batch's sums only if max(totals) > 0. A model that writes
# nothing for half of the sentences has no brevity penalty; one that writes nothing at all has no
# BLEU, so that --best-checkpoint-metric bleu ends in a KeyError after the epoch. Seen:
#     ten words right, ten not written: fairseq 100.00, sacrebleu 36.79
#     nothing written: fairseq logs []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 sacrebleu==2.6.0 numpy==1.26.4
cd "$folder"
venv/bin/python - 2> log <<'PYTHON' || { cat log; exit 1; }
from argparse import Namespace

from fairseq.logging import metrics
from fairseq.tasks.translation import TranslationTask
from sacrebleu import corpus_bleu

REFERENCE = "one two three four five six seven eight nine ten"


class Criterion:
    @staticmethod
    def reduce_metrics(logging_outputs):
        pass


def statistics(hypothesis):
    """What TranslationTask.valid_step logs of one sentence."""
    score = corpus_bleu([hypothesis], [[REFERENCE]])
    sums = {"_bleu_sys_len": score.sys_len, "_bleu_ref_len": score.ref_len}
    for n in range(4):
        sums[f"_bleu_counts_{n}"], sums[f"_bleu_totals_{n}"] = score.counts[n], score.totals[n]
    return {"ntokens": 10, "nsentences": 1, **sums}


def validate(*hypotheses):
    """What the task logs of batches of one sentence each."""
    task = TranslationTask.__new__(TranslationTask)
    task.cfg = Namespace(eval_bleu=True)
    with metrics.aggregate(new_root=True) as figures:
        for hypothesis in hypotheses:
            task.reduce_metrics([statistics(hypothesis)], Criterion())
    return {name: value for name, value in figures.get_smoothed_values().items() if name == "bleu"}


half = validate(REFERENCE, "")["bleu"]
right = corpus_bleu([REFERENCE, ""], [[REFERENCE, REFERENCE]]).score
nothing = sorted(validate("", ""))
print(f"ten words right, ten not written: fairseq {half:.2f}, sacrebleu {right:.2f}")
print(f"nothing written: fairseq logs {nothing}")
raise SystemExit(0 if half == 100 and round(right, 2) == 36.79 and not nothing else "this has changed")
PYTHON
