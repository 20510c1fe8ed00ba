#!/usr/bin/env bash
# sacrebleu 2.6.0: its paired tests call two systems that differ in one sentence significantly
# different, with the smallest p-value there is.
#
# _compute_p_value counts the shuffles whose difference is larger than the one seen, and leaves out
# those that are as large. When one sentence differs every shuffle is as large and none is larger:
# (0 + 1) / (10000 + 1). Riezler and Maxwell (2005) count differences at least as large, which gives
# p = 1. With k sentences that differ, all in favour of one system, p should be 2 * 0.5 ** k. Seen:
#     1 of 40 sentences differs: p = 0.0001, should be 1
#     3 of 40 sentences differ: p = 0.0001, should be 0.25
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
cd "$folder"
for n in $(seq 40); do echo "the cat number $n sat on the red mat today"; done > reference
for k in 1 3; do
    cp reference one
    sed "1,${k}s/.*//" reference > other
    venv/bin/sacrebleu reference -i one other --paired-ar -f json -w 4 2> /dev/null > result
    venv/bin/python - "$k" <<'PYTHON'
import json
import sys

differ = int(sys.argv[1])
p_value = json.load(open("result"))[1]["BLEU"]["p_value"]
verb = "differs" if differ == 1 else "differ"
print(f"{differ} of 40 sentences {verb}: p = {p_value:.4f}, should be {2 * 0.5**differ:g}")
raise SystemExit(0 if p_value < 0.05 else "this has changed")
PYTHON
done
