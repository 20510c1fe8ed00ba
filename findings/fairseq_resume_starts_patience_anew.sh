#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): a training that is resumed has forgotten how long it went on
# without getting better, so --patience stops it later than one that ran through.
#
# The best value and the count that --patience looks at live in the process alone; the best value
# that checkpoints keep is another. A model that can't improve (learning rate 0) is trained with
# --patience 3: in one go, and killed after three epochs and resumed. A job that is stopped more
# often than its patience is long never ends early. Seen:
#     in one go: stopped after epoch 4
#     resumed after epoch 3: stopped after epoch 7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
mkdir plugin text
# Since torch 2.6, checkpoints are loaded only if what they hold is named as safe.
cat > plugin/__init__.py <<'PYTHON'
import argparse

import torch

torch.serialization.add_safe_globals([argparse.Namespace])
PYTHON
for split in train valid; do
    for side in src tgt; do printf 'a b c\nb c a\nc a b\n' > "text/$split.$side"; done
done
venv/bin/fairseq-preprocess --source-lang src --target-lang tgt --joined-dictionary \
    --trainpref text/train --validpref text/valid --destdir data > log 2>&1 || { cat log; exit 1; }

train() { # SAVE_DIR EPOCHS
    venv/bin/fairseq-train data --user-dir plugin --task translation --cpu --save-dir "$1" --seed 1 \
        --arch transformer --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 --optimizer sgd --lr 0 \
        --max-tokens 100 --required-batch-size-multiple 1 --num-workers 0 --log-format simple \
        --patience 3 --max-epoch "$2" > log 2>&1 || { cat log; exit 1; }
}
last() { # the number of the last epoch
    grep -o 'end of epoch [0-9]*' log | tail -n 1 | grep -o '[0-9]*$'
}
train through 20
through=$(last)
train killed 3
train killed 20
grep -q 'Loaded checkpoint killed' log
resumed=$(last)
echo "in one go: stopped after epoch $through"
echo "resumed after epoch 3: stopped after epoch $resumed"
[ "$through" = 4 ] && [ "$resumed" = 7 ]
