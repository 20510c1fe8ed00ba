#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-python 0.21.0): the same Python indented with
# tabs and with blanks does not match.
#
# remove_comments_and_docstrings puts lines together again from Python's tokens. The first line of a
# block keeps its tab (the INDENT token), the others get as many blanks as they have columns, that is
# one for a tab. For tree-sitter, where a tab reaches to column 8, the block ends there. Seen:
#     what is left of the comments' removal: 'def f(a):\n\tb = a\n if b:\n\t\treturn b\n return a'
#     blanks against tabs: codebleu 0.9250, syntax 0.700
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-python==0.21.0
"$folder/venv/bin/python" - <<'PYTHON'
from codebleu import calc_codebleu
from codebleu.parser import remove_comments_and_docstrings

tabs = "def f(a):\n\tb = a\n\tif b:\n\t\treturn b\n\treturn a"
left = remove_comments_and_docstrings(tabs, "python")
print(f"what is left of the comments' removal: {left!r}")
result = calc_codebleu([tabs], [tabs.replace("\t", "    ")], "python")
score, syntax = result["codebleu"], result["syntax_match_score"]
print(f"blanks against tabs: codebleu {score:.4f}, syntax {syntax:.3f}")
raise SystemExit(0 if syntax < 1 and "\n if" in left else "this has changed")
PYTHON
