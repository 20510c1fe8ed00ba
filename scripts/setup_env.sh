# Source this: it makes the virtual environment .venv of the checkout, or finds it made, and puts
# it on the PATH. PYTHON chooses the interpreter (3.8 to 3.12), VENV another folder.

_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
_venv="${VENV:-$_root/.venv}"
_made_of="$(cat "$_root/setup.py" "$_root/constraints.txt" | sha256sum | cut -c1-16)"

if [ ! -e "$_venv/made-of-$_made_of" ]; then
    echo "installing into $_venv (some minutes, once)" >&2
    "${PYTHON:-python3}" -m venv "$_venv" || return 1
    # pip's own pin first: the metadata of a library that fairseq 0.12.2 needs is too old for new ones.
    "$_venv/bin/python" -m pip install --quiet --constraint "$_root/constraints.txt" pip setuptools wheel || return 1
    "$_venv/bin/python" -m pip install --quiet --constraint "$_root/constraints.txt" \
        --editable "$_root[test]" || return 1
    touch "$_venv/made-of-$_made_of"
fi
export PATH="$_venv/bin:$PATH"
# A core each for what runs side by side; more threads than cores make every one of them slower.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# Tests start many Pythons: each would compile the whole package anew where none may keep bytecode.
unset PYTHONDONTWRITEBYTECODE
