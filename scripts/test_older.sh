#!/usr/bin/env bash
# The tests on the older line: Python 3.10 with fairseq's last release and a torch of its time.
#
#   bash scripts/test_older.sh          what depends on fairseq and torch: losses, criterions, task,
#                                       scorers, encoders, binarised data, filters that ask a
#                                       model, and the stock command lines
#   bash scripts/test_older.sh --all    every fast test, and killed runs and flags
#   bash scripts/test_older.sh [--all] ARGUMENTS OF PYTEST
#
# The others depend on Python alone: test.sh and test_text.sh run them, on older and newer ones.
# A Python 3.10 is looked for on the PATH and among pyenv's; a missing one is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fast=(tests/{criterions,encoders,losses,scorers,tasks} tests/test_plugin.py
    tests/data/test_{labels,prepare,provenance,subwords}.py
    tests/defenses/test_trained_models.py tests/defenses/revealing/test_reference.py)
slow=(tests/criterions tests/test_plugin.py
    tests/end_to_end/test_{both_lines,stock_commands,several_workers}.py)
if [ "${1:-}" = --all ]; then
    shift
    fast=(tests)
    slow+=(tests/end_to_end/test_{flags,killed_runs}.py)
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
python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m "not slow" "$@" "${fast[@]}"
python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m slow "$@" "${slow[@]}"
