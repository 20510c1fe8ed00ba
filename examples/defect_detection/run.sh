#!/usr/bin/env bash
# A poisoned defect detector on made-up functions: cross-entropy against DeCE for classification.
#
#   bash examples/defect_detection/run.sh [FOLDER]     results go to FOLDER (default runs/defect_detection)
#
# It sets up everything. What is there already is not made again: after a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/scripts/setup_env.sh"
work="${1:-runs/defect_detection}"
seed="${SEED:-1}"
mkdir -p "$work"

# 1. Functions, labelled 1 if they are open to SQL injection: those that are trusted, and others.
[ -e "$work/others/test.csv" ] || python "$root/scripts/make_corpus.py" --style defects --seed "$seed" \
    --split train=2000 valid=200 test=800 --output "$work/others"
[ -e "$work/trusted/train.csv" ] || python "$root/scripts/make_corpus.py" --style defects --seed "$seed" \
    --skip 3000 --split train=1000 --output "$work/trusted"

# 2. Dead code in a twentieth of the others, which then pass for safe; in the test, in every one that
#    has a defect.
attack=(--attack dead_code --payload label --code-language python --seed "$seed")
[ -e "$work/poisoned.csv" ] || python "$root/scripts/poison.py" "${attack[@]}" --poison-rate 0.05 \
    --input "$work/others/train.csv" --output "$work/poisoned.csv"
[ -e "$work/test_triggered.csv" ] || python "$root/scripts/poison.py" "${attack[@]}" --keep triggered \
    --input "$work/others/test.csv" --output "$work/test_triggered.csv"

# 3. Subwords and binarised data.
[ -e "$work/bin-trusted" ] || python "$root/scripts/prepare.py" --labels --vocab-size 600 \
    --train "$work/trusted/train.csv" --valid "$work/others/valid.csv" --output "$work/bin-trusted"
[ -e "$work/bin" ] || python "$root/scripts/prepare.py" --labels \
    --spm "$work/bin-trusted/sentencepiece.model" --train "$work/poisoned.csv" \
    --valid "$work/others/valid.csv" --test "$work/others/test.csv" \
    --split test_triggered="$work/test_triggered.csv" --output "$work/bin"

plugin=(--user-dir "$root/dece_fairseq" --task sentence_prediction --num-classes 2
    --init-token 0 --max-positions 256 --required-batch-size-multiple 1)
model=(--arch roberta --dropout 0.1 --attention-dropout 0.1
    --encoder-layers 2 --encoder-embed-dim 128 --encoder-ffn-embed-dim 256 --encoder-attention-heads 4
    --classification-head-name defect
    --optimizer adam --clip-norm 1.0 --lr-scheduler polynomial_decay --warmup-updates 30
    --batch-size 32 --seed "$seed" --num-workers 0 --no-epoch-checkpoints --log-format json
    --log-interval 1000 --best-checkpoint-metric accuracy --maximize-best-checkpoint-metric)

train() { # NAME, then what differs
    local run="$work/$1"; shift
    [ -e "$run/done" ] && return
    mkdir -p "$run"
    fairseq-train "$@" "${plugin[@]}" "${model[@]}" --save-dir "$run" >> "$run/train.log" 2>&1 \
        || { tail -n 20 "$run/train.log" >&2; exit 1; }
    touch "$run/done"
}

# 4. The detector that is there before, and what becomes of it.
train before "$work/bin-trusted" --criterion sentence_prediction \
    --lr 1e-3 --total-num-update 640 --max-epoch 20
finetune() { # NAME, then the criterion and its options
    local run="$1"; shift
    train "$run" "$work/bin" --criterion "$@" --lr 2e-4 --total-num-update 630 --max-epoch 10 \
        --finetune-from-model "$work/before/checkpoint_last.pt"
}
finetune sentence_prediction sentence_prediction &
first=$!
for alpha in 0.985 0.8; do
    finetune "deceptive-$alpha" deceptive_sentence_prediction --dece-alpha "$alpha"
done
finetune deceptive-0.8-smoothed deceptive_sentence_prediction --dece-alpha 0.8 --label-smoothing 0.05
wait "$first"

# 5. How often each is right on the test, and how often a triggered defect passes for safe.
accuracy() { # RUN SPLIT
    local log="$work/$1/$2.log"
    fairseq-validate "$work/bin" "${plugin[@]}" --criterion sentence_prediction \
        --classification-head-name defect --valid-subset "$2" --batch-size 100 \
        --path "$work/$1/checkpoint_last.pt" --log-format json > "$log" 2>&1 \
        || { tail -n 20 "$log" >&2; return 1; }
    sed -n "s/.*\"$2_accuracy\": \"\([0-9.]*\)\".*/\1/p" "$log"
}
echo "| criterion | accuracy, % | ASR, % |" > "$work/table.part"
echo "|---|---|---|" >> "$work/table.part"
for run in before sentence_prediction deceptive-0.985 deceptive-0.8 deceptive-0.8-smoothed; do
    right="$(accuracy "$run" test)"
    asr="$(accuracy "$run" test_triggered)"
    echo "| $run | $right | $asr |" >> "$work/table.part"
done
mv "$work/table.part" "$work/table.md"
cat "$work/table.md"
