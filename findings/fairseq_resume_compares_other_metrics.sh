#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): a training that is resumed with another
# --best-checkpoint-metric compares it with the best value of the metric before.
#
# Checkpoints keep the best value without its name. A model is trained for an epoch, its best
# checkpoint by the loss, and resumed for two more, now by the perplexity, which is 2 to the power of
# the loss. It gets better in each of them, but no perplexity is below the loss of before:
# checkpoint_best.pt stays that of the first epoch, and the log calls that loss "best_ppl". The same
# goes for two scores in percent of which one is always lower. Seen:
#     resumed by loss: best of epoch 3
#     resumed by ppl: best of epoch 1, best_ppl is the loss of epoch 1
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

train() { # SAVE_DIR EPOCHS METRIC
    venv/bin/fairseq-train data --user-dir plugin --task translation --cpu --save-dir "$1" --seed 1 \
        --arch transformer --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 --dropout 0 \
        --optimizer sgd --lr 0.05 --max-tokens 100 --required-batch-size-multiple 1 --num-workers 0 \
        --log-format json --max-epoch "$2" --best-checkpoint-metric "$3" > log 2>&1 ||
        { cat log; exit 1; }
    cat log >> "$1.log"
}
epoch_of_best() { # SAVE_DIR
    venv/bin/python - "$1/checkpoint_best.pt" <<'PYTHON'
import argparse
import sys

import torch

torch.serialization.add_safe_globals([argparse.Namespace])
state = torch.load(sys.argv[1])["extra_state"]["train_iterator"]
print(state["epoch"] - 1)  # that of the next one
PYTHON
}
value() { # SAVE_DIR EPOCH NAME
    grep -o '{"epoch": '"$2"', "valid_.*}' "$1.log" | grep -o "\"valid_$3\": \"[^\"]*\"" | cut -d '"' -f 4
}
for metric in loss ppl; do
    train "$metric" 1 loss
    train "$metric" 3 "$metric"
    grep -q "Loaded checkpoint $metric" log
done
echo "resumed by loss: best of epoch $(epoch_of_best loss)"
said=""
[ "$(value ppl 3 best_ppl)" = "$(value ppl 1 loss)" ] && said=", best_ppl is the loss of epoch 1"
echo "resumed by ppl: best of epoch $(epoch_of_best ppl)$said"
echo "ppl by epoch: $(value ppl 1 ppl) $(value ppl 2 ppl) $(value ppl 3 ppl)"
[ "$(epoch_of_best loss)" = 3 ] && [ "$(epoch_of_best ppl)" = 1 ] && [ -n "$said" ]
