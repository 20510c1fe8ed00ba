#!/usr/bin/env bash
# ve-fairseq 0.12.3, torch 2.13.0, transformers 4.57.1: label smoothing of the same number is not the
# same loss. fairseq gives epsilon to the other classes alone, torch and transformers to all classes,
# the right one among them.
#
# So the right class is left 1 - epsilon by fairseq and 1 - epsilon + epsilon / V by torch. With a
# vocabulary that is nothing; with the two classes of a classifier torch smooths half as much.
# fairseq's epsilon is torch's epsilon * (V - 1) / V, exactly. Seen, for epsilon 0.2 and a model that
# gives the right class a probability of 0.99:
#     2 classes: fairseq 0.9291, torch 0.4696, transformers 0.4696, torch at 0.4 0.9291
#     1000 classes: fairseq 2.3104, torch 2.3081, transformers 2.3081, torch at 0.2002 2.3104
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4 \
    transformers==4.57.1
cd "$folder"
cat > program.py <<'PYTHON'
import torch
from fairseq.criterions.label_smoothed_cross_entropy import label_smoothed_nll_loss
from torch.nn.functional import cross_entropy
from transformers.trainer_pt_utils import LabelSmoother

EPSILON = 0.2
for classes in (2, 1000):
    probabilities = torch.full((1, classes), 0.01 / (classes - 1), dtype=torch.float64)
    probabilities[0, 0] = 0.99
    logits, target = probabilities.log(), torch.tensor([0])
    fairseq = label_smoothed_nll_loss(logits, target, EPSILON)[0]
    of_torch = cross_entropy(logits, target, label_smoothing=EPSILON)
    of_transformers = LabelSmoother(epsilon=EPSILON)({"logits": logits}, target)
    more = EPSILON * classes / (classes - 1)
    same = cross_entropy(logits, target, label_smoothing=more)
    print(
        f"{classes} classes: fairseq {fairseq:.4f}, torch {of_torch:.4f}, "
        f"transformers {of_transformers:.4f}, torch at {more:.4g} {same:.4f}"
    )
    assert torch.isclose(fairseq, same), "this has changed"
PYTHON
venv/bin/python program.py > said 2> log || { cat said log; exit 1; }
cat said
grep -q '^2 classes: fairseq 0.9291, torch 0.4696, transformers 0.4696' said
