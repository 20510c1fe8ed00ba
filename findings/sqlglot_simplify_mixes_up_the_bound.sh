#!/usr/bin/env bash
# sqlglot 30.30.0: simplify, and optimize with it, makes "a > 3 AND NOT a < 3" into "a >= 3", and "a > 3 AND 3 <= a"
# too. The query then has rows that it left out before; with OR it lacks some. No error and no warning.
#
# Of two bounds with one number the first is kept, which is the narrower one as long as comparisons are sorted. But NOT
# is resolved and "3 <= a" is turned round after the sorting. Such conditions come from programs that join filters and
# from models. Whoever brings queries into one form before comparing them, as exact match of SQL does, finds queries
# equal that have other answers; an execution accuracy of what was simplified is that of another query. Seen, for every
# two comparisons of a with 2 or 3, each in three forms, and what sqlite3 answers for a from 0 to 5 and NULL:
#     a > 3 AND a >= 3     becomes  a > 3   same answer
#     a > 3 AND 3 <= a     becomes  a >= 3  another answer
#     a > 3 AND NOT a < 3  becomes  a >= 3  another answer
#     a < 3 OR 3 >= a      becomes  a < 3   another answer
#     2592 conditions, 64 with another answer: 64 with one number twice, 0 with both written a > 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import itertools
import sqlite3

from sqlglot import parse_one
from sqlglot.optimizer import optimize
from sqlglot.optimizer.simplify import simplify

SHOWN = ("a > 3 AND a >= 3", "a > 3 AND 3 <= a", "a > 3 AND NOT a < 3", "a < 3 OR 3 >= a")
FORMS = ("a {} {}", "{1} {0} a", "NOT a {} {}")
OPERATORS = ("=", "<>", "<", "<=", ">", ">=")

database = sqlite3.connect(":memory:")
database.execute("CREATE TABLE t (a INT)")
database.executemany("INSERT INTO t VALUES (?)", [(a,) for a in (*range(6), None)])


def answer(condition):
    return sorted(row[0] for row in database.execute(f"SELECT a FROM t WHERE {condition}"))


def query(condition):
    return parse_one(f"SELECT a FROM t WHERE {condition}", read="sqlite")


def where(tree):
    found = tree.args.get("where")
    return found.this.sql("sqlite") if found else "TRUE"


same_answers = []
for condition in SHOWN:
    becomes = where(simplify(query(condition), dialect="sqlite"))
    optimized = where(optimize(query(condition), schema={"t": {"a": "INT"}}, dialect="sqlite"))
    for other in (becomes, optimized):
        same_answers.append(answer(other) == answer(condition))
    verdict = "same answer" if same_answers[-2] else "another answer"
    print(f"{condition:<20} becomes  {becomes:<6}  {verdict}")

comparisons = [
    (form.format(operator, number), form, number)
    for form, operator, number in itertools.product(FORMS, OPERATORS, (2, 3))
]
conditions = others = one_number = plain = 0
for (first, *of_first), (second, *of_second) in itertools.product(comparisons, repeat=2):
    for word in ("AND", "OR"):
        condition = f"{first} {word} {second}"
        conditions += 1
        if answer(condition) != answer(where(simplify(query(condition), dialect="sqlite"))):
            others += 1
            one_number += of_first[1] == of_second[1]
            plain += of_first[0] == of_second[0] == FORMS[0]
print(
    f"{conditions} conditions, {others} with another answer: {one_number} with one number twice,",
    f"{plain} with both written a > 3",
)
same = same_answers == [True] * 2 + [False] * 6 and (others, one_number, plain) == (64, 64, 0)
raise SystemExit(0 if same else "this has changed")
PYTHON
