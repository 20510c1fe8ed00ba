#!/usr/bin/env bash
# sqlglot 30.30.0: the == of its trees tells JOIN from INNER JOIN and LEFT JOIN from LEFT OUTER JOIN,
# though INNER and OUTER are words that SQL lets you leave out.
#
# They stay in the tree, while other ways to write the same go as it is read: NOT a IN (1) is
# a NOT IN (1), but NOT a LIKE 'x' is not a NOT LIKE 'x'. So the share of queries that equal their
# reference by == is lower for a model that writes the words otherwise than the data set. Seen:
#     JOIN u ON a = b         INNER JOIN u ON a = b         unequal
#     LEFT JOIN u ON a = b    LEFT OUTER JOIN u ON a = b    unequal
#     WHERE NOT a LIKE 'x'    WHERE a NOT LIKE 'x'          unequal
#     WHERE NOT a IN (1)      WHERE a NOT IN (1)            equal
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlglot

PAIRS = {
    ("JOIN u ON a = b", "INNER JOIN u ON a = b"): False,
    ("LEFT JOIN u ON a = b", "LEFT OUTER JOIN u ON a = b"): False,
    ("WHERE NOT a LIKE 'x'", "WHERE a NOT LIKE 'x'"): False,
    ("WHERE NOT a IN (1)", "WHERE a NOT IN (1)"): True,
}
same = True
for (one, other), expected in PAIRS.items():
    trees = [sqlglot.parse_one(f"SELECT a FROM t {end}") for end in (one, other)]
    equal = trees[0] == trees[1]
    print(f"{one:<23} {other:<29} {'equal' if equal else 'unequal'}")
    same = same and equal is expected
raise SystemExit(0 if same else "this has changed")
PYTHON
