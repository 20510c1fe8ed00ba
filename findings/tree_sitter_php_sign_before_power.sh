#!/usr/bin/env bash
# tree-sitter-php 0.22.8 and 0.25.1: a sign, !, ~, @ or a cast before "$a ** 2" has the tree of ($x $a) ** 2, where
# PHP computes the power first: -2 ** 2 is -4 there, and has the tree of (-2) ** 2, which is 4.
#
# PHP's manual (operator precedence) puts ** above all of these. The tree is right behind the power, as in
# "$a ** -$b", and for two powers, which associate to the right. No node is an error. So who computes constants or
# compares code by the tree gets another number: "(int) $x ** 0.5" rounds $x in the tree and the root in PHP. Seen:
#     -$a ** 2       tree: (-$a) ** 2       PHP: - ($a ** 2)
#     ~$a ** 2       tree: (~$a) ** 2       PHP: ~ ($a ** 2)
#     !$a ** 2       tree: (!$a) ** 2       PHP: ! ($a ** 2)
#     @$a ** 2       tree: (@$a) ** 2       PHP: @ ($a ** 2)
#     (int) $a ** 2  tree: ((int) $a) ** 2  PHP: (int) ($a ** 2)
#     -2 ** 2        tree: (-2) ** 2        PHP: - (2 ** 2)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/powers.py" <<'PYTHON'
import re
from importlib.metadata import version

import tree_sitter_php
from tree_sitter import Language, Parser

#: code, and how PHP reads it
CODE = {
    "-$a ** 2": "- ($a ** 2)",
    "~$a ** 2": "~ ($a ** 2)",
    "!$a ** 2": "! ($a ** 2)",
    "@$a ** 2": "@ ($a ** 2)",
    "(int) $a ** 2": "(int) ($a ** 2)",
    "-2 ** 2": "- (2 ** 2)",
}
AS_IN_PHP = {"$a ** -$b": "$a ** (-$b)", "$a ** 2 ** 3": "$a ** (2 ** 3)"}
parser = Parser(Language(tree_sitter_php.language_php()))
name = version("tree-sitter-php")


def bracketed(part):
    return part if re.fullmatch(r"\$?\w+|\*\*", part) else f"({part})"


def tree_of(code):
    """Return the expression with brackets around the operands of its outermost operator."""
    root = parser.parse(f"<?php $x = {code};".encode()).root_node
    assigned = root.children[1].children[0].children[2]
    parts = [part.text.decode() for part in assigned.children]
    return "an error" if root.has_error else " ".join(map(bracketed, parts))


wrong = 0
for code, php in CODE.items():
    tree = tree_of(code)
    wrong += tree == f"({code[:-5]}) ** 2"
    print(name, f"{code:13}  tree: {tree:19}  PHP: {php}")
for code, php in AS_IN_PHP.items():
    tree = tree_of(code)
    wrong -= tree != php
    print(name, f"{code:13}  tree: {tree:19}  as in PHP")
raise SystemExit(0 if wrong == len(CODE) else "this has changed")
PYTHON
for versions in "0.22.8 0.22.3" "0.25.1 0.25.2"; do
    read -r grammar binding <<< "$versions"
    python3.11 -m venv "$folder/$grammar"
    "$folder/$grammar/bin/pip" install --quiet "tree-sitter-php==$grammar" "tree-sitter==$binding"
    "$folder/$grammar/bin/python" -W ignore "$folder/powers.py"
done
