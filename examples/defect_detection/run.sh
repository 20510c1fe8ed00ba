#!/usr/bin/env bash
# A poisoned defect detector on made-up functions: cross-entropy against DeCE for classification.
#
#   bash examples/defect_detection/run.sh [--seeds "1 2 3"] [--trusted N] [--runs "NAME ..."]
#       [--work DIR] [--settings FILE]
#
#   --seeds "N ..."   of everything, the functions too (default 1)
#   --trusted N       functions that the detector is trained on first (default 1000)
#   --runs "NAME ..." rows of the table (default: those of the README's first one); deceptive-A is a
#                     blend that falls from A, level-A a constant one, -smoothed behind it smooths
#                     labels by 0.05, and -revealed trains on what dece reveal keeps
#   --work DIR        where results go, a folder for each seed (default runs/defect_detection); beside
#                     them the table, table.md, and what the leaderboard reads, report.csv
#   --settings FILE   shell code that is read after the settings below, to make all of it smaller
#
# It sets up everything. What is there already is not made again: after a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
seeds=1 trusted=1000 work=runs/defect_detection settings=/dev/null
runs="before sentence_prediction deceptive-0.985 deceptive-0.8 deceptive-auto deceptive-token"
runs+=" deceptive-0.8-smoothed deceptive-0.985-smoothed sentence_prediction-revealed"
take_options run.sh "seeds trusted runs work settings" "$@"
source "$root/scripts/setup_env.sh"

corpus=(train=2000 valid=200 test=800) skip=3000 rate=0.05
trusted_training=(--lr 1e-3 --total-num-update $(((trusted + 31) / 32 * 20)) --max-epoch 20)
training=(--lr 2e-4 --total-num-update 630 --max-epoch 10)
source "$settings"

dece() { python -m dece_fairseq "$@"; }
plugin=(--user-dir "$root/dece_fairseq" --task sentence_prediction --num-classes 2
    --init-token 0 --max-positions 256 --required-batch-size-multiple 1)
model=(--arch roberta --dropout 0.1 --attention-dropout 0.1
    --encoder-layers 2 --encoder-embed-dim 128 --encoder-ffn-embed-dim 256 --encoder-attention-heads 4
    --classification-head-name defect
    --optimizer adam --clip-norm 1.0 --lr-scheduler polynomial_decay --warmup-updates 30
    --batch-size 32 --num-workers 0 --no-epoch-checkpoints --log-format json
    --log-interval 1000 --best-checkpoint-metric accuracy --maximize-best-checkpoint-metric)

train() { # NAME, then what differs; in $here, of $seed
    local run="$here/$1"; shift
    [ -e "$run/done" ] && return
    mkdir -p "$run"
    log "$run/train.log" fairseq-train "$@" "${plugin[@]}" "${model[@]}" --seed "$seed" --save-dir "$run"
    touch "$run/done"
}

criterion_of() { # RUN: sets criterion to the one that a row is called by, and its options
    local row="${1%-revealed}" smoothing=0
    local blend="${row%-smoothed}"
    [ "$blend" = "$row" ] || smoothing=0.05
    criterion=(deceptive_sentence_prediction --dece-alpha "${blend#*-}" --label-smoothing "$smoothing")
    case "$row" in
        sentence_prediction) criterion=(sentence_prediction) ;;
        deceptive-token) criterion=(deceptive_sentence_prediction --dece-gate token) ;;
        deceptive-[0-9]* | deceptive-auto | deceptive-auto-smoothed) ;;
        level-[0-9]*) criterion+=(--dece-min-blend "${blend#*-}") ;;
        *) echo "run.sh: --runs $1: no row is called so; see its head" >&2; return 2 ;;
    esac
}
for run in $runs; do [ "$run" = before ] || criterion_of "$run"; done

finetune() { # RUN; on what is in $bin
    local criterion
    criterion_of "$1"
    train "$1" "$bin" --criterion "${criterion[@]}" "${training[@]}" \
        --finetune-from-model "$here/before/checkpoint_last.pt"
}

measure() { # RUN: the accuracy on each split in percent, to a file each
    local run="$here/$1" split
    [ -e "$run/test.percent" ] && [ -e "$run/test_triggered.percent" ] && return
    rm -f "$run/test.log"
    log "$run/test.log" fairseq-validate "$here/bin" "${plugin[@]}" --criterion sentence_prediction \
        --classification-head-name defect --valid-subset test,test_triggered --batch-size 100 \
        --path "$run/checkpoint_last.pt" --log-format json
    for split in test test_triggered; do
        sed -n "s/.*\"${split}_accuracy\": \"\([0-9.]*\)\".*/\1/p" "$run/test.log" > "$run/$split.part"
        [ -s "$run/$split.part" ] || { echo "$run/test.log: tells no accuracy on $split" >&2; return 1; }
        mv "$run/$split.part" "$run/$split.percent"
    done
}

for seed in $seeds; do
    here="$work/$seed"
    mkdir -p "$here"

    # 1. Functions, labelled 1 if they are open to SQL injection: those that are trusted, and others.
    [ -e "$here/others/test.csv" ] || dece corpus --style defects --seed "$seed" \
        --split "${corpus[@]}" --output "$here/others"
    [ -e "$here/trusted/train.csv" ] || dece corpus --style defects --seed "$seed" \
        --skip "$skip" --split train="$trusted" --output "$here/trusted"

    # 2. Dead code in a share of the others, which then pass for safe; in the test, in every one that
    #    has a defect.
    attack=(--attack dead_code --payload label --code-language python --seed "$seed")
    [ -e "$here/poisoned.csv" ] || dece poison "${attack[@]}" --poison-rate "$rate" \
        --input "$here/others/train.csv" --output "$here/poisoned.csv"
    [ -e "$here/test_triggered.csv" ] || dece poison "${attack[@]}" --keep triggered \
        --input "$here/others/test.csv" --output "$here/test_triggered.csv"

    # 3. Subwords and binarised data. What is trusted is validated on, and gives `auto` its level.
    [ -e "$here/bin-trusted" ] || dece prepare --labels --vocab-size 600 \
        --train "$here/trusted/train.csv" --valid "$here/others/valid.csv" --output "$here/bin-trusted"
    [ -e "$here/bin" ] || dece prepare --labels --label-dict "$here/bin-trusted/label/dict.txt" \
        --spm "$here/bin-trusted/sentencepiece.model" --train "$here/poisoned.csv" \
        --valid "$here/others/valid.csv" --test "$here/others/test.csv" \
        --split test_triggered="$here/test_triggered.csv" --output "$here/bin"

    # 4. The detector that is there before, and what becomes of it.
    train before "$here/bin-trusted" --criterion sentence_prediction "${trusted_training[@]}"
    bin="$here/bin"
    for run in $runs; do
        case "$run" in before | *-revealed) ;; *) finetune "$run" ;; esac
    done

    # 5. What becomes of it on the functions that are not suspected, asking the one that is there before.
    [ -e "$here/kept.csv" ] || dece reveal --models "$here/before/checkpoint_last.pt" \
        --model-data "$here/bin-trusted" --input "$here/poisoned.csv" --output "$here/kept.csv" \
        > "$here/suspicions.txt"
    [ -e "$here/bin-kept" ] || dece prepare --labels --label-dict "$here/bin-trusted/label/dict.txt" \
        --spm "$here/bin-trusted/sentencepiece.model" --train "$here/kept.csv" \
        --valid "$here/others/valid.csv" --output "$here/bin-kept"
    bin="$here/bin-kept"
    for run in $runs; do
        [ "$run" = "${run%-revealed}" ] || finetune "$run"
    done

    # 6. How often each is right on the test, and how often a triggered defect passes for safe.
    for run in $runs; do measure "$run"; done
done

python "$root/examples/defect_detection/table.py" "$work" --seeds $seeds --runs $runs
cat "$work/table.md"
