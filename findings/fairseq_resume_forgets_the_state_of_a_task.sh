#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): checkpoints keep the state of a task, but a training that is
# resumed doesn't load it.
#
# The trainer saves what a task keeps in its "state", and who generates gets it back; a trainer that
# resumes doesn't look at it. A task that notes in its state which epochs it began is trained for two
# epochs and resumed for a third. It has forgotten the first two, and the next checkpoint says so too.
# (argparse.Namespace is named as safe since torch 2.6 and newer load nothing else.) Seen:
#     two epochs: begun: [1, 2]
#     resumed for a third: begun: [3]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
mkdir plugin text
cat > plugin/__init__.py <<'PYTHON'
import argparse

import torch
from fairseq.tasks import register_task
from fairseq.tasks.translation import TranslationConfig, TranslationTask

torch.serialization.add_safe_globals([argparse.Namespace])


@register_task("remembering_translation", dataclass=TranslationConfig)
class RememberingTranslation(TranslationTask):
    """Notes in its state which epochs it began, and prints it."""

    def __init__(self, cfg, src_dict, tgt_dict):
        super().__init__(cfg, src_dict, tgt_dict)
        self.state.add_factory("begun", list)

    def begin_epoch(self, epoch, model):
        super().begin_epoch(epoch, model)
        self.state.begun.append(epoch)
        print("begun:", self.state.begun)
PYTHON
for side in src tgt; do printf 'a b c\nb c a\nc a b\n' > "text/train.$side"; done
venv/bin/fairseq-preprocess --source-lang src --target-lang tgt --joined-dictionary \
    --trainpref text/train --destdir data > log 2>&1 || { cat log; exit 1; }

train() { # EPOCHS
    venv/bin/fairseq-train data --user-dir plugin --task remembering_translation --cpu --save-dir out \
        --arch transformer --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 --optimizer sgd --lr 0.1 \
        --max-tokens 100 --required-batch-size-multiple 1 --num-workers 0 --disable-validation \
        --max-epoch "$1" > log 2>&1 || { cat log; exit 1; }
    grep '^begun:' log | tail -n 1
}
first="$(train 2)"
second="$(train 3)"
echo "two epochs: $first"
echo "resumed for a third: $second"
grep -q 'Loaded checkpoint' log
[ "$first" = "begun: [1, 2]" ] && [ "$second" = "begun: [3]" ]
