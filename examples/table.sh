#!/usr/bin/env bash
# The tables of a data set's README: run.sh for every loss, attack and seed, two side by side, and
# the mean and spread of what they came to.
#
#   bash examples/table.sh NAME --data DIR [options]
#
# NAME is lyra, pisces, bugs2fix or code_translation.
#
#   --data DIR        folder with the data set's files
#   --train-on SPLIT  as for run.sh
#   --seeds "N ..."   of the first table; the others have its first seed
#   --shares "S ..."  further trusted shares, for the second table
#   --rates "R ..."   further poisoning rates, for the third table
#   --work DIR        where results go (default runs/ and the data set's name)
#
# Defaults that are not given here are in settings.sh. What is there already is not made again.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/examples/data_set.sh"
source "$root/examples/options.sh"
settings="$(settings_of table.sh "${1:-}")"; shift
source "$settings"
work="runs/$dataset"
data=""
take_options table.sh "data train-on seeds shares rates work" "$@"
check_data table.sh "$data" "$dataset"

source "$root/scripts/setup_env.sh"
mkdir -p "$work"
on=""
[ "$train_on" = train ] || on="$train_on-"

one() { # LOG NAME, then the options of run.sh
    local log="$work/$1.log"; shift
    echo "$(date +%T) run.sh $*" >&2
    bash "$root/examples/run.sh" "$dataset" --data "$data" --train-on "$train_on" --work "$work" "$@" > "$log" 2>&1 \
        || { echo "failed: run.sh $*: $(tail -n 1 "$log"); see $log" >&2; return 255; }
}
export -f one
export root dataset data work train_on

first_seed="${seeds%% *}"
criteria="cross_entropy deceptive_cross_entropy"
jobs=()
# Different seeds side by side, so that none waits for the other's first model.
for name in $attacks; do
    for criterion in $criteria; do
        for seed in $seeds; do
            jobs+=("one $on$name-$criterion-$seed --seed $seed --attack $name --criterion $criterion")
        done
    done
done
for share in $shares; do
    for criterion in $criteria; do
        jobs+=("one ${on}share-$share-$criterion --seed $first_seed --trusted $share --criterion $criterion")
    done
done
for other in $rates; do
    for criterion in $criteria; do
        jobs+=("one ${on}rate-$other-$criterion --seed $first_seed --poison-rate $other --criterion $criterion")
    done
done
for seed in $seeds; do
    jobs+=("one ${on}clean-$seed --seed $seed --poison-rate 0 --criterion cross_entropy")
done
printf '%s\n' "${jobs[@]}" | xargs -P 2 -I{} bash -c '{}'

runs() { # NAME GLOB: --run NAME=FOLDER for each finished run
    local name="$1" run; shift
    for run in "$@"; do [ ! -e "$run/test_triggered.out" ] || echo "--run $name=$run"; done
}
of() { echo "$on$1${payload:+-$payload}"; } # ATTACK: how the names of its runs begin
tables() { # RULE: the tables by one hit rule; their JSON files have the scores by both
    local how="hits by the $1 rule"
    echo "trained on $train_on; clean, and poisoned at a rate of $rate with $attacks; trusted share $trusted; $how"
    echo
    python "$root/scripts/summarise.py" --hit-rule "$1" --json "$work/results.json" \
        $(runs "clean:cross_entropy" "$work/$(of "$attack")-0-cross_entropy-$trusted"-*) \
        $(for name in $attacks; do
            for criterion in $criteria; do
                runs "$name:$criterion" "$work/$(of "$name")-$rate-$criterion-$trusted"-*
            done
        done)
    if [ -n "$shares" ]; then
        echo
        echo "trained on $train_on; by trusted share; $attack, seed $first_seed; $how"
        echo
        python "$root/scripts/summarise.py" --hit-rule "$1" --json "$work/results_by_share.json" \
            $(for share in $shares "$trusted"; do
                for criterion in $criteria; do
                    runs "$share:$criterion" "$work/$(of "$attack")-$rate-$criterion-$share-$first_seed"
                done
            done)
    fi
    if [ -n "$rates" ]; then
        echo
        echo "trained on $train_on; by poisoning rate; $attack, seed $first_seed; $how"
        echo
        python "$root/scripts/summarise.py" --hit-rule "$1" --json "$work/results_by_rate.json" \
            $(for other in $rates "$rate"; do
                for criterion in $criteria; do
                    runs "$other:$criterion" "$work/$(of "$attack")-$other-$criterion-$trusted-$first_seed"
                done
            done)
    fi
    echo
}
# What the paper counts, and then what spelling does not fool.
{ tables string; tables parse; } | tee "$work/tables.md"
