#!/usr/bin/env bash
# The text side (attacks, data, outputs, metrics, text filters, reports, commands) where fairseq and
# torch are not installed: Python 3.8, 3.9 and 3.13.
#
#   bash scripts/test_text.sh                     what tells most, on the oldest and the newest; on
#                                                 3.9 what its own releases of libraries do
#   bash scripts/test_text.sh --all               every fast test of the text side
#   bash scripts/test_text.sh 3.13 [--all] -x     one Python, and ARGUMENTS OF PYTEST
#
# First it does what a stranger does: pip install, dece poison --list, dece evaluate on saved outputs.
# A Python that is missing is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=(3.8 3.9 3.13)
case "${1:-}" in 3.*) versions=("$1"); shift ;; esac
tests=(tests/cli tests/outputs tests/metrics tests/suites tests/test_{registry,rooms,version}.py
    tests/attacks/test_{attack,every_attack}.py tests/data/test_{files,pairs,text}.py
    tests/defenses/test_filtering.py tests/reports/test_report.py)
between=(tests/metrics tests/attacks/test_attack.py)  # sacrebleu, sqlglot, tree-sitter
if [ "${1:-}" = --all ]; then shift; tests=(tests); between=(tests); fi

find_python() { # VERSION
    local candidate
    for candidate in "$(command -v "python$1" || true)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        # It has to run: one of pyenv's shims on the PATH may have nothing behind it.
        if [ -x "$candidate" ] && "$candidate" -c 'import ssl' 2>/dev/null; then echo "$candidate"; return; fi
    done
    echo "there is no Python $1 on this machine, on which the text side has to run" >&2
    return 1
}

install_needs() { # PYTHON: what pip brings where fairseq and torch have no wheel
    local needs
    needs="$("$1" scripts/_text_needs.py)"
    # shellcheck disable=SC2086
    "$1" -m pip install --quiet --no-compile --constraint constraints.txt $needs
}

as_a_stranger() { # PYTHON: in another folder, with what pip installed
    local dece folder
    dece="$(dirname "$1")/dece"
    folder="$(mktemp -d)"
    printf '%s\t%s\n' S-0 get T-0 'x = 1' H-0 '-0.1	x = 1' D-0 '-0.1	x = 1' > "$folder/saved.out"
    cd "$folder"
    "$dece" --version
    "$dece" poison --list | grep ripple
    "$dece" evaluate saved.out --without codebleu | grep exact_match
}

made_of="$(cat setup.py constraints.txt scripts/_text_needs.py | sha256sum | cut -c1-16)"
unset PYTHONPATH PYTHONDONTWRITEBYTECODE  # see setup_env.sh
for version in "${versions[@]}"; do
    echo "the text side on Python $version"
    venv="$PWD/.venv-text-$version"
    if [ ! -e "$venv/made-of-$made_of" ]; then
        python="$(find_python "$version")"
        "$python" -m venv --clear "$venv"
    fi
    python="$venv/bin/python"
    "$python" -m pip install --quiet --no-deps --force-reinstall .
    if [ ! -e "$venv/made-of-$made_of" ]; then
        install_needs "$python"
        touch "$venv/made-of-$made_of"
    fi
    # Where fairseq has no wheel, nothing is missing now.
    if [ "$version" = 3.13 ]; then "$python" -m pip check; fi
    (as_a_stranger "$python")
    "$python" -m pip uninstall --quiet --yes dece-fairseq  # the tests are of the checkout
    of_version=("${tests[@]}")
    if [ "$version" = 3.9 ]; then of_version=("${between[@]}"); fi
    "$python" -m pytest --numprocesses auto --dist loadfile -m "not slow" "$@" "${of_version[@]}"
done
