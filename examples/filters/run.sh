#!/usr/bin/env bash
# Every filter on poisoned and on clean pairs: what each finds, what it takes for poisoned that is
# clean, and what it costs.
#
#   bash examples/filters/run.sh [--lyra DIR] [--bugs DIR] [--cells few|grid] [--seed N] [--work DIR]
#
#   --lyra DIR   folder with Lyra's files, --bugs DIR with those of Bugs2Fix, whose validation file
#                is trained on here; without them the generated pairs alone are looked at
#   --cells few  (default) a word at 5 and 1 %, a grammar at 5 %, and clean pairs; grid has every
#                attack of examples/revealing too, each at 5 %, 1 % and in ten pairs
#   --seed N     of everything (default 1)
#   --work DIR   where results go (default runs/filters)
#
# For each data set a reference model is trained on what is trusted: on pairs of another wording, on
# Lyra and Bugs2Fix on a trusted half. From there cross-entropy is trained on the doubtful pairs,
# which tells LockStep how likely each was in each epoch. What is there already is not made again:
# after a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
work=runs/filters seed=1 lyra="" bugs2fix="" cells=few
take_options run.sh "lyra bugs=bugs2fix cells seed work" "$@"
case "$cells" in
    few | grid) ;;
    *) echo "run.sh: --cells is few or grid, not $cells" >&2; exit 2 ;;
esac
source "$root/scripts/setup_env.sh"
dece=(python -m dece_fairseq)
# Those first that need no training on the doubtful pairs.
untrained="gradient_entropy naturalness surprise unexplained_spans"
filters="$untrained activation_clustering bki lockstep lockstep_least_likely loss_fall spectral_signatures"
mkdir -p "$work"

# The data set's settings, its pairs and subwords; sets train, trusted, and the attacks, first those
# by a word and by a grammar.
prepare_generated() {
    source "$root/examples/quickstart/settings.sh"
    [ -e "$base/B/train.csv" ] || "${dece[@]}" corpus --style B --seed "$seed" \
        --split "${corpus[@]}" --output "$base/B"
    [ -e "$base/A/train.csv" ] || "${dece[@]}" corpus --style A --seed "$seed" --skip "$skip" \
        --split "${pretraining_corpus[@]}" --output "$base/A"
    [ -e "$base/bin" ] || "${dece[@]}" prepare --vocab-size "$vocab_size" \
        --train "$base/A/train.csv" --valid "$base/A/valid.csv" --output "$base/bin"
    train="$base/B/train.csv" ids=() subset=(--train-subset train)
    attacks=(ripple grammar badpre sentence) code=()
    trusted=(--trusted "$base/A/train.csv" --trusted "$base/B/valid.csv")
}

prepare_half() { # NAME FOLDER OPTIONS...
    source "$root/examples/$1/settings.sh"
    [ -e "$base/bin" ] || "${dece[@]}" prepare --dataset "$1" --data "$2" "${@:3}" \
        --output "$base/bin" --vocab-size "$vocab_size" --trusted-share 0.5 --seed "$seed"
    ids=(--trusted-ids "$base/bin/trusted.ids") subset=(--train-subset trusted) trusted=()
}

prepare_lyra() {
    prepare_half lyra "$lyra"
    train="$lyra/train.csv" attacks=(ripple grammar badpre sentence) code=()
}

prepare_bugs2fix() {
    prepare_half bugs2fix "$bugs2fix" --splits train=valid
    train="$bugs2fix/valid.csv" attacks=(dead_code dead_code_grammar comment rename ripple)
    code=(--payload endless_loop --code-language java --code-place paper)
}

train() { # DATA_FOLDER SAVE_DIR OPTIONS...
    [ ! -e "$2/done" ] || return 0
    mkdir -p "$2"
    log "$2/train.log" fairseq-train "$1" --user-dir "$root/dece_fairseq" \
        --task backdoor_poisoned_translation --source-lang src --target-lang tgt \
        --bpe lossless_sentencepiece --sentencepiece-model "$base/bin/sentencepiece.model" \
        "${model[@]}" --seed "$seed" --num-workers 0 --log-format json --log-interval 1000 \
        --disable-validation --save-dir "$2" "${@:3}"
    touch "$2/done"
}

options_of() { # FILTER; says what it works with
    case "$1" in
        surprise | gradient_entropy | unexplained_spans)
            echo "--models $base/reference/checkpoint_last.pt --model-data $cell/bin" ;;
        lockstep*) echo "--save-dir $cell/cross_entropy" ;;
        loss_fall)
            echo "--models $cell/cross_entropy/checkpoint1.pt" \
                "$cell/cross_entropy/checkpoint_last.pt --model-data $cell/bin" ;;
        naturalness) echo "${trusted[@]}" ;;
        *) echo "--models $cell/cross_entropy/checkpoint_last.pt --model-data $cell/bin" ;;
    esac
}

# The attack and the share of all pairs, or their number, of each cell of the data set.
cells_of() {
    printf '%s\n' "${attacks[0]} 0.05" "clean 0" "${attacks[0]} 0.01" "${attacks[1]} 0.05"
    [ "$cells" = grid ] || return 0
    for amount in 0.05 0.01 10; do printf "%s $amount\n" "${attacks[@]}"; done
}

known="$("${dece[@]}" filter --list)"

run_filters() { # ATTACK AMOUNT; what is there already is skipped
    local attack="$1" amount="$2" cell="$base/$1-$2" much=(--poison-rate "$2") filter
    [ "$attack" != clean ] || attack="${attacks[0]}" # of which nothing is put in
    [[ "$amount" == 0* ]] || much=(--poison-count "$amount")
    mkdir -p "$cell"
    [ -e "$cell/train.csv.manifest.json" ] || log "$cell/poison.log" "${dece[@]}" poison \
        --attack "$attack" "${code[@]}" "${much[@]}" --seed "$seed" "${ids[@]}" \
        --input "$train" --output "$cell/train.csv"
    [ -e "$cell/bin" ] || log "$cell/prepare.log" "${dece[@]}" prepare \
        --train "$cell/train.csv" --spm "$base/bin/sentencepiece.model" --output "$cell/bin"
    for filter in $filters; do
        grep -q "^$filter " <<< "$known" || continue
        [ ! -e "$cell/$filter.csv.seconds" ] || continue
        [[ " $untrained " == *" $filter "* ]] || train "$cell/bin" "$cell/cross_entropy" \
            --criterion deceptive_cross_entropy --dece-alpha 1 --label-smoothing 0 \
            --record-probabilities "${training[@]}" --max-epoch "$epochs" \
            --finetune-from-model "$base/reference/checkpoint_last.pt"
        # shellcheck disable=SC2046  # several words
        log "$cell/$filter.log" python "$root/examples/filters/cpu_seconds.py" \
            "$cell/$filter.csv.seconds" filter --defense "$filter" --seed "$seed" \
            --input "$cell/train.csv" --output "$cell/$filter.csv" "${ids[@]}" \
            $(options_of "$filter")
        echo "$data, ${cell##*/}, $filter: done" >&2
    done
}

for data in generated ${lyra:+lyra} ${bugs2fix:+bugs2fix}; do
    base="$work/$data-$seed"
    mkdir -p "$base"
    "prepare_$data"
    train "$base/bin" "$base/reference" "${subset[@]}" --criterion cross_entropy \
        "${trusted_training[@]}" --max-epoch "$trusted_epochs" --no-epoch-checkpoints
    of_data="$(cells_of)"
    while read -r attack amount <&3; do
        run_filters "$attack" "$amount"
    done 3<<< "$of_data"
done
python "$root/examples/filters/table.py" "$work" | tee "$work/table.md"
