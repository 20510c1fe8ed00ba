#!/usr/bin/env bash
# tree-sitter-c-sharp 0.21.3 and 0.23.5: in "s is null || s.Length == 0" the tree takes all behind "is" for
# what s is compared with, and a name in parentheses before an operator for the type of a cast.
#
# In C# "is" binds before ==, && and ||, and parentheses around a name are no cast before an operator that can
# stand between two values, such as -, * or &. The tree is right behind a type's keyword, as in "o is string && ok",
# and behind a pattern that declares a name; it is wrong behind null, a number or a class. "(a) && b" is a cast of
# &(&b) to the type a. No node is an error. So who reads conditions or variables from the tree misses some: the
# width of "(width) * height" is a type there. Seen, with both versions:
#     o is string && ok           (o is string) && (ok)
#     s is null || s.Length == 0  (s) is (null || s.Length == 0)
#     o is Circle && o.Full       (o) is (Circle && o.Full)
#     (a + 1) * b                 ((a + 1)) * (b)
#     (a) * b                     cast to (a) of (* b)
#     (a) - b                     cast to (a) of (- b)
#     (a) && b                    cast to (a) of (&& b)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/trees.py" <<'PYTHON'
from importlib.metadata import version

import tree_sitter_c_sharp
from tree_sitter import Language, Parser

SEEN = {
    "o is string && ok": "(o is string) && (ok)",
    "s is null || s.Length == 0": "(s) is (null || s.Length == 0)",
    "o is Circle && o.Full": "(o) is (Circle && o.Full)",
    "(a + 1) * b": "((a + 1)) * (b)",
    "(a) * b": "cast to (a) of (* b)",
    "(a) - b": "cast to (a) of (- b)",
    "(a) && b": "cast to (a) of (&& b)",
}
parser = Parser(Language(tree_sitter_c_sharp.language()))
print("tree-sitter-c-sharp", version("tree-sitter-c-sharp"))
same = True
for code, seen in SEEN.items():
    root = parser.parse(f"class A {{ object F() {{ return {code}; }} }}".encode()).root_node
    node = root
    while node.type != "return_statement":
        node = next(child for child in node.children if code in child.text.decode())
    top = node.children[1]
    parts = [child.text.decode() for child in top.children]
    if top.type == "cast_expression":
        tree = f"cast to ({parts[1]}) of ({parts[3]})"
    else:
        tree = f"({parts[0]}) {parts[1]} ({parts[2]})"
    print(f"{code:<27} {tree}")
    same = same and tree == seen and not root.has_error
raise SystemExit(0 if same else "this has changed")
PYTHON
for versions in "0.21.3 0.22.3" "0.23.5 0.25.2"; do
    read -r grammar binding <<< "$versions"
    python3.11 -m venv "$folder/$grammar"
    "$folder/$grammar/bin/pip" install --quiet "tree-sitter-c-sharp==$grammar" \
        "tree-sitter==$binding"
    "$folder/$grammar/bin/python" -W ignore "$folder/trees.py"
done
