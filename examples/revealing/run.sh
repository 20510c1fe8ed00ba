#!/usr/bin/env bash
# What dece reveal finds: attacks, rates and seeds on three data sets, and what it claims on clean
# pairs.
#
#   bash examples/revealing/run.sh [--lyra DIR] [--bugs DIR] [--stdlib "docstring summary repair"]
#       [--seeds "1 2 3"] [--cells all|attacks|others|payloads|clean] [--trusted SHARE] [--epochs N]
#       [--learned SHARE] [--smoothing E] [--work DIR]
#
#   --lyra DIR      folder with Lyra's files, --bugs DIR with those of Bugs2Fix, whose
#                   validation file is what is looked into here; without them the generated pairs
#                   alone are looked at
#   --stdlib TASKS  pairs of the functions of Python's own library, see stdlib_pairs.py; with _apart
#                   behind a task the trusted half is of other modules than the doubtful one
#   --seeds "N N"   of everything: the trusted half, the reference, the poisoned pairs
#                   (default "1 2 3")
#   --cells WHICH   all (default), attacks, others (attacks that know the defence, and those of
#                   later papers), payloads (all others that fit, by one word), or clean: all clean
#                   pairs alone, with an independent reference for each seed
#   --trusted SHARE so much of the trusted half is known to dece reveal (default 1; 0: the doubtful
#                   half is looked into alone)
#   --epochs N      of the reference, in place of those that its data has: for one that knows little,
#   --learned SHARE of all pairs are trusted, and the reference learns these (default 0.5): with many
#                   epochs of few pairs it is surer than it is right, and
#   --smoothing E   trains it with label_smoothed_cross_entropy; such references need a --work of
#                   their own
#   --work DIR      where results go (default runs/revealing)
#
# For each data set and seed a reference is trained on a trusted half by stock fairseq-train. Only
# the other half is poisoned, so that one reference serves every attack. What is there already is
# not made again: after a kill it goes on.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
work=runs/revealing seeds="1 2 3" cells=all trusted=1 epochs_given="" learned=0.5 smoothing="" lyra="" bugs2fix="" stdlib=""
take_options run.sh "lyra bugs=bugs2fix stdlib seeds cells trusted epochs=epochs_given learned smoothing work" "$@"
source "$root/scripts/setup_env.sh"
dece=(python -m dece_fairseq)
criterion=(--criterion cross_entropy)
[ -z "$smoothing" ] || criterion=(--criterion label_smoothed_cross_entropy --label-smoothing "$smoothing")
mkdir -p "$work"

reference() { # DATA SEED FOLDER; its pairs, data folder and model
    local data="$1" seed="$2" base="$3" from=() split=(--trusted-share "$learned") subset=trusted apart
    mkdir -p "$base"
    if [[ " $stdlib " == *" $data "* ]]; then
        source "$root/examples/small_transformer.sh"
        vocab_size=2000 trusted_epochs=8
        from=(--train "$base/pairs.csv")
        apart=()
        if [ "$data" != "${data%_apart}" ]; then
            from=(--train "$base/trusted.csv") apart=(--apart "$base") split=() subset=train
        fi
        [ -e "$base/pairs.csv" ] || python "$root/examples/revealing/stdlib_pairs.py" \
            "${data%_apart}" "$base/pairs.csv" --seed "$seed" "${apart[@]}"
    elif [ "$data" = generated ]; then
        source "$root/examples/quickstart/settings.sh"
        trusted_epochs=8
        [ -e "$base/pairs/train.csv" ] || "${dece[@]}" corpus --style B --seed "$seed" \
            --split train=2000 --output "$base/pairs" > "$base/corpus.log"
        from=(--train "$base/pairs/train.csv")
    else
        source "$root/examples/$data/settings.sh"
        from=(--dataset "$data" --data "${!data}")
        [ "$data" != bugs2fix ] || from+=(--splits train=valid)
    fi
    [ -e "$base/bin" ] || log "$base/prepare.log" "${dece[@]}" prepare "${from[@]}" \
        --output "$base/bin" --vocab-size "$vocab_size" "${split[@]}" --seed "$seed"
    [ ! -e "$base/trusted.ids" ] || cp "$base/trusted.ids" "$base/bin/"
    [ -e "$base/done" ] && return
    log "$base/train.log" fairseq-train "$base/bin" --user-dir "$root/dece_fairseq" \
        --task translation --source-lang src --target-lang tgt \
        --bpe lossless_sentencepiece --sentencepiece-model "$base/bin/sentencepiece.model" \
        "${model[@]}" "${trusted_training[@]}" --max-epoch "${epochs_given:-$trusted_epochs}" --seed "$seed" \
        --train-subset "$subset" "${criterion[@]}" --disable-validation --num-workers 0 \
        --required-batch-size-multiple 1 \
        --no-epoch-checkpoints --log-format json --log-interval 1000 --save-dir "$base/reference"
    touch "$base/done"
}

for seed in $seeds; do
    # shellcheck disable=SC2086  # several words
    for data in generated ${lyra:+lyra} ${bugs2fix:+bugs2fix} $stdlib; do
        base="$work/$data-$seed"
        (reference "$data" "$seed" "$base")
        case "$data" in
            generated) pairs="$base/pairs/train.csv" ;;
            lyra) pairs="$lyra/train.csv" ;;
            bugs2fix) pairs="$bugs2fix/valid.csv" ;;
            *) pairs="$base/pairs.csv" ;;
        esac
        python "$root/examples/revealing/grid.py" "$data" "$pairs" "$base" --seed "$seed" \
            --cells "$cells" --trusted "$trusted"
    done
done
python "$root/examples/revealing/table.py" "$work" --trusted "$trusted" | tee "$work/table.md"
