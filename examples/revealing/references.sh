#!/usr/bin/env bash
# Which model to ask: the same poisoned pairs looked into with references that differ in what they were
# trained on.
#
#   bash examples/revealing/references.sh --pairs FILE --folder runs/revealing/lyra-1
#
#   --folder FOLDER  one that run.sh made of the pairs; its name begins with that of the data
#   --work DIR       where results go (default runs/references/ and the folder's name)
#
# RIPPLe poisons 5 % of all pairs, none of the trusted ones. Every model is trained by stock fairseq-train: on
# from the folder's reference, which knows the trusted half, or from nothing. What is there already is not made
# again.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
pairs="" folder="" work=""
take_options references.sh "pairs folder work" "$@"
: "${pairs:?references.sh: --pairs FILE is missing; see its head}"
: "${folder:?references.sh: --folder FOLDER is missing; see its head}"
data="$(basename "$folder")"
work="${work:-runs/references/$data}"
settings="${data%-*}"
source "$root/scripts/setup_env.sh"
source "$root/examples/${settings/generated/quickstart}/settings.sh"
source "$root/examples/revealing/teaching.sh"
trusted="$folder/bin/trusted.ids"
mkdir -p "$work"

[ -e "$work/train.jsonl" ] || log "$work/poison.log" python -m dece_fairseq poison --attack ripple --seed 1 \
    --trusted-ids "$trusted" --input "$pairs" --output "$work/train.jsonl"
take_data "$work" --train "$work/train.jsonl"

dece=(--criterion deceptive_cross_entropy)
from=(--finetune-from-model "$folder/reference/checkpoint_last.pt")
both=$((trusted_epochs + epochs))
teach "$work" cross_entropy_1 "${from[@]}" --max-epoch 1 --criterion cross_entropy
teach "$work" cross_entropy "${from[@]}" --max-epoch "$epochs" --criterion cross_entropy
teach "$work" dece "${from[@]}" --max-epoch "$epochs" "${dece[@]}" --dece-trusted-ids "$trusted"
teach "$work" scratch_cross_entropy_1 --max-epoch 1 --criterion cross_entropy
teach "$work" scratch_dece "${trusted_training[@]}" --max-epoch "$both" "${dece[@]}" --dece-trusted-ids "$trusted"
teach "$work" scratch_dece_08 "${trusted_training[@]}" --max-epoch "$both" "${dece[@]}" --dece-alpha 0.8 \
    --label-smoothing 0
python "$root/examples/revealing/references.py" "$pairs" "$folder" "$work"
