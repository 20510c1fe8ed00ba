#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): fairseq-validate --criterion is parsed and left unused, but the
# options of the criterion are taken.
#
# The loss is the one that the checkpoint was trained with, whatever is named. So who asks for
# cross_entropy of a model that was trained with smoothing reads a smoothed loss, and nothing says
# so; naming the old criterion with --label-smoothing 0 does it. A tiny model is trained with a
# smoothing of 0.3 and validated in three ways. Seen:
#     --criterion cross_entropy: loss 2.806, nll_loss 2.57
#     --criterion label_smoothed_cross_entropy --label-smoothing 0: loss 2.57, nll_loss 2.57
#     --criterion label_smoothed_cross_entropy --label-smoothing 0.3: loss 2.806, nll_loss 2.57
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
venv/bin/fairseq-train data --user-dir plugin --task translation --cpu --save-dir run --seed 1 \
    --arch transformer --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
    --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 --optimizer sgd --lr 0.1 \
    --criterion label_smoothed_cross_entropy --label-smoothing 0.3 --max-tokens 100 --max-epoch 2 \
    --required-batch-size-multiple 1 --num-workers 0 > log 2>&1 || { cat log; exit 1; }

validate() { # the options of the criterion
    venv/bin/fairseq-validate data --user-dir plugin --task translation --cpu --max-tokens 100 \
        --path run/checkpoint_last.pt --required-batch-size-multiple 1 --log-format simple "$@" \
        > log 2>&1 || { cat log; exit 1; }
    sed -n "s/.*| loss \([0-9.]*\) | nll_loss \([0-9.]*\) .*/$*: loss \1, nll_loss \2/p" log
}
validate --criterion cross_entropy > said
validate --criterion label_smoothed_cross_entropy --label-smoothing 0 >> said
validate --criterion label_smoothed_cross_entropy --label-smoothing 0.3 >> said
cat said
smoothed=$(sed -n 's/.*smoothing 0.3: loss \(.*\), .*/\1/p' said)
grep -q -- "--criterion cross_entropy: loss $smoothed, nll_loss " said
grep -q -- '--label-smoothing 0: loss \(.*\), nll_loss \1$' said
