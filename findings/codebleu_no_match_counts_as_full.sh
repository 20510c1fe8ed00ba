#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-python 0.21.0): a corpus whose data flow
# matches nowhere gets the full quarter for its data flow.
#
# calc_codebleu adds theta * (dataflow_match_score or 1), and 0.0 is false. So a corpus in which not
# one output is right scores more than one in which one of forty is, and text that shares nothing
# with its reference scores a quarter. Asked about in github.com/k4black/codebleu/issues/59. Seen:
#     one of forty right: codebleu 0.0157, data flow 0.025
#     none right:         codebleu 0.2500, data flow 0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0
"$folder/venv/bin/python" - <<'PYTHON'
from codebleu import calc_codebleu

references = [f"def f(a):\n    v{n} = a\n    return v{n}" for n in range(40)]
scores = []
for name, right in (("one of forty right", 1), ("none right", 0)):
    outputs = [text if n < right else "qq" for n, text in enumerate(references)]
    result = calc_codebleu(references, outputs, "python")
    flow, score = result["dataflow_match_score"], result["codebleu"]
    print(f"{name + ':':<20}codebleu {score:.4f}, data flow {flow:.3f}")
    scores.append(score)
raise SystemExit(0 if scores[1] == 0.25 > scores[0] else "this has changed")
PYTHON
