#!/usr/bin/env bash
# tree-sitter-python 0.21.0 and 0.25.0: text that no Python takes has a tree without an error, so that
# has_error is no test of generated code.
#
# The grammar is for editors, where code is half written, and takes Python 2 as well. A body may be
# missing, a line may be indented for no reason, and `x` in backquotes is a string. Seen with both
# versions, of nine texts that compile() refuses: nine trees without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/trees.py" <<'PYTHON'
import warnings

import tree_sitter
import tree_sitter_python

TEXTS = [
    "def f():\n",
    "if x:\nprint(1)\n",
    "x = 1\n    y = 2\n",
    "def f(a=1, b): pass\n",
    "f(a=1, 2)\n",
    "x = `y`\n",
    'print "x"\n',
    "try:\n    pass\nexcept E, e:\n    pass\n",
    "while True:\n# later\n",
]
warnings.simplefilter("ignore")
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))
missed = 0
for text in TEXTS:
    try:
        compile(text, "text", "exec")
        raise SystemExit(f"this has changed: Python takes {text!r}")
    except SyntaxError:
        pass
    root = parser.parse(text.encode()).root_node
    missed += not root.has_error
    print(f"error: {root.has_error!s:5} {text!r:45} {root.children[0]!s:.70}")
print(f"{missed} of {len(TEXTS)} without an error")
raise SystemExit(0 if missed == len(TEXTS) else "this has changed")
PYTHON
status=0
for versions in "0.22.3 0.21.0" "0.25.2 0.25.0"; do
    read -r binding grammar <<< "$versions"
    python3 -m venv "$folder/$grammar"
    "$folder/$grammar/bin/pip" install --quiet "tree-sitter==$binding" "tree-sitter-python==$grammar"
    echo "tree-sitter $binding, tree-sitter-python $grammar"
    "$folder/$grammar/bin/python" "$folder/trees.py" || status=1
done
exit $status
