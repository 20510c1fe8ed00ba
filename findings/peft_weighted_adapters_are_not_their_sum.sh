#!/usr/bin/env bash
# peft 0.18.1 and 0.21.2 (torch 2.13.0): add_weighted_adapter of LoRA adapters adds something else than their
# weighted sum. In 0.18.1 an adapter with a weight of -1 alone is added once more, by every combination_type; "svd",
# the default, is too large by lora_alpha / r; and "linear" is not linear in either.
#
# Its documentation has negative weights take the effect of an adapter away, as task arithmetic does to unlearn a
# backdoor. In 0.18.1 both A and B get the sign, which cancels, and "svd" scales by lora_alpha / r twice. "linear" sums
# the A and the B of all adapters each by themselves, so that products of one's A and the other's B come in (peft's
# issue 3004). "cat" of two or more is the sum in both. Seen, for one layer, r=4,
# lora_alpha=8 and the right rank for svd, how far off what is added is, as a share of the sum's size (1.00: as far
# off as adding nothing, or twice as much):
#                      0.18.1                         0.21.2
#     0.5 one 0.5 two  svd 1.00 linear 0.99 cat 0.00  svd 0.00 linear 0.99 cat 0.00
#     1 one -1 two     svd 1.00 linear 1.71 cat 0.00  svd 0.00 linear 1.00 cat 0.00
#     -1 one           svd 2.00 linear 2.00 cat 2.00  svd 0.00 linear 0.00 cat 0.00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/sums.py" <<'PYTHON'
import warnings

import peft
import torch
from peft import LoraConfig, get_peft_model

warnings.simplefilter("ignore")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(32, 32, bias=False)

    def forward(self, inputs):
        return self.layer(inputs)


def lora():
    return LoraConfig(r=4, lora_alpha=8, target_modules=["layer"], init_lora_weights=False)


torch.manual_seed(0)
model = get_peft_model(Net(), lora(), "one")
model.add_adapter("two", lora())
layer = model.base_model.model.layer
added = {name: layer.get_delta_weight(name) for name in ("one", "two")}

print("peft", peft.__version__)
found = []
for weights in ({"one": 0.5, "two": 0.5}, {"one": 1.0, "two": -1.0}, {"one": -1.0}):
    expected = sum(weight * added[name] for name, weight in weights.items())
    row = []
    for way in ("svd", "linear", "cat"):
        merged = f"{way}_of_{len(found)}"
        more = {"svd_rank": 4 * len(weights)} if way == "svd" else {}
        model.add_weighted_adapter(
            list(weights), list(weights.values()), merged, combination_type=way, **more
        )
        off = (layer.get_delta_weight(merged) - expected).norm() / expected.norm()
        row.append(round(off.item(), 2))
    print(*(f"{weight:g} {name}" for name, weight in weights.items()), "svd {:.2f} linear {:.2f} cat {:.2f}".format(*row))
    found.append(row)

twice = [[1, None, 0], [1, None, 0], [2, 2, 2]]
right = [[0, None, 0], [0, None, 0], [0, 0, 0]]
for row, expected in zip(found, twice if peft.__version__ == "0.18.1" else right):
    for off, value in zip(row, expected):
        # Cross terms depend on the numbers drawn; they are there, and large.
        if (off < 0.5) if value is None else abs(off - value) > 0.02:
            raise SystemExit("this has changed")
PYTHON
export HF_HUB_OFFLINE=1
# Most of transformers is never imported here, and compiling it would take longer than all else.
python3.11 -m venv "$folder/venv"
for versions in "0.18.1 4.57.6" "0.21.2 5.24.0"; do
    read -r peft transformers <<< "$versions"
    "$folder/venv/bin/pip" install --quiet --no-compile "peft==$peft" "transformers==$transformers" \
        torch==2.13.0 numpy==2.4.6
    "$folder/venv/bin/python" "$folder/sums.py"
done
