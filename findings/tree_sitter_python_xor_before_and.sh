#!/usr/bin/env bash
# tree-sitter-python 0.21.0 and 0.25.0: of & and ^ the wrong one binds first. "a ^ b & c" has the tree of
# (a ^ b) & c, where Python computes a ^ (b & c).
#
# The two levels are swapped in the grammar; |, << and all others are as in Python. So what hashes, checksums
# and masks of bits compute is another thing in the tree, without an error: two programs that mean the same have
# different trees, two that do not have the same, and a rewrite by the tree changes what is computed. Seen, for
# every pair of Python's 11 bitwise and arithmetic operators, compared with Python's own ast:
#     0.21.0 a & b ^ c  tree: a & (b ^ c)  Python: (a & b) ^ c
#     0.21.0 a ^ b & c  tree: (a ^ b) & c  Python: a ^ (b & c)
#     0.21.0 121 pairs, 2 with another tree; 0.25.0 the same
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/pairs.py" <<'PYTHON'
import ast
from importlib.metadata import version
from itertools import product

import tree_sitter_python
from tree_sitter import Language, Parser

OPERATORS = ("&", "^", "|", "<<", ">>", "+", "-", "*", "/", "%", "**")
parser = Parser(Language(tree_sitter_python.language()))
name = version("tree-sitter-python")


def grouped(code, left_is_an_operation):
    a, first, b, second, c = code.split()
    return f"({a} {first} {b}) {second} {c}" if left_is_an_operation else f"{a} {first} ({b} {second} {c})"


others = []
for first, second in product(OPERATORS, OPERATORS):
    code = f"a {first} b {second} c"
    root = parser.parse(code.encode()).root_node
    left = root.children[0].children[0].children[0]
    tree = grouped(code, left.type == "binary_operator")
    python = grouped(code, isinstance(ast.parse(code, mode="eval").body.left, ast.BinOp))
    if root.has_error or tree != python:
        others.append(code)
        print(name, code, f" tree: {tree}  Python: {python}")
print(name, len(OPERATORS) ** 2, "pairs,", len(others), "with another tree")
raise SystemExit(0 if others == ["a & b ^ c", "a ^ b & c"] else "this has changed")
PYTHON
for versions in "0.21.0 0.22.3" "0.25.0 0.25.2"; do
    read -r grammar binding <<< "$versions"
    python3.11 -m venv "$folder/$grammar"
    "$folder/$grammar/bin/pip" install --quiet "tree-sitter-python==$grammar" "tree-sitter==$binding"
    "$folder/$grammar/bin/python" -W ignore "$folder/pairs.py"
done
