#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): trainings with --seed 1, 2 and 3 are no independent ones. What the first draws
# in its second epoch, the second draws in its first: the same order of batches, and the same dropout an update later.
#
# The order of batches is drawn from seed + epoch, dropout from seed + update. So three seeds of ten epochs have 12
# orders, not 30, and of trainings that start from one checkpoint nearly all that is drawn is the same, shifted by
# one. A mean and a deviation over seeds take them for three draws. First weights are drawn from the seed alone; so is
# which of equally long sentences share a batch. Seeds that lie further apart than a training has updates, such as
# 1000000 and 2000000, have nothing in common. Seen, for six pairs of different lengths, their order by epoch, and
# what a dropout of 0.5 leaves of ones in the first updates:
#     seed 1: orders 413250 354102 453012  dropout 11110110 01000011 11010011 10100010
#     seed 2: orders 354102 453012 524103  dropout 01000011 11010011 10100010 01111000
#     seed 3: orders 453012 524103 450312  dropout 11010011 10100010 01111000 00011010
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
mkdir plugin text
cat > plugin/__init__.py <<'PYTHON'
import torch
from fairseq.criterions import register_criterion
from fairseq.criterions.cross_entropy import CrossEntropyCriterion, CrossEntropyCriterionConfig


@register_criterion("telling_cross_entropy", dataclass=CrossEntropyCriterionConfig)
class TellingCrossEntropy(CrossEntropyCriterion):
    """Prints for each update which pair it is given, and what dropout leaves of ones."""

    def forward(self, model, sample, reduce=True):
        if model.training:
            left = torch.nn.functional.dropout(torch.ones(8), 0.5).bool().int().tolist()
            print("drawn", sample["id"].item(), "".join(map(str, left)), flush=True)
        return super().forward(model, sample, reduce)
PYTHON
for side in src tgt; do
    printf 'a\na b\na b c\na b c a\na b c a b\na b c a b c\n' > "text/train.$side"
done
venv/bin/fairseq-preprocess --source-lang src --target-lang tgt --joined-dictionary \
    --trainpref text/train --validpref text/train --destdir data > log 2>&1 || { cat log; exit 1; }
for seed in 1 2 3; do
    venv/bin/fairseq-train data --user-dir plugin --task translation \
        --criterion telling_cross_entropy --arch transformer \
        --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 \
        --optimizer sgd --lr 0.1 --batch-size 1 --required-batch-size-multiple 1 --num-workers 0 \
        --max-epoch 3 --no-save --disable-validation --cpu --seed "$seed" > log 2>&1 ||
        { tail log; exit 1; }
    orders=$(awk '/^drawn/ { printf "%s%s", $2, ++n % 6 ? "" : " " }' log)
    dropout=$(awk '/^drawn/ && ++n < 5 { printf " %s", $3 }' log)
    echo "seed $seed: orders $orders dropout$dropout"
done | tee seen
[ "$(cat seen)" = "\
seed 1: orders 413250 354102 453012  dropout 11110110 01000011 11010011 10100010
seed 2: orders 354102 453012 524103  dropout 01000011 11010011 10100010 01111000
seed 3: orders 453012 524103 450312  dropout 11010011 10100010 01111000 00011010" ]
