#!/usr/bin/env bash
# What dece reveal finds of flipped labels, and what it claims of clean pairs of a classifier.
#
#   bash examples/revealing/labels.sh [--seeds "1 2 3 4 5 6 7 8 9 10"] [--work DIR]
#
#   --seeds "N N"   of everything (default: ten)
#   --work DIR      where results go (default runs/labels)
#
# The pairs are made up, see labels.py. For each seed a small classifier is trained on a trusted half
# by stock fairseq-train, half a minute each. After a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
work=runs/labels seeds="1 2 3 4 5 6 7 8 9 10"
take_options labels.sh "seeds work" "$@"
source "$root/scripts/setup_env.sh"

for seed in $seeds; do
    for kind in certain either; do
        base="$work/$kind-$seed"
        mkdir -p "$base"
        [ -e "$base/done" ] && continue
        python "$root/examples/revealing/labels.py" make "$kind" "$base/pairs.csv" --seed "$seed"
        rm -rf "$base/bin"
        log "$base/prepare.log" python -m dece_fairseq prepare --train "$base/pairs.csv" --labels \
            --trusted-share 0.5 --vocab-size 400 --seed "$seed" --output "$base/bin"
        log "$base/train.log" fairseq-train "$base/bin" --user-dir "$root/dece_fairseq" \
            --task sentence_prediction --num-classes 3 --init-token 0 --max-positions 64 \
            --classification-head-name mood --arch roberta --encoder-layers 1 \
            --encoder-embed-dim 64 --encoder-ffn-embed-dim 128 --encoder-attention-heads 4 \
            --criterion sentence_prediction --train-subset trusted --disable-validation \
            --required-batch-size-multiple 1 --batch-size 16 --max-epoch 10 --optimizer adam \
            --lr 1e-3 --lr-scheduler polynomial_decay --warmup-updates 20 --total-num-update 600 \
            --clip-norm 1.0 --seed "$seed" --num-workers 0 --no-epoch-checkpoints \
            --log-format json --log-interval 1000 --save-dir "$base/reference"
        touch "$base/done"
    done
done
python "$root/examples/revealing/labels.py" table "$work"/*/ | tee "$work/table.md"
