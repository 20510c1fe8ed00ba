#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-php 0.22.8): PHP without its opening tag matches any
# text in its syntax, and gets half the points or more whatever the output is.
#
# The grammar reads what stands before "<?php" as the text of a page, which is a single node. A function
# cut out of a file, as models write it, is such a text, and so is an apology: both trees are (program
# (text)), and a corpus without any data flow gets that quarter in full. With "<?php " put before
# reference and output they are told apart. Seen, for a function that adds up prices:
#     output         without the tag                 with the tag
#     an apology     codebleu 0.500, syntax 1.000    syntax 0.000
#     another task   codebleu 0.504, syntax 1.000    syntax 0.429
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-php==0.22.8
"$folder/venv/bin/python" - <<'PYTHON'
import logging

from codebleu import calc_codebleu

REFERENCE = """function total($items, $rate) {
    $sum = 0;
    foreach ($items as $item) {
        $sum = $sum + $item->price;
    }
    return $sum * (1 + $rate);
}"""
OUTPUTS = {
    "an apology": "Sorry, that is beyond me.",
    "another task": "function greet($name) { echo 'Hello ' . $name; }",
}
logging.disable(logging.WARNING)
same = True
for name, output in OUTPUTS.items():
    bare = calc_codebleu([REFERENCE], [output], "php")
    tagged = calc_codebleu(["<?php " + REFERENCE], ["<?php " + output], "php")
    syntax = tagged["syntax_match_score"]
    print(
        f"{name:<14} codebleu {bare['codebleu']:.3f}, syntax {bare['syntax_match_score']:.3f}"
        f"    with the tag: syntax {syntax:.3f}"
    )
    same = same and bare["codebleu"] >= 0.5 and bare["syntax_match_score"] == 1 > syntax
raise SystemExit(0 if same else "this has changed")
PYTHON
