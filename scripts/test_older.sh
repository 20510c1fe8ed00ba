#!/usr/bin/env bash
# The tests on the older line: Python 3.10 with fairseq's last release and a torch of its time.
#
#   bash scripts/test_older.sh [ARGUMENTS OF PYTEST]
#
# All of the fast ones, and those that run the stock command lines. Without a Python 3.10 on the PATH
# or among pyenv's it says so and ends well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=""
for candidate in "$(command -v python3.10 || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    if [ -x "$candidate" ] && "$candidate" -c 'import ssl' 2>/dev/null; then python="$candidate"; fi
done
if [ -z "$python" ]; then
    echo "SKIPPED: the older line was not tested, there is no Python 3.10 on this machine"
    exit 0
fi
PYTHON="$python" VENV="$PWD/.venv-3.10" source scripts/setup_env.sh
python -m pytest -m "not slow" "$@"
python -m pytest -m slow "$@" tests/criterions tests/end_to_end/test_both_lines.py \
    tests/end_to_end/test_stock_commands.py tests/end_to_end/test_flags.py \
    tests/end_to_end/test_several_workers.py tests/end_to_end/test_killed_runs.py
