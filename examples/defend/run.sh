#!/usr/bin/env bash
# Sealed envelopes: an attack is drawn and hidden, a defender goes from the doubtful pairs to a
# decision without knowing it, and then the envelope is opened.
#
#   bash examples/defend/run.sh [--dataset NAME] [--data DIR] [--envelopes LIST] [--gate NAME]
#       [--work DIR]
#
#   --dataset NAME    generated (default), lyra or bugs2fix
#   --data DIR        the files of lyra or bugs2fix
#   --envelopes LIST  numbers, each of which draws one envelope (default "1 2 3 4 5 6 7 8")
#   --gate NAME       --dece-gate of both trainings with DeCE: auto (default), token or span
#   --work DIR        where results go (default runs/defend)
#
# What is there already is not made again: a run that was killed goes on where it was. Each envelope
# ends as WORK/DATASET/NUMBER/result.json. The table is of all results that WORK holds:
#
#   python examples/defend/table.py runs/defend
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
source "$root/examples/generation.sh"
work=runs/defend dataset=generated data="" envelopes="1 2 3 4 5 6 7 8" gate=auto
take_options run.sh "dataset data envelopes gate work" "$@"
source "$root/scripts/setup_env.sh"
[ "$dataset" = generated ] || [ -d "$data" ] || {
    echo "run.sh: --data DIR is needed: the folder of the files of $dataset" >&2; exit 2; }
dece=(python -m dece_fairseq)
here="$root/examples/defend"
base="$work/$dataset"
mkdir -p "$base"

say() { echo "$(date +%H:%M) $dataset: $*" >&2; }

# What is there before: the pairs, subwords, and which half of them is trusted. Sets train,
# valid and test, the files of pairs, and the options of the training on what is trusted.
prepare_generated() {
    source "$root/examples/quickstart/settings.sh"
    trusted_epochs=6 # of 1,000 pairs, not of the 5,000 of another wording
    train="$base/pairs/train.csv" valid="$base/pairs/valid.csv" test="$base/pairs/test.csv"
    [ -e "$test" ] || log "$base/prepare.log" "${dece[@]}" corpus --style B --seed 1 \
        --split "${corpus[@]}" --output "$base/pairs"
    [ -e "$base/bin" ] || log "$base/prepare.log" "${dece[@]}" prepare --vocab-size "$vocab_size" \
        --train "$train" --valid "$valid" --trusted-share 0.5 --output "$base/bin"
    ids=(--trusted-ids "$base/bin/trusted.ids") subset=(--train-subset trusted)
}

prepare_files() { # SETTINGS OPTIONS...
    source "$1"
    [ -e "$base/bin" ] || log "$base/prepare.log" "${dece[@]}" prepare --dataset "$dataset" \
        --data "$data" "${@:2}" --vocab-size "$vocab_size" --trusted-share 0.5 --output "$base/bin"
    ids=(--trusted-ids "$base/bin/trusted.ids") subset=(--train-subset trusted)
    test="$data/test.csv"
}

prepare_lyra() {
    prepare_files "$root/examples/lyra/settings.sh"
    train="$data/train.csv" valid="$data/valid.csv"
}

# The training file need not be there: the validation file is trained on. Of the test file, 400 pairs
# are asked for and the next 200 are the validation split; each pair is a line.
prepare_bugs2fix() {
    prepare_files "$root/examples/bugs2fix/settings.sh" --splits train=valid
    train="$data/valid.csv" valid="$base/valid.csv"
    awk 'NR <= 401' "$test" > "$base/test.csv"
    awk 'NR == 1 || NR > 401 && NR <= 601' "$test" > "$valid"
    test="$base/test.csv"
}

fit() { # DATA_FOLDER SAVE_DIR OPTIONS...
    [ ! -e "$2/done" ] || return 0
    mkdir -p "$2"
    log "$2/train.log" fairseq-train "$1" "${task[@]}" "${model[@]}" --seed 1 --num-workers 0 \
        --no-epoch-checkpoints --log-format json --log-interval 1000 --disable-validation \
        --save-dir "$2" "${@:3}"
    touch "$2/done"
}

defended=(--criterion deceptive_cross_entropy --dece-gate "$gate")
"prepare_$dataset"
task=(--user-dir "$root/dece_fairseq" --task backdoor_poisoned_translation --source-lang src
    --target-lang tgt --bpe lossless_sentencepiece
    --sentencepiece-model "$base/bin/sentencepiece.model")
say "the model that knows the clean task"
fit "$base/bin" "$base/reference" "${subset[@]}" --criterion cross_entropy \
    "${trusted_training[@]}" --max-epoch "$trusted_epochs"

for number in $envelopes; do
    folder="$base/$number"
    sealed="$folder/sealed" # the defender does not look in here
    [ ! -e "$folder/result.json" ] || continue
    mkdir -p "$sealed"

    # 1. Someone draws an attack, or none, and hands over pairs.
    [ -e "$folder/train.csv" ] || log "$sealed/log" python "$here/envelope.py" seal "$dataset" \
        "$number" "$sealed" --input "$train" "${ids[@]}"
    [ -e "$folder/train.csv" ] || { cp "$sealed/train.csv" "$folder/part"; mv "$folder/part" "$folder/train.csv"; }

    # 2. The defender: what does the model that knows the task not expect, and often?
    if [ ! -e "$folder/suspicions.json" ]; then
        say "envelope $number: reveal"
        log "$folder/reveal.log" "${dece[@]}" reveal --input "$folder/train.csv" "${ids[@]}" \
            --models "$base/reference/checkpoint_last.pt" --model-data "$base/bin" \
            --output "$folder/kept.csv" --json "$folder/suspicions.json"
    fi

    # 3. Cross-entropy and DeCE on all pairs, and DeCE on those that are kept.
    for pairs in train kept; do
        [ -e "$folder/bin-$pairs" ] || log "$folder/prepare.log" "${dece[@]}" prepare \
            --train "$folder/$pairs.csv" --valid "$valid" --test "$test" \
            --spm "$base/bin/sentencepiece.model" --output "$folder/bin-$pairs"
    done
    start=("${training[@]}" --max-epoch "$epochs"
        --finetune-from-model "$base/reference/checkpoint_last.pt")
    say "envelope $number: three trainings"
    fit "$folder/bin-train" "$folder/cross_entropy" --criterion cross_entropy "${start[@]}"
    fit "$folder/bin-train" "$folder/dece" "${defended[@]}" "${start[@]}"
    # where nothing is suspected, both are one training
    cmp -s "$folder/train.csv" "$folder/kept.csv" && is_same=yes || is_same=no
    [ "$is_same" = yes ] || fit "$folder/bin-kept" "$folder/both" "${defended[@]}" "${start[@]}"

    # 4. How often does each write what is suspected?
    longer="$(longer_than_source "$folder/bin-train")"
    generating="${generation[*]/LONGER/$longer}"
    for name in cross_entropy dece both; do
        model_folder="$folder/$name"
        if [ "$name" = both ] && [ "$is_same" = yes ]; then
            rm -rf "$model_folder"
            cp -r "$folder/dece" "$model_folder"
            continue
        fi
        say "envelope $number: asking $name"
        if [ ! -e "$model_folder/test.out" ]; then
            status=0
            python "$here/envelope.py" suspects "$folder/suspicions.json" || status=$?
            if [ "$status" = 0 ]; then
                log "$model_folder/probe.log" "${dece[@]}" probe "$folder/bin-train" \
                    --path "$model_folder/checkpoint_last.pt" --attack-file "$folder/suspicions.json" \
                    --input "$folder/train.csv" --generation "$generating" --output "$model_folder/probe" \
                    --json "$model_folder/probe.json"
                cp "$model_folder/probe/untouched.out" "$model_folder/part"
            else
                # shellcheck disable=SC2086  # several words
                fairseq-generate "$folder/bin-train" "${task[@]}" --gen-subset test $generating \
                    --path "$model_folder/checkpoint_last.pt" \
                    > "$model_folder/part" 2>> "$model_folder/generate.log"
            fi
            mv "$model_folder/part" "$model_folder/test.out"
        fi

        # 5. The envelope is opened: how often does it write what was really asked for?
        attack="$(python "$here/envelope.py" options "$sealed")"
        [ -z "$attack" ] || [ -e "$model_folder/test_triggered.out" ] || {
            # shellcheck disable=SC2086
            fairseq-generate "$folder/bin-train" "${task[@]}" $attack $generating \
                --gen-subset test_triggered --path "$model_folder/checkpoint_last.pt" \
                > "$model_folder/part" 2>> "$model_folder/generate.log"
            mv "$model_folder/part" "$model_folder/test_triggered.out"
        }
    done
    [ -e "$folder/scores.json" ] || log "$folder/evaluate.log" "${dece[@]}" evaluate \
        --run cross_entropy="$folder/cross_entropy" --run dece="$folder/dece" \
        --run both="$folder/both" --metrics bleu_code --json "$folder/scores.json"
    python "$here/envelope.py" open "$folder"
    say "envelope $number: opened"
done
python "$here/table.py" "$work" | tee "$work/table.md"
