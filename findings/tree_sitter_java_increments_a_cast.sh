#!/usr/bin/env bash
# tree-sitter-java 0.21.0 and 0.23.5: "(byte) n++" has the tree of ((byte) n)++ and "-n++" that of (-n)++, which Java
# does not allow; "(a.length) - 1" is the cast of -1 to a type a.length.
#
# In Java ++ and -- behind a variable bind before a sign, !, ~ and a cast, and what is cast to a class has no sign (its
# specification, 15.14 to 15.16). The tree is right in "(n) - 1", "(this.x) - 1" and "(a.length) * 2". No node is an
# error. So who looks up which variables are written finds a cast there and not n; who tells variables from types takes
# the length of an array for a type, and the subtraction is gone. codebleu 0.7.0 reads Java by this grammar. (A
# formatter on a grammar derived from it wrote ((byte) n)++ into people's code: prettier-java's issue 987.) Seen, both
# versions:
#     (byte) n++      tree: ((byte) n) ++            Java: (byte) (n++)
#     -n++            tree: (-n) ++                  Java: - (n++)
#     ~a[i]--         tree: (~a[i]) --               Java: ~ (a[i]--)
#     (a.length) - 1  tree: cast to a.length of - 1  Java: (a.length) - 1
#     (p.x) + q.x     tree: cast to p.x of + q.x     Java: (p.x) + q.x
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/trees.py" <<'PYTHON'
import re
from importlib.metadata import version

import tree_sitter_java
from tree_sitter import Language, Parser

#: code, its tree, and how Java reads it
CODE = {
    "(byte) n++": ("((byte) n) ++", "(byte) (n++)"),
    "-n++": ("(-n) ++", "- (n++)"),
    "~a[i]--": ("(~a[i]) --", "~ (a[i]--)"),
    "(a.length) - 1": ("cast to a.length of - 1", "(a.length) - 1"),
    "(p.x) + q.x": ("cast to p.x of + q.x", "(p.x) + q.x"),
    "(n) - 1": ("(n) - 1", "(n) - 1"),
    "(this.x) - 1": ("(this.x) - 1", "(this.x) - 1"),
    "(a.length) * 2": ("(a.length) * 2", "(a.length) * 2"),
}
parser = Parser(Language(tree_sitter_java.language()))
name = version("tree-sitter-java")


def bracketed(part):
    return part if re.fullmatch(r"[\w.]+|\(.*\)|\W+", part) and ") " not in part else f"({part})"


same = True
for code, (seen, java) in CODE.items():
    root = parser.parse(f"class A {{ void f() {{ v = {code}; }} }}".encode()).root_node
    node = root
    while node.type != "assignment_expression":
        node = next(child for child in node.children if code in child.text.decode())
    top = node.child_by_field_name("right")
    parts = [child.text.decode() for child in top.children]
    if top.type == "cast_expression":
        tree = f"cast to {parts[1]} of {parts[3]}"
    else:
        tree = " ".join(map(bracketed, parts))
    print(name, f"{code:<14}  tree: {tree:<23}  Java: {java}")
    same = same and tree == seen and not root.has_error
raise SystemExit(0 if same else "this has changed")
PYTHON
for versions in "0.21.0 0.22.3" "0.23.5 0.25.2"; do
    read -r grammar binding <<< "$versions"
    python3.11 -m venv "$folder/$grammar"
    "$folder/$grammar/bin/pip" install --quiet "tree-sitter-java==$grammar" "tree-sitter==$binding"
    "$folder/$grammar/bin/python" -W ignore "$folder/trees.py"
done
