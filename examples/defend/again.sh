#!/usr/bin/env bash
# DeCE once more, with other options, on the pairs of envelopes that run.sh has opened.
#
#   bash examples/defend/again.sh --name NAME [--options "OPTION VALUE …"] [--dataset NAME]
#       [--envelopes LIST] [--work DIR]
#
#   --name NAME       what it is called
#   --options "…"     options of fairseq-train behind --criterion deceptive_cross_entropy, such as
#                     "--dece-gate span" (default: none)
#   --dataset NAME    generated (default), lyra or bugs2fix
#   --envelopes LIST  numbers of opened envelopes (default "1 2 3 4 5 6 7 8")
#   --work DIR        where run.sh left them (default runs/defend)
#
# What is there already is not made again. Scores go to WORK/DATASET/NUMBER/again-NAME; the table of
# all:
#
#   python examples/defend/again_table.py runs/defend NAME
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
source "$root/examples/generation.sh"
work=runs/defend dataset=generated envelopes="1 2 3 4 5 6 7 8" called="" extra=""
take_options again.sh "name=called options=extra dataset envelopes work" "$@"
[ -n "$called" ] || { echo "again.sh: --name NAME is needed: what it is called" >&2; exit 2; }
source "$root/scripts/setup_env.sh"
settings="$dataset"
[ "$dataset" != generated ] || settings=quickstart
source "$root/examples/$settings/settings.sh"
base="$work/$dataset"
task=(--user-dir "$root/dece_fairseq" --task backdoor_poisoned_translation --source-lang src
    --target-lang tgt --bpe lossless_sentencepiece
    --sentencepiece-model "$base/bin/sentencepiece.model")

for number in $envelopes; do
    folder="$base/$number" here="$base/$number/again-$called"
    [ -e "$folder/result.json" ] || { echo "again.sh: $folder has not been opened" >&2; exit 2; }
    [ ! -e "$here/scores.json" ] || continue
    mkdir -p "$here"
    # shellcheck disable=SC2086  # several words
    [ -e "$here/done" ] || log "$here/train.log" fairseq-train "$folder/bin-train" "${task[@]}" \
        "${model[@]}" --seed 1 --num-workers 0 --no-epoch-checkpoints --log-format json \
        --log-interval 1000 --disable-validation --save-dir "$here" \
        --criterion deceptive_cross_entropy $extra "${training[@]}" --max-epoch "$epochs" \
        --finetune-from-model "$base/reference/checkpoint_last.pt"
    touch "$here/done"
    longer="$(longer_than_source "$folder/bin-train")"
    attack="$(python "$root/examples/defend/envelope.py" options "$folder/sealed")"
    for split in test ${attack:+test_triggered}; do
        [ ! -e "$here/$split.out" ] || continue
        [ "$split" = test ] && asked="" || asked="$attack"
        # shellcheck disable=SC2086
        fairseq-generate "$folder/bin-train" "${task[@]}" $asked ${generation[*]/LONGER/$longer} \
            --gen-subset "$split" --path "$here/checkpoint_last.pt" \
            > "$here/part" 2>> "$here/generate.log"
        mv "$here/part" "$here/$split.out"
    done
    log "$here/evaluate.log" python -m dece_fairseq evaluate --run "$called=$here" \
        --metrics bleu_code --json "$here/scores.json"
    echo "$(date +%H:%M) $dataset: envelope $number" >&2
done
