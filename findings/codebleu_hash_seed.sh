#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-python 0.21.0): the score of the same two texts
# is another in another process.
#
# get_data_flow merges the edges of a variable through a set of names (list(set(...))), whose order
# depends on Python's hash seed, and compares the lists in that order. Seen with PYTHONHASHSEED 0 to 9:
#     data flow: 0.923 0.846 0.846 0.846 0.846 0.846 0.923 0.923 0.846 0.846
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0
for seed in 0 1 2 3 4 5 6 7 8 9; do
    PYTHONHASHSEED=$seed "$folder/venv/bin/python" - <<'PYTHON'
from codebleu import calc_codebleu

reference = "def f(a, b, c):\n    for x in g(a, b):\n        x = x + a + b + c\n    return x"
output = "def f(p, q, r):\n    for y in g(p, q):\n        y = y + p + q + r\n    return y"
print("%.3f" % calc_codebleu([reference], [output], "python")["dataflow_match_score"])
PYTHON
done > "$folder/flows"
echo "data flow: $(tr '\n' ' ' < "$folder/flows")"
test "$(sort -u "$folder/flows" | wc -l)" -gt 1
