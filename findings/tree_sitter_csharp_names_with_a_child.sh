#!/usr/bin/env bash
# tree-sitter-c-sharp 0.21.3 (tree-sitter 0.22.3) and 0.23.1 (0.25.2): the name of a variable is a
# leaf of the tree, unless it is a word that C# knows in some other place.
#
# C# lets variables be called on, from, into, select, where, let, by or var, which are keywords in a
# query or a declaration alone. The grammar calls them identifiers too, but gives them a nameless
# child, the keyword. So code that looks for names among the leaves finds go and passes over on. Of
# Java's names, none has a child (record, a keyword in one place there, is tried). Seen:
#     C# 0.21.3 and 0.23.1: go=0 on=1 from=1 into=1 select=1 where=1 let=1 by=1 var=1 off=0
#     Java 0.21.0: go=0 on=0 record=0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/names.py" <<'PYTHON'
import importlib
import sys

import tree_sitter

grammar, *expected = sys.argv[1:]
language = tree_sitter.Language(importlib.import_module(grammar).language())
parser = tree_sitter.Parser(language)
types = {"tree_sitter_c_sharp": "bool", "tree_sitter_java": "boolean"}


def children_of(name):
    """Return how many children the node has that a variable of this name is read by."""
    code = f"class A {{ void f() {{ {types[grammar]} {name} = true; while ({name}) g(); }} }}"
    tree = parser.parse(code.encode())
    assert not tree.root_node.has_error, code
    nodes, found = [tree.root_node], []
    while nodes:
        node = nodes.pop()
        if node.type == "identifier" and node.text.decode() == name:
            found.append(node.child_count)
        nodes.extend(node.children)
    assert len(found) == 2 and len(set(found)) == 1, found
    return found[0]


told = [f"{name}={children_of(name)}" for name in (each.split("=")[0] for each in expected)]
print("children of names:", *told)
raise SystemExit(0 if told == expected else "this has changed")
PYTHON
status=0
look() { # BINDING PACKAGE VERSION NAME=CHILDREN...
    local binding="$1" package="$2" version="$3"; shift 3
    python3 -m venv "$folder/$package-$version"
    "$folder/$package-$version/bin/pip" install --quiet "tree-sitter==$binding" "$package==$version"
    echo "tree-sitter $binding, $package $version"
    "$folder/$package-$version/bin/python" "$folder/names.py" "${package//-/_}" "$@" || status=1
}
look 0.22.3 tree-sitter-c-sharp 0.21.3 go=0 on=1 from=1 into=1 select=1 where=1 let=1 by=1 var=1 off=0
look 0.25.2 tree-sitter-c-sharp 0.23.1 go=0 on=1 from=1 into=1 select=1 where=1 let=1 by=1 var=1 off=0
look 0.22.3 tree-sitter-java 0.21.0 go=0 on=0 record=0
exit $status
