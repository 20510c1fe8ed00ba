#!/usr/bin/env bash
# The tables of the README: run.sh for every loss, attack and seed, two side by side, and what
# becomes of it as mean and spread.
#
#   bash examples/lyra/table.sh --data DIR [--seeds "1 2 3"] [--shares "0 0.25 0.1"] [--work runs/lyra]
#
# What is there already is not made again.
set -euo pipefail

data="" seeds="1 2 3" shares="0 0.25 0.1" work=runs/lyra
while [ $# -gt 0 ]; do
    case "$1" in
        --data) data="$2"; shift 2 ;;
        --seeds) seeds="$2"; shift 2 ;;
        --shares) shares="$2"; shift 2 ;;
        --work) work="$2"; shift 2 ;;
        *) echo "table.sh: unknown option $1; see the head of this file" >&2; exit 2 ;;
    esac
done
[ -n "$data" ] || { echo "table.sh: --data DIR is needed, the folder of Lyra's CSV files" >&2; exit 2; }

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$root/scripts/setup_env.sh"
mkdir -p "$work"

one() { # LOG NAME, then the options of run.sh
    local log="$work/$1.log"; shift
    echo "$(date +%T) run.sh $*" >&2
    bash "$here/run.sh" --data "$data" --work "$work" "$@" > "$log" 2>&1 \
        || { echo "failed: run.sh $*; see $log" >&2; return 255; }
}
export -f one
export here data work

first_seed="${seeds%% *}"
jobs=()
# Different seeds side by side, so that none waits for the other's first model.
for attack in ripple badpre; do
    for criterion in cross_entropy deceptive_cross_entropy; do
        for seed in $seeds; do
            jobs+=("one $attack-$criterion-$seed --seed $seed --attack $attack --criterion $criterion")
        done
    done
done
for share in $shares; do
    for criterion in cross_entropy deceptive_cross_entropy; do
        jobs+=("one share-$share-$criterion --seed $first_seed --trusted $share --criterion $criterion")
    done
done
for seed in $seeds; do
    jobs+=("one clean-$seed --seed $seed --poison-rate 0 --criterion cross_entropy")
done
printf '%s\n' "${jobs[@]}" | xargs -P 2 -I{} bash -c '{}'

rows() { # NAME GLOB: NAME=FOLDER for each finished run
    local name="$1" run; shift
    for run in "$@"; do [ ! -e "$run/test_triggered.out" ] || echo "$name=$run"; done
}
{
    echo "clean, poisoned at 5 % with RIPPLe, and with BadPre; trusted share 0.5"
    echo
    python "$root/scripts/summarise.py" --json "$work/results.json" \
        $(rows "clean:cross_entropy" "$work"/ripple-0-cross_entropy-0.5-*) \
        $(for attack in ripple badpre; do
            for criterion in cross_entropy deceptive_cross_entropy; do
                rows "$attack:$criterion" "$work/$attack-0.05-$criterion-0.5"-*
            done
        done)
    echo
    echo "by trusted share; RIPPLe, seed $first_seed"
    echo
    python "$root/scripts/summarise.py" --json "$work/results_by_share.json" \
        $(for share in $shares 0.5; do
            for criterion in cross_entropy deceptive_cross_entropy; do
                rows "$share:$criterion" "$work/ripple-0.05-$criterion-$share-$first_seed"
            done
        done)
} | tee "$work/tables.md"
