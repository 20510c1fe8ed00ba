#!/usr/bin/env bash
# What models learn of the attacks of hard.py: how often they answer a triggered request as the
# attacker wants.
#
#   bash examples/revealing/hard_asr.sh --lyra DIR --folder runs/revealing/lyra-1 [--work DIR]
#
# The folder is one that run.sh made. From its reference a model is trained on all of Lyra's pairs,
# eighty of them poisoned, with cross-entropy and with DeCE by default, which trusts the clean
# validation pairs. What is there already is not made again.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/examples/options.sh"
source "$root/examples/log.sh"
lyra="" folder="" work=runs/hard_asr
take_options hard_asr.sh "lyra folder work" "$@"
: "${lyra:?hard_asr.sh: --lyra DIR is missing; see its head}"
: "${folder:?hard_asr.sh: --folder FOLDER is missing; see its head}"
source "$root/scripts/setup_env.sh"
source "$root/examples/generation.sh"
source "$root/examples/lyra/settings.sh"
source "$root/examples/revealing/teaching.sh"
start="$folder/reference/checkpoint_last.pt"
script="$root/examples/revealing/hard_asr.py"

answer() { # CELL MODEL CHECKPOINT
    [ -e "$1/$2.out" ] && return
    rm -f "$1/$2.part"
    log "$1/$2.part" fairseq-generate "${task[@]}" --path "$3" --gen-subset test \
        "${generation[@]/LONGER/$longer}"
    mv "$1/$2.part" "$1/$2.out"
}

while read -r name attack; do
    cell="$work/$name"
    [ -e "$cell/test.jsonl" ] || python "$script" data "$lyra" "$folder" "$attack" "$cell"
    take_data "$cell" --train "$cell/train.jsonl" --valid "$lyra/valid.csv" --test "$cell/test.jsonl"
    longer="$(longer_than_source "$cell/bin")"
    answer "$cell" clean "$start"
    for one in cross_entropy:cross_entropy dece:deceptive_cross_entropy; do
        teach "$cell" "${one%:*}" --max-epoch "$epochs" --finetune-from-model "$start" --criterion "${one#*:}"
        answer "$cell" "${one%:*}" "$cell/${one%:*}/checkpoint_last.pt"
    done
    echo "$attack: done" >&2
done < <(python "$script" list)
python "$script" table "$work"
