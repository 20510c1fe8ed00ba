#!/usr/bin/env bash
# tree-sitter-cpp 0.22.3 and 0.23.4, tree-sitter-c-sharp 0.21.3 and 0.23.5: in "i < n >> 1" the tree has a generic i<n>
# that is compared with 1, and in C++ "a < b && c > (d)" is the call of a template a<b && c> with d.
#
# Who reads "<" can't know whether a template stands before it; a compiler looks the name up, and C# goes by the token
# behind ">". The grammars take the template, also where a number or a name follows, as in every loop to half of
# something. No node is an error. In C++ the variable n is a type then, the shift is gone, and a comparison is a call,
# so that who reads variables, calls or operators from the tree gets others than the program has. (Other forms: issues
# 121 and 269 of tree-sitter-cpp, both closed.) "i <= n >> 1" and "i < (n >> 1)" are right, and so is tree-sitter-c
# 0.23.4 in all. Seen, with both versions of each:
#                       C                      C++                   C#
#     i < n >> 1        (i) < (n >> 1)         (i < n >) > (1)       (i < n >) > (1)
#     i * i < n >> k    (i * i) < (n >> k)     (i * i < n >) > (k)   (i * i < n >) > (k)
#     p.x < n >> 1      (p.x) < (n >> 1)       (p.x < n >) > (1)     (p.x < n >) > (1)
#     i <= n >> 1       (i) <= (n >> 1)        (i) <= (n >> 1)       (i) <= (n >> 1)
#     a < b && c > (d)  (a < b) && (c > (d))   a < b && c > of (d)   (a < b) && (c > (d))
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/trees.py" <<'PYTHON'
import sys
from importlib import import_module
from importlib.metadata import version

from tree_sitter import Language, Parser

FRAMES = {"c": "int f() {{ if ({}) return 1; }}", "cpp": "int f() {{ if ({}) return 1; }}"}
FRAMES["c_sharp"] = "class A {{ void F() {{ if ({}) return; }} }}"
RIGHT = {
    "i < n >> 1": "(i) < (n >> 1)",
    "i * i < n >> k": "(i * i) < (n >> k)",
    "p.x < n >> 1": "(p.x) < (n >> 1)",
    "i <= n >> 1": "(i) <= (n >> 1)",
    "a < b && c > (d)": "(a < b) && (c > (d))",
}
WRONG = {
    "i < n >> 1": "(i < n >) > (1)",
    "i * i < n >> k": "(i * i < n >) > (k)",
    "p.x < n >> 1": "(p.x < n >) > (1)",
}
SEEN = {"c": RIGHT, "cpp": {**RIGHT, **WRONG, "a < b && c > (d)": "a < b && c > of (d)"}}
SEEN["c_sharp"] = {**RIGHT, **WRONG}

name = sys.argv[1]
print("tree-sitter-" + name.replace("_", "-"), version("tree-sitter-" + name.replace("_", "-")))
parser = Parser(Language(import_module("tree_sitter_" + name).language()))
same = True
for code, seen in SEEN[name].items():
    root = parser.parse(FRAMES[name].format(code).encode()).root_node
    nodes = [root]
    while nodes[-1].text.decode() != code:
        node = nodes.pop()
        nodes += [child for child in node.children if code in child.text.decode()]
    parts = [part.text.decode() for part in nodes[-1].children]
    tree = "({}) {} ({})".format(*parts) if len(parts) == 3 else " of ".join(parts)
    print(f"    {code:<17} {tree}")
    same = same and tree == seen and not root.has_error
raise SystemExit(0 if same else "this has changed")
PYTHON
for versions in "c 0.23.4 0.25.2" "cpp 0.22.3 0.22.3" "cpp 0.23.4 0.25.2" \
    "c_sharp 0.21.3 0.22.3" "c_sharp 0.23.5 0.25.2"; do
    read -r name grammar binding <<< "$versions"
    python3.11 -m venv "$folder/$name-$grammar"
    "$folder/$name-$grammar/bin/pip" install --quiet "tree-sitter-${name/_/-}==$grammar" "tree-sitter==$binding"
    "$folder/$name-$grammar/bin/python" -W ignore "$folder/trees.py" "$name"
done
