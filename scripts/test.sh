#!/usr/bin/env bash
# Sets up everything and runs the checks and tests.
#
#   bash scripts/test.sh            lint, types, and the fast tests
#   bash scripts/test.sh --all      the slow ones too, which run the stock command lines
#                                   or processes of their own
#   bash scripts/test.sh [--all] -- ARGUMENTS OF PYTEST
#
# Each core runs tests, a file at a time; `-- -n 0` runs them one after the other. Files are not put
# in the order of how many tests they have: the long ones of the workflows would come last, on one
# core. mypy runs beside the tests, and its findings come last. hypothesis tries all its examples
# with --all, and a fifth of them without.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/setup_env.sh

marks="not slow"
profile=fast
if [ "${1:-}" = --all ]; then marks=""; profile=thorough; shift; fi
if [ "${1:-}" = -- ]; then shift; fi

ruff check .
ruff format --check .
types="$(mktemp)"
trap 'rm -f "$types"' EXIT
{ if python -c 'import mypy' 2>/dev/null; then mypy; fi; } > "$types" 2>&1 &
mypy=$!
status=0
python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m "$marks" \
    --hypothesis-profile "$profile" "$@" || status=$?
wait "$mypy" || status=1
cat "$types"
exit "$status"
