#!/usr/bin/env bash
# Sets up everything and runs the checks and tests.
#
#   bash scripts/test.sh            lint, types, and the fast tests
#   bash scripts/test.sh --all      the slow ones too, which run the stock command lines
#   bash scripts/test.sh [--all] -- ARGUMENTS OF PYTEST
#
# Each core runs tests, a file at a time; `-- -n 0` runs them one after the other. Files are not put
# in the order of how many tests they have: the long ones of the workflows would come last, on one
# core.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup_env.sh

marks="not slow"
if [ "${1:-}" = --all ]; then marks=""; shift; fi
if [ "${1:-}" = -- ]; then shift; fi

ruff check .
ruff format --check .
if python -c 'import mypy' 2>/dev/null; then mypy; fi
python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m "$marks" "$@"
