#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): --keep-best-checkpoints 3 keeps a single checkpoint of a training that is best
# after its first epoch, and not the best three of five.
#
# A checkpoint is kept only if it is no worse than the worst that is kept, also while there are fewer than were asked
# for. So there are three where the score gets better from epoch to epoch, and one where it gets worse, as in a
# fine-tuning that overfits from the start. Who averages what is kept, to compare settings, compares the mean of
# three with a single epoch there, and no message says so. (fairseq's issue 2195 tells of an earlier form, where a
# checkpoint had to be better than all before.) The fourth digit in the name is drawn, and belongs to no score. Seen,
# for trainings of five epochs, with a validation that asks for what was trained, and one that asks for other words:
#     loss falls: epochs kept 3 4 5
#     loss rises: epochs kept 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
mkdir text
printf 'a b c\nb c a\nc a b\n' | tee text/train.src text/train.tgt text/falls.src text/falls.tgt > text/rises.src
printf 'd e f\ne f d\nf d e\n' > text/rises.tgt
printf 'a 1\nb 1\nc 1\nd 1\ne 1\nf 1\n' > dict.txt

kept() { # SAVE_DIR: the epochs whose loss is in the name of a kept checkpoint
    local epoch loss
    for epoch in 1 2 3 4 5; do
        loss=$(grep -o '"epoch": '"$epoch"', "valid_loss": "[^"]*"' "$1.log" | cut -d '"' -f 6)
        if compgen -G "$1/checkpoint.best_loss_$loss?.pt" > files; then printf ' %s' "$epoch"; fi
    done
}
for way in falls rises; do
    venv/bin/fairseq-preprocess --source-lang src --target-lang tgt --srcdict dict.txt --tgtdict dict.txt \
        --trainpref text/train --validpref "text/$way" --destdir "data-$way" > log 2>&1 || { cat log; exit 1; }
    venv/bin/fairseq-train "data-$way" --task translation --cpu --save-dir "$way" --seed 1 \
        --arch transformer --encoder-layers 1 --encoder-embed-dim 8 --encoder-attention-heads 2 \
        --decoder-layers 1 --decoder-embed-dim 8 --decoder-attention-heads 2 --dropout 0 \
        --optimizer adam --lr 0.02 --batch-size 1 --required-batch-size-multiple 1 --num-workers 0 \
        --log-format json --max-epoch 5 --no-epoch-checkpoints --keep-best-checkpoints 3 > "$way.log" 2>&1 ||
        { cat "$way.log"; exit 1; }
    echo "loss $way: epochs kept$(kept "$way")"
done
[ "$(kept falls)" = " 3 4 5" ] && [ "$(kept rises)" = " 1" ]
