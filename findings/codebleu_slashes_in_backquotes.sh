#!/usr/bin/env bash
# codebleu 0.7.0 (tree-sitter 0.22.3, tree-sitter-javascript 0.21.4, tree-sitter-go 0.21.2): of a line with an address
# in backquotes, such as `https://example.org/${id}`, syntax and data flow are those of what stands before the //. An
# output that does something else behind it has the full syntax match.
#
# Comments are taken out before a text is parsed, with one pattern for all languages but Python and Ruby. It
# knows strings in ' and ", not JavaScript's templates and Go's raw strings: the end of such a string goes with the
# rest of its line. Seen, for an output that fetches another address and hands on less, with https:// and without
# (JavaScript), in backquotes and in " (Go):
#     JavaScript, https://     codebleu 0.855 syntax 1.000 data flow 1.000
#     JavaScript, no scheme    codebleu 0.594 syntax 0.333 data flow 0.625
#     Go, backquotes           codebleu 0.854 syntax 1.000 data flow 0.000 (none is left)
#     Go, double quotes        codebleu 0.604 syntax 0.500 data flow 0.500
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet codebleu==0.7.0 tree-sitter==0.22.3 \
    tree-sitter-javascript==0.21.4 tree-sitter-go==0.21.2
PYTHONHASHSEED=0 "$folder/venv/bin/python" - 2> /dev/null <<'PYTHON'
from codebleu import calc_codebleu

JAVASCRIPT = (
    "async function load(id, options) {\n"
    "  const answer = await fetch(`SCHEMEexample.org/items/${id}`, options);\n"
    "  return answer.json();\n}",
    "async function load(id, options) {\n"
    "  const answer = await fetch(`SCHEMEexample.org/${options.path}?all`);\n"
    "  return answer.json();\n}",
)
GO = (
    "package p\n\nfunc load(id string) string {\n"
    '\tanswer := fetch("https://example.org/items/", id)\n\treturn answer\n}',
    "package p\n\nfunc load(id string) string {\n"
    '\tanswer := fetch("https://example.org/")\n\treturn answer\n}',
)

found = []
for name, language, texts, old, new in (
    ("JavaScript, https://", "javascript", JAVASCRIPT, "SCHEME", "https://"),
    ("JavaScript, no scheme", "javascript", JAVASCRIPT, "SCHEME", ""),
    ("Go, backquotes", "go", GO, '"', "`"),
    ("Go, double quotes", "go", GO, '"', '"'),
):
    reference, output = (text.replace(old, new) for text in texts)
    score = calc_codebleu([reference], [output], language)
    row = [score[part] for part in ("codebleu", "syntax_match_score", "dataflow_match_score")]
    print("{:<24} codebleu {:.3f} syntax {:.3f} data flow {:.3f}".format(name, *row))
    found.append([round(value, 3) for value in row])
expected = [[0.855, 1, 1], [0.594, 0.333, 0.625], [0.854, 1, 0], [0.604, 0.5, 0.5]]
if found != expected:
    print("this has changed")
    raise SystemExit(1)
PYTHON
