#!/usr/bin/env bash
# torch 2.13.0: among labels of uint8 the number 156 is -100, and labels != -100 leaves it out.
#
# A number that a tensor is compared with is cast to the tensor's dtype, and wraps around. So where
# labels are kept in a byte, the usual mask of ignored labels leaves a word out of the loss, and says
# nothing. numpy 1.26.4 compares the numbers. Seen:
#     torch uint8: kept [True, False, True]
#     torch int64: kept [True, True, True]
#     numpy uint8: kept [True, True, True]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==1.26.4
cd "$folder"
cat > program.py <<'PYTHON'
import numpy
import torch

labels = [7, 156, 255]
for name in ("uint8", "int64"):
    made = torch.tensor(labels, dtype=getattr(torch, name))
    print(f"torch {name}: kept {(made != -100).tolist()}")
print(f"numpy uint8: kept {(numpy.array(labels, dtype=numpy.uint8) != -100).tolist()}")
PYTHON
venv/bin/python program.py > found
cat found
cat > expected <<'TEXT'
torch uint8: kept [True, False, True]
torch int64: kept [True, True, True]
numpy uint8: kept [True, True, True]
TEXT
cmp found expected || { echo "this has changed"; exit 1; }
