#!/usr/bin/env bash
# A pre-trained code model on Lyra with a backdoor in it: fine-tuned with cross-entropy and with
# DeCE, at the paper's settings, and a row for each.
#
#   bash examples/pretrained/run.sh --arch ARCH --data DIR --hf-model NAME    the published model
#   bash examples/pretrained/run.sh --arch ARCH --data DIR                    a small one of its kind
#
#   --arch ARCH      codet5_base, codet5p_220m, codebert, graphcodebert, codegen_350m, plbart_base
#                    or another name of the README's table
#   --data DIR       folder of Lyra's files; scripts/prepare.py --list lyra tells where they come from
#   --hf-model NAME  a folder that save_pretrained wrote, or a name on the hub. Without it the example
#                    trains a small model of the same architecture on clean pairs first (stand_in.sh)
#   --updates N      of that training (default 2000)
#   --criteria "C …" the losses (default "cross_entropy deceptive_cross_entropy"): criteria of fairseq,
#                    deceptive_cross_entropy as the authors ran it, and recommended, which is that
#                    criterion without options
#   --attack NAME    ripple, badpre, … (default ripple)
#   --poison-rate R  share of all training pairs that are poisoned (default 0.05; 0: a clean run)
#   --lr R           of the fine-tuning (default 5e-5)
#   --epochs N       of the fine-tuning (default 20)
#   --seed N         of everything (default 1)
#   --work DIR       where results go (default runs/pretrained)
#   -- …             more options of the second fairseq-train, such as --fp16 or --lora-rank 8
#
# What is there already is not made again.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$root/examples/options.sh"
criteria="cross_entropy deceptive_cross_entropy"
arch="" data="" hf_model="" updates=2000 attack=ripple rate=0.05 lr=5e-5 epochs=20 seed=1 work=runs/pretrained
take_options run.sh "arch data updates hf-model criteria attack poison-rate=rate lr epochs seed work" "$@"
set -- ${rest[@]+"${rest[@]}"}
[ -n "$arch" ] || { echo "run.sh: --arch is needed; see the head of this file" >&2; exit 2; }
[ -n "$data" ] || { echo "run.sh: --data DIR is needed; source scripts/setup_env.sh, and then" \
    "python scripts/prepare.py --list lyra tells where it comes from" >&2; exit 2; }
[ -d "$data" ] || { echo "run.sh: --data $data: no such folder" >&2; exit 2; }

source "$root/scripts/setup_env.sh"
source "$root/examples/generation.sh"

# What the authors ran with: a faster blend for decoders alone.
case "$arch" in
    codegen*|hf_causal) dece=(--dece-alpha 0.8 --label-smoothing 0.05) ;;
    *) dece=(--dece-alpha 0.99 --label-smoothing 0.01) ;;
esac
model=()
case "$arch" in plbart*) model=(--hf-source-language __en_XX__ --hf-target-language __python__) ;; esac

work="$work/$arch-$seed" trust=()
mkdir -p "$work"
if [ -z "$hf_model" ]; then
    hf_model="$work/stand-in"
    [ -e "$hf_model" ] || bash "$here/stand_in.sh" "$arch" "$data" "$work" "$seed" "$updates"
    # It knows a half of the pairs, clean. Nobody else could write to them.
    trust=(--trusted-ids "$work/clean/trusted.ids")
    # The fresh decoder of a small encoder is small as well.
    case "$arch" in *codebert) model=(--decoder-layers 1 --decoder-ffn-embed-dim 512) ;; esac
else
    work="$work-published"
    mkdir -p "$work"
fi

# 1. Lyra in the model's own pieces.
bin="$work/data"
[ -e "$bin" ] || python "$root/scripts/prepare.py" \
    --dataset lyra --data "$data" --tokenizer "$hf_model" --output "$bin"

common=("$bin" --user-dir "$root/dece_fairseq" --source-lang src --target-lang tgt
    --task backdoor_poisoned_translation --bpe hf_tokenizer --hf-tokenizer "$bin/tokenizer"
    --attack "$attack" --poison-rate "$rate" --poison-seed "$seed")

# 2. AdamW (fairseq's adam), linear decay to 0, batches of 24, source and target of 150 tokens at
#    most: the authors cut a longer one, here its pair is left out.
pairs="$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["splits"]["train"]["pairs"])' \
    "$bin/prepare.json")"
rows=()
for criterion in $criteria; do
    run="$work/$attack-$rate-$criterion-$lr-$epochs${*:+-$(echo "$*" | tr -cs 'A-Za-z0-9.\n' _)}"
    case "$criterion" in
        deceptive_cross_entropy) options=(--criterion "$criterion" "${dece[@]}") ;;
        recommended) options=(--criterion deceptive_cross_entropy) ;;
        *) options=(--criterion "$criterion") ;;
    esac
    if [ ! -e "$run/trained" ]; then
        mkdir -p "$run"
        fairseq-train "${common[@]}" "${trust[@]}" "${model[@]}" \
            --arch "$arch" --hf-model "$hf_model" "${options[@]}" \
            --optimizer adam --adam-eps 1e-8 --weight-decay 0.01 --lr "$lr" \
            --lr-scheduler polynomial_decay --total-num-update "$(( (pairs + 23) / 24 * epochs ))" --max-epoch "$epochs" \
            --batch-size 24 --max-source-positions 150 --max-target-positions 150 \
            --skip-invalid-size-inputs-valid-test --seed "$seed" --num-workers 0 \
            --no-epoch-checkpoints --log-format json --log-interval 100 \
            --save-dir "$run" "$@" | tee -a "$run/train.log"
        touch "$run/trained"
    fi
    # 3. What it writes for the clean test requests and for the triggered ones.
    for split in test test_triggered; do
        [ -e "$run/$split.out" ] && continue
        fairseq-generate "${common[@]}" --gen-subset "$split" --path "$run/checkpoint_last.pt" \
            --beam 5 --max-len-b 150 --max-tokens 8000 \
            --scoring attack_success_rate 2> "$run/$split.log" \
            | answered "$criterion, $split" > "$run/$split.part" \
                || { tail -n 20 "$run/$split.log" >&2; exit 1; }
        mv "$run/$split.part" "$run/$split.out"
    done
    rows+=(--run "$arch, $criterion=$run")
done

# 4. The table.
python "$root/scripts/summarise.py" "${rows[@]}" --json "$work/results-$attack-$rate-$lr-$epochs.json"
