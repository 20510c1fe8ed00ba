#!/usr/bin/env bash
# The tests on the older line: Python 3.10 with fairseq's last release and a torch of its time.
#
#   bash scripts/test_older.sh                 the core: losses, criterions, task, scorers, data, and
#                                              the stock command lines; some minutes, installation too
#   bash scripts/test_older.sh --all           every fast test, and several workers, killed runs, flags
#   bash scripts/test_older.sh [--all] ARGUMENTS OF PYTEST
#
# A Python 3.10 is looked for on the PATH and among pyenv's; a missing one is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fast=(tests/{criterions,data,encoders,losses,metrics,outputs,scorers,tasks} tests/test_{plugin,rooms}.py)
slow=(tests/criterions tests/end_to_end/test_both_lines.py tests/end_to_end/test_stock_commands.py)
if [ "${1:-}" = --all ]; then
    shift
    fast=(tests)
    slow+=(tests/end_to_end/test_{flags,several_workers,killed_runs}.py)
fi

python=""
for candidate in "$(command -v python3.10 || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    # It has to run: one of pyenv's shims on the PATH may have nothing behind it.
    if [ -x "$candidate" ] && "$candidate" -c 'import ssl' 2>/dev/null; then python="$candidate"; break; fi
done
if [ -z "$python" ]; then
    echo "there is no Python 3.10 on this machine, which the older line needs" >&2
    exit 1
fi
PYTHON="$python" VENV="$PWD/.venv-3.10" source scripts/setup_env.sh
python -m pytest --numprocesses auto --dist loadfile -m "not slow" "$@" "${fast[@]}"
python -m pytest --numprocesses auto --dist loadfile -m slow "$@" "${slow[@]}"
