#!/usr/bin/env bash
# sqlglot 30.30.0: its default dialect fails on parameters that Python's and Java's drivers use, and
# reads one as something else.
#
# PEP 249's format, pyformat and numeric, and JDBC's ?1, are a ParseError; the $1 of PostgreSQL is a
# column, so that a query by $1 looks like a comparison of columns. Other dialects know some more of
# them, mysql and sqlite none, and :1 and ?1 no dialect tried here. Seen:
#     default    %s ParseError, %(name)s ParseError, :1 ParseError, ?1 ParseError, $1 Column,
#                :name Placeholder, ? Placeholder
#     postgres   %s Placeholder, %(name)s Placeholder, :1 ParseError, ?1 ParseError, $1 Parameter, ...
#     mysql, sqlite  as default; duckdb as default, but $1 Placeholder
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0
"$folder/venv/bin/python" - <<'PYTHON'
import sqlglot

FORMS = ("%s", "%(name)s", ":1", "?1", "$1", ":name", "?")


def read(form, dialect):
    try:
        tree = sqlglot.parse_one(f"SELECT a FROM t WHERE b = {form}", read=dialect)
    except sqlglot.ParseError:
        return "ParseError"
    return type(tree.args["where"].this.expression).__name__


default = {}
for dialect in (None, "postgres", "mysql", "sqlite", "duckdb"):
    kinds = {form: read(form, dialect) for form in FORMS}
    default = default or kinds
    print(f"{dialect or 'default':10} " + ", ".join(f"{form} {kind}" for form, kind in kinds.items()))
failing = [form for form, kind in default.items() if kind == "ParseError"]
same = failing == ["%s", "%(name)s", ":1", "?1"] and default["$1"] == "Column"
raise SystemExit(0 if same else "this has changed")
PYTHON
