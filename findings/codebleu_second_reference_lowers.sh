#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-python 0.21.0): an output that equals its reference has 1.0, and
# 0.51 once a second right reference is given beside it.
#
# calc_codebleu takes a list of references for each output, as BLEU does, where an output needs to be like one of
# them. The n-grams are counted so; the weighted n-grams, the syntax and the data flow are shares of all references
# together. So references that differ can't all be met: the longer ones weigh most, and the more ways to write it a
# data set has, the lower the best score that there is. A model that repeats one reference word by word gets less than
# it got with that reference alone. Take the best of the scores with each reference by itself
# instead. Seen, for one task written as a loop and as a call of sum():
#     output  references     codebleu  n-grams  weighted  syntax  data flow
#     loop    loop           1.000     1.000    1.000     1.000   1.000
#     loop    loop and call  0.893     1.000    0.905     0.667   1.000
#     call    call           1.000     1.000    1.000     1.000   1.000
#     call    loop and call  0.511     1.000    0.201     0.444   0.400
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0
PYTHONHASHSEED=0 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from codebleu import calc_codebleu

LOOP = """def total(prices):
    result = 0
    for price in prices:
        result += price
    return result"""
CALL = """def total(prices):
    return sum(prices)"""
TRIALS = (
    ("loop", LOOP, [LOOP], (1.0, 1.0, 1.0, 1.0, 1.0)),
    ("loop", LOOP, [LOOP, CALL], (0.893, 1.0, 0.905, 0.667, 1.0)),
    ("call", CALL, [CALL], (1.0, 1.0, 1.0, 1.0, 1.0)),
    ("call", CALL, [LOOP, CALL], (0.511, 1.0, 0.201, 0.444, 0.4)),
)
same = True
for name, output, references, seen in TRIALS:
    # The keys come in this order: codebleu, n-grams, weighted n-grams, syntax, data flow.
    scores = tuple(round(part, 3) for part in calc_codebleu([references], [output], "python").values())
    print(f"{name}, {len(references)} references:", *(f"{score:.3f}" for score in scores))
    same = same and scores == seen
raise SystemExit(0 if same else "this has changed")
PYTHON
