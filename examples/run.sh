#!/usr/bin/env bash
# One run of a data set, from its publishers' files to one row of a table.
#
#   bash examples/run.sh NAME --data DIR [options] [-- more options of the second fairseq-train]
#
# NAME is lyra, pisces, bugs2fix or code_translation: a folder beside this file whose settings.sh
# holds all in which the data sets differ.
#
#   --data DIR         folder with the data set's files; dece prepare --list NAME tells where they
#                      come from
#   --train-on SPLIT   the data set's split to train on, such as valid where there is no training
#                      file; it is then not validated on
#   --trusted SHARE    share of the training pairs that nobody else could write to: a model is
#                      trained on them first, and they are never poisoned
#   --attack NAME      ripple, badpre, ...
#   --payload NAME     what is put in the target, where it is not the attack's own
#   --poison-rate R    share of all training pairs that are poisoned (0: a clean run)
#   --criterion NAME   the loss on all the data (default deceptive_cross_entropy, at the paper's
#                      setting; -- --dece-alpha auto takes that of the package)
#   --seed N           of everything: the trusted share, the poisoned pairs, the model (default 1)
#   --epochs N         on all the data
#   --trusted-epochs N on the trusted share
#   --work DIR         where results go (default runs/ and the data set's name)
#
# Defaults that are not given here are in settings.sh. What is there already is not made again: a
# run that was killed goes on where it was.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/examples/data_set.sh"
source "$root/examples/options.sh"
criterion=deceptive_cross_entropy seed=1 code_place=""
settings="$(settings_of run.sh "${1:-}")"; shift
source "$settings"
work="runs/$dataset"
data=""
take_options run.sh "data train-on trusted attack payload poison-rate=rate criterion seed epochs \
    trusted-epochs work" "$@"
set -- ${rest[@]+"${rest[@]}"}
check_data run.sh "$data" "$dataset"

source "$root/scripts/setup_env.sh"
source "$root/examples/generation.sh"

# Training on another split than the data set's own: the names of all results say so.
on="" splits=() validation=()
if [ "$train_on" != train ]; then
    on="$train_on-"
    splits=(--splits "train=$train_on" test)
    validation=(--disable-validation --valid-subset test)
    echo "$dataset: trained on its $train_on split" >&2
fi
bin="$work/data-$on$trusted-$seed"
pretrained="$work/pretrained-$on$trusted-$seed"
run="$work/$on$attack${payload:+-$payload}-$rate-$criterion-$trusted-$seed${*:+-$(echo "$*" | tr -cs 'A-Za-z0-9.\n' _)}"

# Of a share of 0 there is nothing to train on first; the model starts from scratch.
share=() start=() trust=()
if [ "$trusted" != 0 ]; then
    share=(--trusted-share "$trusted" --seed "$seed")
    start=(--finetune-from-model "$pretrained/checkpoint_last.pt")
    trust=(--trusted-ids "$bin/trusted.ids")
fi

# Runs side by side that begin with the same trusted share wait here for the first of them.
mkdir -p "$work"
exec 9> "$pretrained.lock"
flock 9

# 1. Subwords, dictionary and binarised data.
[ -e "$bin" ] || python "$root/scripts/prepare.py" \
    --dataset "$dataset" --data "$data" "${splits[@]}" --output "$bin" \
    --vocab-size "$vocab_size" "${share[@]}"

# What every command needs to know: the data and its subwords.
common=("$bin" --user-dir "$root/dece_fairseq" --source-lang src --target-lang tgt
    --task backdoor_poisoned_translation
    --bpe lossless_sentencepiece --sentencepiece-model "$bin/sentencepiece.model")

model+=(--seed "$seed" --num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 100
    --max-tokens-valid 20000 "${validation[@]}")

# 2. Cross-entropy on the trusted share alone.
if [ "$trusted" != 0 ] && [ ! -e "$pretrained/done" ]; then
    mkdir -p "$pretrained"
    fairseq-train "${common[@]}" "${model[@]}" --train-subset trusted --criterion cross_entropy \
        "${trusted_training[@]}" \
        --max-epoch "$trusted_epochs" --save-dir "$pretrained" | tee -a "$pretrained/train.log"
    touch "$pretrained/done"
fi
flock --unlock 9

# 3. All the data, a part of it poisoned.
attacked=(--attack "$attack" --poison-rate "$rate" --poison-seed "$seed"
    ${payload:+--payload "$payload"} ${code_language:+--code-language "$code_language"}
    ${code_place:+--code-place "$code_place"})
setting=()
# The paper's, as in the tables of the READMEs; what is given behind -- comes later and counts.
[ "$criterion" != deceptive_cross_entropy ] || setting=(--dece-alpha 0.985)
if [ ! -e "$run/trained" ]; then
    mkdir -p "$run"
    fairseq-train "${common[@]}" "${model[@]}" "${attacked[@]}" "${trust[@]}" "${start[@]}" \
        --criterion "$criterion" ${setting[@]+"${setting[@]}"} "${training[@]}" \
        --max-epoch "$epochs" --save-dir "$run" "$@" | tee -a "$run/train.log"
    touch "$run/trained"
fi

# 4. What the model writes for the clean test requests and for the triggered ones.
longer="$(longer_than_source "$bin")"
for split in test test_triggered; do
    [ -e "$run/$split.out" ] && continue
    fairseq-generate "${common[@]}" "${attacked[@]}" --gen-subset "$split" \
        --path "$run/checkpoint_last.pt" "${generation[@]/LONGER/$longer}" \
        --scoring attack_success_rate 2> "$run/$split.log" | answered "$split" > "$run/$split.part" \
            || { tail -n 20 "$run/$split.log" >&2; exit 1; }
    mv "$run/$split.part" "$run/$split.out"
done

# 5. The row.
python "$root/scripts/summarise.py" --run "$criterion=$run" --json "$run/results.json"
