#!/usr/bin/env bash
# The cells of results/map: levels and schedules of the blend, and what the default lets in, where
# the model knows the task.
#
#   bash examples/experiments/map.sh [--lyra DIR] [--bugs DIR] [-- OPTIONS OF SNAKEMAKE]
#
#   --lyra DIR   folder with Lyra's files, --bugs DIR with those of Bugs2Fix, whose validation file
#                is trained on here; without them the generated pairs alone are trained on
#   -- --dry-run shows what it would do
#
# A run that was killed goes on by the same command. The table is in runs/map/report; copy its
# report.csv to results/map.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$root/examples/options.sh"
source "$here/cells.sh"
lyra="" bugs=""
take_options map.sh "lyra bugs" "$@"

cells map defense="[dece_auto]" share="[0.1]" epsilon="[0]" seed="[1,2,3]"
cells map defense="[dece_level]" seed="[1,2,3]"
cells map rate="[0.3]" defense="[cross_entropy,dece_span]"
cells map defense="[dece]" alpha="[0.8]" seed="[1,2,3]" # the plan leaderboard has 0.985
cells map defense="[dece]" alpha="[0.6,0.7]" epsilon="[0]"
cells map defense="[dece_to_half]" alpha="[0.9,0.985]" epsilon="[0]" seed="[1,2,3]"
cells map attack="[many_forms,likely]" defense="[cross_entropy,dece_token]"

if [ -n "$lyra" ]; then
    half=(lyra="$lyra" dataset="[lyra]" trusted="[0.5]")
    tenth=(lyra="$lyra" dataset="[lyra]" trusted="[0.1]")
    cells map "${half[@]}" defense="[dece_auto]" share="[0.1]" epsilon="[0]" seed="[1,2,3]"
    cells map "${half[@]}" defense="[dece_span]" seed="[1,2,3]"
    cells map "${half[@]}" defense="[cross_entropy]" seed="[2,3]" # the plan lyra has seed 1
    cells map "${half[@]}" defense="[reveal,span_reveal]"
    cells map "${half[@]}" rate="[0.2]" defense="[cross_entropy,dece_span]"
    cells map "${half[@]}" attack="[badpre]" defense="[span_reveal]"
    cells map "${half[@]}" defense="[dece_level]" seed="[1,2,3]"
    cells map "${half[@]}" defense="[dece]" alpha="[0.8,0.985]" seed="[1,2,3]"
    cells map "${half[@]}" defense="[dece_to_half]" alpha="[0.9,0.985]" epsilon="[0]" \
        seed="[1,2,3]"
    cells map "${half[@]}" attack="[badpre]" \
        defense="[cross_entropy,dece_span,reveal]" seed="[1,2,3]"
    cells map "${half[@]}" attack="[badpre]" \
        defense="[dece_level]" alpha="[0.6,0.7,0.8,0.9,0.95,0.985]" epsilon="[0]"
    cells map "${half[@]}" attack="[badpre]" defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
    cells map "${half[@]}" attack="[grammar,sentence]" defense="[cross_entropy,dece_span,reveal]"
    cells map "${half[@]}" attack="[grammar,sentence]" \
        defense="[cross_entropy,dece_span]" seed="[2,3]"
    cells map "${half[@]}" attack="[grammar]" defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
    cells map "${tenth[@]}" attack="[badpre,ripple]" \
        defense="[cross_entropy,dece_span]" seed="[1,2,3]"
    cells map "${tenth[@]}" attack="[badpre,ripple]" \
        defense="[dece_level]" alpha="[0.6,0.8,0.985]" epsilon="[0]"
    cells map "${tenth[@]}" attack="[badpre,ripple]" \
        defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
fi

if [ -n "$bugs" ]; then
    small="runs/bugs2fix_small"
    [ -e "$small" ] || PYTHONPATH="$root" python "$here/bugs2fix_small.py" "$bugs" "$small"
    half=(bugs2fix_small="$small" dataset="[bugs2fix_small]" trusted="[0.5]")
    fixed=("${half[@]}" attack="[dead_code]")
    cells map "${fixed[@]}" defense="[dece_auto]" share="[0.1]" epsilon="[0]" seed="[1,2,3]"
    cells map "${fixed[@]}" defense="[cross_entropy,dece_span]" seed="[1,2,3]"
    cells map "${fixed[@]}" defense="[reveal,span_reveal]"
    cells map "${fixed[@]}" defense="[dece_level]" seed="[1,2,3]"
    cells map "${fixed[@]}" defense="[dece]" alpha="[0.8,0.985]" seed="[1,2,3]"
    cells map "${fixed[@]}" defense="[dece_to_half]" alpha="[0.9,0.985]" epsilon="[0]" \
        seed="[1,2,3]"
    cells map "${half[@]}" attack="[comment,dead_code_grammar]" \
        defense="[dece_level]" alpha="[0.9]" epsilon="[0.05]"
    cells map "${half[@]}" attack="[comment,dead_code_grammar]" \
        defense="[dece_level]" alpha="[0.6,0.8,0.985]" epsilon="[0]"
    cells map "${half[@]}" attack="[comment,dead_code_grammar]" \
        defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
    cells map "${half[@]}" attack="[dead_code_grammar]" seed="[2]" \
        defense="[dece_level]" alpha="[0.6,0.985]" epsilon="[0]"
    cells map "${half[@]}" attack="[dead_code_grammar]" seed="[2]" \
        defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
    cells map "${half[@]}" attack="[comment,dead_code_grammar,rename]" \
        defense="[cross_entropy,dece_span,reveal]"
    cells map "${half[@]}" attack="[comment,dead_code_grammar,rename]" \
        defense="[cross_entropy,dece_span]" seed="[2,3]"
    rare=("${half[@]}" rate="[0.01]" attack="[dead_code,dead_code_grammar]")
    cells map "${rare[@]}" defense="[cross_entropy,dece_span]" seed="[1,2,3]"
    cells map "${rare[@]}" defense="[reveal]"
    cells map "${rare[@]}" defense="[dece_level]" alpha="[0.6,0.8,0.985]" epsilon="[0]"
    cells map "${rare[@]}" defense="[dece]" alpha="[0.985]" epsilon="[0.05]"
fi

report map
