#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-python 0.21.0): one accented letter in a string
# costs the data flow of everything behind it on that line.
#
# tree-sitter's columns count bytes; index_to_code_token cuts names out of a str with them, which
# counts characters. Behind the letter, names are cut a character too late. Seen for a line whose
# output lacks the accent of the reference's string, all else equal:
#     data flow with "cafe" in both: 1.000
#     data flow with "café" in the reference: 0.286
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0
PYTHONHASHSEED=0 "$folder/venv/bin/python" - <<'PYTHON'
from codebleu import calc_codebleu

plain = 'def f(a):\n    s = "cafe"; b = a; c = b\n    return c'
flows = []
for word in ("cafe", "café"):
    reference = plain.replace("cafe", word)
    flows.append(calc_codebleu([reference], [plain], "python")["dataflow_match_score"])
print(f'data flow with "cafe" in both: {flows[0]:.3f}')
print(f'data flow with "café" in the reference: {flows[1]:.3f}')
raise SystemExit(0 if flows[0] == 1 and flows[1] < 0.5 else "this has changed")
PYTHON
