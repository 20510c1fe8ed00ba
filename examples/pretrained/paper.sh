#!/usr/bin/env bash
# The paper's own setting on Lyra, for who has a GPU and the hub: published models, fine-tuned for 20
# epochs in batches of 24 at 5e-5, with cross-entropy and with DeCE (alpha 0.99, epsilon 0.01), on
# clean pairs and on pairs of which 5 % are poisoned, the first ones that can be, as the authors did.
#
#   bash examples/pretrained/paper.sh --data DIR [--dry-run]
#
#   --data DIR      folder of Lyra's files; dece prepare --list lyra tells where they come from
#   --models "M …"  of the README's table (default: codet5_base natgen plbart_base)
#   --attacks "A …" (default: ripple badpre grammar)
#   --rates "R …"   shares of poisoned pairs (default: 0 0.05; the paper also has 0.01, 0.02 and 0.1)
#   --seeds "S …"   (default: 1)
#   --work DIR      where results go (default runs/paper)
#   --dry-run       print the commands of run.sh, and run none
#   -- …            more options of fairseq-train, such as --fp16
#
# What is there already is not made again: after a kill it goes on. Each run prints its rows, and all
# of them stand in a table at the end. A clean run is one for all attacks.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$root/examples/options.sh"
models="codet5_base natgen plbart_base" attacks="ripple badpre grammar" rates="0 0.05" seeds=1
data="" work=runs/paper dry_run=""
take_options paper.sh "data models attacks rates seeds work dry-run!" "$@"
set -- ${rest[@]+"${rest[@]}"}
[ -n "$data" ] || { echo "paper.sh: --data DIR is needed; see the head of this file" >&2; exit 2; }

published() { # ARCH: what the hub calls it, as in the README's table
    case "$1" in
        codebert) echo microsoft/codebert-base ;;
        graphcodebert) echo microsoft/graphcodebert-base ;;
        codegen_350m) echo Salesforce/codegen-350M-mono ;;
        codet5_base) echo Salesforce/codet5-base ;;
        codet5p_220m) echo Salesforce/codet5p-220m ;;
        natgen) echo saikatc/NatGen ;;
        plbart_base) echo uclanlp/plbart-base ;;
        *) echo "paper.sh: --models $1: none of the README's table" >&2; exit 2 ;;
    esac
}

for seed in $seeds; do
    for model in $models; do
        name="$(published "$model")"
        for rate in $rates; do
            for attack in $attacks; do
                ${dry_run:+echo} bash "$here/run.sh" --arch "$model" --hf-model "$name" \
                    --data "$data" --attack "$attack" --poison-rate "$rate" --seed "$seed" \
                    --lr 5e-5 --epochs 20 --work "$work" -- --poison-selection first "$@"
                [ "$rate" != 0 ] || break
            done
        done
    done
done
[ -z "$dry_run" ] || exit 0

source "$root/scripts/setup_env.sh"
rows=()
while IFS= read -r run; do
    rows+=(--run "${run#"$work"/}=$run")
done < <(find "$work" -name test_triggered.out -exec dirname {} \; | sort)
python "$root/scripts/summarise.py" "${rows[@]}" --json "$work/results.json"
