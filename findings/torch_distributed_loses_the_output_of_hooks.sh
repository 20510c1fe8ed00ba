#!/usr/bin/env bash
# torch 2.13.0: once a process group is there, what an exception hook writes before it ends the
# program is lost.
#
# torch.distributed.init_process_group wraps sys.excepthook to put "[rank0]: " before each line. It
# gives the hook a StringIO for sys.stderr, and writes that out only if the hook returns. A hook that
# ends the program, as command lines do for a status of their own, says nothing. Seen:
#     without a process group: status 2, stderr 'no such file: x'
#     with one: status 2, stderr ''
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==1.26.4
cd "$folder"
cat > program.py <<'PYTHON'
import sys

import torch.distributed


def hook(kind, error, trace):
    print(error, file=sys.stderr)
    raise SystemExit(2)


sys.excepthook = hook
if sys.argv[1:]:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{sys.argv[1]}", rank=0, world_size=1
    )
raise ValueError("no such file: x")
PYTHON
check() { # WHAT EXPECTED ARGUMENTS...
    local what="$1" expected="$2" status=0; shift 2
    venv/bin/python program.py "$@" 2> stderr || status=$?
    said="$(grep -v -i warning stderr || true)"
    echo "$what: status $status, stderr '$said'"
    [ "$status" = 2 ] && [ "$said" = "$expected" ] || { echo "this has changed"; exit 1; }
}
check "without a process group" "no such file: x"
check "with one" "" "$folder/store"
