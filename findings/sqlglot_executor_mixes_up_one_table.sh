#!/usr/bin/env bash
# sqlglot 30.30.0: its executor answers UNION, INTERSECT and EXCEPT as if their two queries were one of them, where
# both read the same table. Which of the two it is changes from call to call. No error and no warning.
#
# A step of its plan goes by the name of its table, so that the result of one query takes the place of the
# other's; aliases that differ keep them apart. "Which countries have singers above 40 and singers below 30" is
# written so in the data sets of text-to-SQL. An execution accuracy that is counted by this executor, without a
# database, takes a right query for a wrong one. Seen, for four singers, every answer that 200 calls gave:
#     INTERSECT           sqlite3 FR        sqlglot FR IT or FR US
#     EXCEPT              sqlite3 US        sqlglot nothing
#     UNION               sqlite3 FR IT US  sqlglot FR IT or FR US
#     INTERSECT, aliases  sqlite3 FR        sqlglot FR
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3

from sqlglot.executor import execute

SINGERS = [("FR", 50), ("US", 45), ("FR", 20), ("IT", 25)]
SCHEMA = {"singer": {"country": "TEXT", "age": "INT"}}
tables = {"singer": [{"country": country, "age": age} for country, age in SINGERS]}
database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE singer (country TEXT, age INT)")
database.executemany("INSERT INTO singer VALUES (?, ?)", SINGERS)

OLD = "SELECT country FROM singer WHERE age > 40"
YOUNG = "SELECT country FROM singer WHERE age < 30"
ALIASED = (
    "SELECT a.country FROM singer AS a WHERE a.age > 40 INTERSECT "
    "SELECT b.country FROM singer AS b WHERE b.age < 30"
)
QUERIES = {name: f"{OLD} {name} {YOUNG}" for name in ("INTERSECT", "EXCEPT", "UNION")}
QUERIES["INTERSECT, aliases"] = ALIASED


def written(rows):
    return " ".join(sorted(country for (country,) in rows)) or "nothing"


seen = {}
for name, sql in QUERIES.items():
    right = written(database.execute(sql))
    results = (execute(sql, schema=SCHEMA, tables=tables, dialect="sqlite") for _ in range(200))
    answers = sorted({written(result.rows) for result in results})
    print(f"{name:<19} sqlite3 {right:<9} sqlglot {' or '.join(answers)}")
    seen[name] = (right, set(answers))
# Which of the two queries it is may be the same in all calls of a process.
same = (
    seen["INTERSECT"][0] == "FR" and seen["INTERSECT"][1] <= {"FR IT", "FR US"}
    and seen["EXCEPT"] == ("US", {"nothing"})
    and seen["UNION"][0] == "FR IT US" and seen["UNION"][1] <= {"FR IT", "FR US"}
    and seen["INTERSECT, aliases"] == ("FR", {"FR"})
)  # fmt: skip
raise SystemExit(0 if same else "this has changed")
PYTHON
