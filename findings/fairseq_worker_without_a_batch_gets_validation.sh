#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): of several workers, one that has no batch left for the last
# update of the first epoch gives the criterion a batch of validation, in training mode.
#
# Such a worker fills up with a batch whose gradient is ignored: the first of the split that the
# trainer opened last. In the first epoch that is validation, which fairseq-train runs dry before; a
# criterion that looks up sample["id"] among the training pairs meets numbers of others. Two workers,
# three batches of one pair: training pairs have 3 words and the ids 0 to 2, the shortest pair of
# validation has 5 words and the id 3. The second worker has no batch left at updates 2 and 4. Seen:
#     update 1: id 1, 3 words
#     update 2: id 3, 5 words
#     update 3: id 2, 3 words
#     update 4: id 2, 3 words
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
mkdir plugin text
cat > plugin/__init__.py <<'PYTHON'
from fairseq.criterions import register_criterion
from fairseq.criterions.cross_entropy import CrossEntropyCriterion, CrossEntropyCriterionConfig


@register_criterion("looking_cross_entropy", dataclass=CrossEntropyCriterionConfig)
class LookingCrossEntropy(CrossEntropyCriterion):
    """Prints which pair it is given for each update of the training."""

    update = 0

    def forward(self, model, sample, reduce=True):
        if model.training:
            self.update += 1
            words = sample["net_input"]["src_lengths"].item() - 1  # without the end of sentence
            print(f"update {self.update}: id {sample['id'].item()}, {words} words", flush=True)
        return super().forward(model, sample, reduce)
PYTHON
for side in src tgt; do
    printf 'a b c\na b c\na b c\n' > "text/train.$side"
    printf 'a b c a b c\na b c a b c\na b c a b c\na b c a b\n' > "text/valid.$side"
done
venv/bin/fairseq-preprocess --source-lang src --target-lang tgt --joined-dictionary \
    --trainpref text/train --validpref text/valid --destdir data > log 2>&1 || { cat log; exit 1; }

train() { # RANK
    exec venv/bin/fairseq-train data --user-dir plugin --task translation \
        --criterion looking_cross_entropy --arch transformer \
        --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 \
        --optimizer sgd --lr 0.1 --batch-size 1 --required-batch-size-multiple 1 --num-workers 0 \
        --max-epoch 2 --no-save --seed 1 \
        --cpu --ddp-backend legacy_ddp --distributed-backend gloo --distributed-no-spawn --device-id 0 \
        --distributed-world-size 2 --distributed-rank "$1" \
        --distributed-init-method "file://$folder/store" > "log$1" 2>&1
}
train 0 &
train 1 &
wait -n && wait -n || { cat log0 log1; kill $(jobs -p); wait; exit 1; }
seen="$(grep '^update' log1)"
echo "$seen"
[ "$seen" = "update 1: id 1, 3 words
update 2: id 3, 5 words
update 3: id 2, 3 words
update 4: id 2, 3 words" ]
