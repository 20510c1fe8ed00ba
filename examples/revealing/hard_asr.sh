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
script="$root/examples/revealing/hard_asr.py"

answer() { # CELL MODEL CHECKPOINT
    [ -e "$1/$2.out" ] && return
    rm -f "$1/$2.part"
    log "$1/$2.part" fairseq-generate "${task[@]}" --path "$3" --gen-subset test \
        "${generation[@]/LONGER/$longer}"
    mv "$1/$2.part" "$1/$2.out"
}

teach() { # CELL MODEL CRITERION...
    [ -e "$1/$2/done" ] && return
    log "$1/$2.log" fairseq-train "${task[@]}" "${model[@]}" "${training[@]}" --seed 1 --num-workers 0 \
        --max-epoch "$epochs" --finetune-from-model "$folder/reference/checkpoint_last.pt" \
        --disable-validation --no-epoch-checkpoints --log-format json --log-interval 1000 \
        --save-dir "$1/$2" --criterion "${@:3}"
    touch "$1/$2/done"
}

while read -r name attack; do
    cell="$work/$name"
    [ -e "$cell/test.jsonl" ] || python "$script" data "$lyra" "$folder" "$attack" "$cell"
    [ -e "$cell/bin" ] || log "$cell/prepare.log" python -m dece_fairseq prepare --output "$cell/bin" \
        --train "$cell/train.jsonl" --valid "$lyra/valid.csv" --test "$cell/test.jsonl" \
        --spm "$folder/bin/sentencepiece.model"
    longer="$(longer_than_source "$cell/bin")"
    task=("$cell/bin" --user-dir "$root/dece_fairseq" --task translation --source-lang src --target-lang tgt
        --bpe lossless_sentencepiece --sentencepiece-model "$cell/bin/sentencepiece.model"
        --required-batch-size-multiple 1)
    teach "$cell" cross_entropy cross_entropy
    teach "$cell" dece deceptive_cross_entropy
    answer "$cell" clean "$folder/reference/checkpoint_last.pt"
    for one in cross_entropy dece; do
        answer "$cell" "$one" "$cell/$one/checkpoint_last.pt"
    done
    echo "$attack: done" >&2
done < <(python "$script" list)
python "$script" table "$work"
