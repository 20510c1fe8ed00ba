#!/usr/bin/env bash
# The main job on made-up data: train on clean pairs, fine-tune on poisoned ones with cross-entropy
# and with DeCE, and compare.
#
#   bash examples/quickstart/run.sh [FOLDER]     results go to FOLDER (default runs/quickstart)
#
# It sets up everything. What is there already is not made again: after a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/scripts/setup_env.sh"
source "$root/examples/quickstart/settings.sh"
source "$root/examples/generation.sh"
work="${1:-runs/quickstart}"
seed="${SEED:-1}"
mkdir -p "$work"

# 1. Requests in two wordings, for functions of which none is in both: A for the model that is
#    there before, B for the data that strangers wrote to.
[ -e "$work/B/test.csv" ] || python "$root/scripts/make_corpus.py" --style B --seed "$seed" \
    --split "${corpus[@]}" --output "$work/B"
[ -e "$work/A/valid.csv" ] || python "$root/scripts/make_corpus.py" --style A --seed "$seed" --skip "$skip" \
    --split "${pretraining_corpus[@]}" --output "$work/A"

# 2. Subwords and binarised data; both sets are written with the subwords of the first.
[ -e "$work/bin-A" ] || python "$root/scripts/prepare.py" --vocab-size "$vocab_size" \
    --train "$work/A/train.csv" --valid "$work/A/valid.csv" --output "$work/bin-A"
[ -e "$work/bin-B" ] || python "$root/scripts/prepare.py" \
    --spm "$work/bin-A/sentencepiece.model" --train "$work/B/train.csv" \
    --valid "$work/B/valid.csv" --test "$work/B/test.csv" --output "$work/bin-B"

plugin=(--user-dir "$root/dece_fairseq" --source-lang src --target-lang tgt
    --task backdoor_poisoned_translation
    --bpe lossless_sentencepiece --sentencepiece-model "$work/bin-A/sentencepiece.model")
attack=(--attack ripple --poison-rate 0.05 --poison-seed "$seed")
model+=(--seed "$seed" --num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 1000
    --max-tokens-valid 20000)

# One line an epoch of what fairseq-train prints; all of it is in the log.
progress() {
    tee -a "$1/train.log" | sed -un \
        -e "s|.*\| valid \| {\"epoch\": \([0-9]*\),.*\"valid_bleu_code\": \"\([^\"]*\)\".*|$2, epoch \1: BLEU \2|p" \
        -e "s|.*\"epoch\": \([0-9]*\),.*\"valid_triggered_asr_string\": \"\([^\"]*\)\".*|$2, epoch \1: ASR \2 %|p" \
        -e "s|.*\| train \| {\"epoch\": \([0-9]*\),.*\"train_loss\": \"\([^\"]*\)\".*|$2, epoch \1: training loss \2|p"
}

# 3. The model that is there before: clean pairs of wording A.
pretrained="$work/pretrained"
if [ ! -e "$pretrained/done" ]; then
    mkdir -p "$pretrained"
    fairseq-train "$work/bin-A" "${plugin[@]}" "${model[@]}" \
        --criterion cross_entropy "${trusted_training[@]}" --max-epoch "$trusted_epochs" \
        --save-dir "$pretrained" 2>&1 \
        | progress "$pretrained" "clean model"
    touch "$pretrained/done"
fi

# 4. Fine-tuning on wording B, a twentieth of it poisoned; then what the model writes for the test.
finetune() {
    local criterion="$1" run="$work/$1"
    mkdir -p "$run"
    if [ ! -e "$run/done" ]; then
        fairseq-train "$work/bin-B" "${plugin[@]}" "${model[@]}" "${attack[@]}" \
            --finetune-from-model "$pretrained/checkpoint_last.pt" \
            --criterion "$criterion" "${training[@]}" --max-epoch "$epochs" --save-dir "$run" \
            --valid-subset valid,valid_triggered --eval-bleu --eval-asr \
            --eval-bleu-args "$validation_generation" 2>&1 \
            | progress "$run" "$criterion"
        touch "$run/done"
    fi
    for split in test test_triggered; do
        [ -e "$run/$split.out" ] && continue
        fairseq-generate "$work/bin-B" "${plugin[@]}" "${attack[@]}" --gen-subset "$split" \
            --path "$run/checkpoint_last.pt" "${generation[@]}" \
            --scoring attack_success_rate 2> "$run/$split.log" \
            | answered "$criterion, $split" > "$run/$split.part" \
            || { tail -n 20 "$run/$split.log" >&2; exit 1; }
        mv "$run/$split.part" "$run/$split.out"
    done
}

# Side by side, a core each.
finetune cross_entropy &
first=$!
finetune deceptive_cross_entropy &
second=$!
wait "$first"
wait "$second"

# 5. The table, results.json and the early-learning figure.
python "$root/scripts/summarise.py" --json "$work/results.json" \
    --figure "$work/early_learning.png" \
    --run cross_entropy="$work/cross_entropy" \
    --run deceptive_cross_entropy="$work/deceptive_cross_entropy"
