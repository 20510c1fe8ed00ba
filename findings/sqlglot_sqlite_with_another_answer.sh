#!/usr/bin/env bash
# sqlglot 30.30.0: a query of SQLite that it reads and writes, as SQLite both times, can have another
# answer.
#
# NUMERIC becomes REAL, so that a division of whole numbers gets a fraction. A plus before a column goes,
# though it is how SQLite compares without the column's type. The function like() becomes the operator
# without parentheses, which takes in what stands beside the call. Whoever brings queries into one form
# before they are run or scored has other queries. For casts to DATE see sqlglot's issue 3990. Seen, for
# (7, 'ab', '7') in items(id integer, name text, price text):
#     CAST(price AS NUMERIC) / 2               3    CAST(price AS REAL) / 2               3.5
#     +id = '7'                                0    id = '7'                              1
#     like('a%', name) + like('%b', name)      2    name LIKE 'a%' + name LIKE '%b'       0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3

import sqlglot

QUERIES = {
    "CAST(price AS NUMERIC) / 2": [3, 3.5],
    "+id = '7'": [0, 1],
    "like('a%', name) + like('%b', name)": [2, 0],
}
database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE items (id INTEGER, name TEXT, price TEXT)")
database.execute("INSERT INTO items VALUES (7, 'ab', '7')")
same = True
for asked, expected in QUERIES.items():
    query = f"SELECT {asked} FROM items"
    (written,) = sqlglot.transpile(query, read="sqlite", write="sqlite")
    answers = [database.execute(each).fetchone()[0] for each in (query, written)]
    said = written[len("SELECT ") : -len(" FROM items")]
    print(f"{asked:<37} {answers[0]:<5} {said:<37} {answers[1]}")
    same = same and answers == expected
raise SystemExit(0 if same else "this has changed")
PYTHON
