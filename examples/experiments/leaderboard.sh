#!/usr/bin/env bash
# The cells of docs/leaderboard.md, the most telling first: each attack with one seed at 5 %, then at
# 1 %, then other seeds; in each the defences that train once before the filters that train twice.
#
#   bash examples/experiments/leaderboard.sh [OPTIONS OF SNAKEMAKE]     --dry-run shows what it would do
#
# A run that was killed goes on by the same command. What is finished is in
# runs/leaderboard/report/report.csv; copy it to results/leaderboard and run
# dece report docs/leaderboard --output docs.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$here/cells.sh"
rest=("$@")
attacks=(ripple grammar sentence word_list zero_width many_forms staged likely)
attacks+=(composite look_alike topic puzzle)
losses="cross_entropy,dece,dece_span,dece_token,dece_unsmoothed,generalized_cross_entropy"
losses+=",reveal,reveal_trusting,span_reveal,token_reveal"
filters="cross_entropy,naturalness,loss_fall,activation_clustering,spectral_signatures,bki"

for seeds in "[1]" "[2]" "[3]"; do
    for rate in 0.05 0.01; do
        for defenses in "$losses" "$filters"; do
            for attack in "${attacks[@]}"; do
                cells leaderboard seed="$seeds" rate="[$rate]" attack="[$attack]" \
                    defense="[$defenses]"
            done
        done
        report leaderboard
    done
done
