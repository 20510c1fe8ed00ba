#!/usr/bin/env bash
# The tests of the text side (attacks, data, scores, reports, commands) where fairseq is not
# installed: Python 3.8, 3.9 and 3.13.
#
#   bash scripts/test_text.sh                     all three
#   bash scripts/test_text.sh 3.13 -x -q          one, and ARGUMENTS OF PYTEST
#
# A Python that is missing is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=(3.8 3.9 3.13)
case "${1:-}" in 3.*) versions=("$1"); shift ;; esac

for version in "${versions[@]}"; do
    python=""
    for candidate in "$(command -v "python$version" || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        # It has to run: one of pyenv's shims on the PATH may have nothing behind it.
        if [ -x "$candidate" ] && "$candidate" -c 'import ssl' 2>/dev/null; then python="$candidate"; break; fi
    done
    if [ -z "$python" ]; then echo "there is no Python $version on this machine" >&2; exit 1; fi
    venv="$PWD/.venv-text-$version"
    if [ ! -e "$venv/made" ]; then
        "$python" -m venv "$venv"
        # What the package needs but for fairseq and torch, as where these have no wheel.
        "$venv/bin/python" -m pip install --quiet --no-deps .
        "$venv/bin/python" - > "$venv/needs.txt" <<'END'
import re
from importlib.metadata import requires

for line in requires("dece-fairseq"):
    name = re.match(r"[\w.-]+", line)[0]
    is_text = "extra ==" not in line or re.search(r"extra == ['\"]test[-_]text['\"]", line)
    if is_text and name not in ("fairseq", "ve-fairseq", "torch", "filelock"):
        print(re.sub(r"\s*(and )?\(?extra == ['\"]test[-_]text['\"]\)?", "", line).rstrip("; "))
END
        "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --requirement "$venv/needs.txt"
        "$venv/bin/python" -m pip uninstall --quiet --yes dece-fairseq
        touch "$venv/made"
    fi
    echo "text side on Python $version"
    "$venv/bin/python" -m pytest -m "not slow" "$@" \
        tests/{attacks,cli,data,metrics,outputs,reports} tests/test_version.py
done
