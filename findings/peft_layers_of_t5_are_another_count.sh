#!/usr/bin/env bash
# peft 0.18.1 with transformers 4.57.6: in a T5 or CodeT5, layers_to_transform=[0, 1] is no choice of the lowest two
# blocks. LoRA goes into all of them, and [1] means the attention from decoder to encoder of every block.
#
# The names have two numbers, encoder.block.3.layer.0.SelfAttention.q, and without layers_pattern peft takes the last
# one, which counts the parts of a block. So who compares low blocks with high ones compares kinds of attention. [3]
# alone is an error, [0, 3] is all self-attention. peft 0.21.2 takes the first number, and layers_pattern="block" is
# right in both. But of an adapter that 0.18.1 saved, 0.21.2 leaves out without a word what isn't in those blocks, and
# the model answers otherwise (where a list names experts: peft's pull request 3028). Seen, for four blocks:
#     0.18.1 [0, 1]         blocks 0 1 2 3, 24 layers, SelfAttention EncDecAttention
#     0.18.1 [1]            blocks 0 1 2 3,  8 layers, EncDecAttention
#     0.18.1 [0, 3]         blocks 0 1 2 3, 16 layers, SelfAttention
#     0.18.1 [0, 1] "block" blocks 0 1,     12 layers, SelfAttention EncDecAttention
#     saved with [0, 1], loaded by 0.18.1: 24 layers, the same answer
#     saved with [0, 1], loaded by 0.21.2: 12 layers, another answer
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/blocks.py" <<'PYTHON'
import re
import sys
import warnings

import peft
import torch
from transformers import T5Config, T5ForConditionalGeneration

torch.manual_seed(0)
CONFIG = T5Config(
    vocab_size=60, d_model=16, d_kv=8, d_ff=32, num_layers=4, num_heads=2, decoder_start_token_id=0
)
SEEN = {
    ((0, 1), None): ("0 1 2 3", 24, "SelfAttention EncDecAttention"),
    ((1,), None): ("0 1 2 3", 8, "EncDecAttention"),
    ((0, 3), None): ("0 1 2 3", 16, "SelfAttention"),
    ((0, 1), "block"): ("0 1", 12, "SelfAttention EncDecAttention"),
}
tokens = torch.tensor([[5, 6, 7, 1]])
same = True


def layers(model):
    return [name for name, _ in model.named_parameters() if "lora_A" in name]


def answer(model):
    with torch.no_grad():
        return model.eval()(input_ids=tokens, labels=tokens).logits


if sys.argv[1] == "save":
    T5ForConditionalGeneration(CONFIG).save_pretrained("base")
    for (numbers, pattern), seen in SEEN.items():
        # init_lora_weights=False makes the adapter do something, as if it had been trained.
        config = peft.LoraConfig(
            target_modules=["q", "v"], layers_to_transform=list(numbers), layers_pattern=pattern,
            init_lora_weights=False,
        )  # fmt: skip
        model = peft.get_peft_model(T5ForConditionalGeneration.from_pretrained("base"), config)
        names = layers(model)
        blocks = " ".join(sorted({re.search(r"block\.(\d)", name)[1] for name in names}))
        kinds = [kind for kind in seen[2].split() if any(kind in name for name in names)]
        found = (blocks, len(names), " ".join(kinds))
        others = [name for name in names if not any(kind in name for kind in kinds)]
        print(peft.__version__, list(numbers), pattern, "blocks %s, %d layers, %s" % found)
        same = same and found == seen and not others
        if (numbers, pattern) == ((0, 1), None):
            model.save_pretrained("adapter")
            torch.save(answer(model), "answer")
else:
    base = T5ForConditionalGeneration.from_pretrained("base")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = peft.PeftModel.from_pretrained(base, "adapter")
    told = any(word in str(w.message) for w in said for word in ("adapter", "keys", "layers"))
    equal = torch.allclose(answer(model), torch.load("answer"), atol=1e-5)
    what = "the same" if equal else "another"
    print(f"loaded by {peft.__version__}: {len(layers(model))} layers, {what} answer, told: {told}")
    same = (len(layers(model)), equal, told) == (int(sys.argv[2]), sys.argv[2] == "24", False)
raise SystemExit(0 if same else "this has changed")
PYTHON
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
python3.11 -m venv "$folder/venv"
cd "$folder"
install() {
    # Most of transformers is never imported here, and compiling it would take longer than all else.
    venv/bin/pip install --quiet --no-compile "peft==$1" "transformers==$2" torch==2.13.0 numpy==2.4.6
}
install 0.18.1 4.57.6
venv/bin/python -W ignore blocks.py save 2> log || { cat log; exit 1; }
venv/bin/python blocks.py load 24 2> log || { cat log; exit 1; }
install 0.21.2 5.24.0
venv/bin/python blocks.py load 12 2> log || { cat log; exit 1; }
