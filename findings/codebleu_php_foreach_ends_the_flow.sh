#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-php 0.22.8): one foreach with a key, or over anything but a plain
# variable, takes the data flow of the whole PHP text. In that quarter of the score a wrong variable costs nothing.
#
# The walk takes the first two variables of the loop's head for the array and its value. In "$prices as $name => $price"
# and "$this->prices as $price" there are not two by themselves; the walk gives up, and an empty data flow is handed on.
# Such a reference counts for nothing in the data flow of a corpus, and a corpus of such alone gets that quarter in
# full. An output with such a loop has no flow either: where its reference loops over the plain variable, it loses all
# of it, right or not. The warning comes only if no reference is left. Seen, for references with each loop,
# outputs with the same loop that mix up their other variables, and outputs that differ from the first reference in
# their loop alone:
#     foreach (...)                   edges  mixed up: codebleu, data flow  another loop: data flow
#     $prices as $price                  10               0.536     0.500                     1.000
#     $prices as $name => $price          0               0.692     none                      0.000
#     $prices as &$price                  0               0.665     none                      0.000
#     $this->prices as $price             0               0.665     none                      0.000
#     array_values($prices) as $price     0               0.674     none                      0.000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 tree-sitter-php==0.22.8
"$folder/venv/bin/python" - <<'PYTHON'
import logging

from codebleu import calc_codebleu
from codebleu.dataflow_match import dfg_function, get_data_flow
from codebleu.utils import get_tree_sitter_language
from tree_sitter import Parser

LOOPS = (
    "$prices as $price",
    "$prices as $name => $price",
    "$prices as &$price",
    "$this->prices as $price",
    "array_values($prices) as $price",
)
RIGHT = """<?php function total($prices, $rate) {
    $sum = 0;
    foreach (LOOP) { $sum += $price * $rate; }
    return $sum;
}"""
MIXED_UP = """<?php function total($prices, $rate) {
    $sum = $rate;
    foreach (LOOP) { $sum = $price; }
    return $rate;
}"""
logging.disable(logging.WARNING)
parser = [Parser(get_tree_sitter_language("php")), dfg_function["php"]]
first = RIGHT.replace("LOOP", LOOPS[0])
print("foreach (...)                   edges  mixed up: codebleu, data flow  another loop: data flow")
seen = []
for loop in LOOPS:
    reference, mixed_up = (text.replace("LOOP", loop) for text in (RIGHT, MIXED_UP))
    edges = len(get_data_flow(reference, parser))
    score = calc_codebleu([reference], [mixed_up], "php")
    flow = f"{score['dataflow_match_score']:.3f}" if edges else "none"
    other = calc_codebleu([first], [reference], "php")["dataflow_match_score"]
    print(f"{loop:<31} {edges:>5}  {score['codebleu']:>18.3f}     {flow:<5}  {other:>24.3f}")
    seen.append((edges, flow, other))
same = seen == [(10, "0.500", 1.0)] + [(0, "none", 0.0)] * 4
raise SystemExit(0 if same else "this has changed")
PYTHON
