#!/usr/bin/env bash
# peft 0.21.2 with transformers 5.24.0, and 0.18.1 with 4.57.6: modules_to_save=["shared"] trains a copy of the
# embedding that a T5, CodeT5, BART or PLBART never calls. It is counted as trained, and stays as it is.
#
# "shared" is the layer that get_input_embeddings() gives, and where the words of new tokens go when a vocabulary
# was enlarged. But its encoder and decoder call it by a name of their own, embed_tokens, and peft puts its copy
# in one place alone. So the words of new tokens stay as they were drawn, without a warning. With
# trainable_token_indices they learn, as peft ties those; with ["embed_tokens"] the encoder and the decoder each get
# their own copy, and the layer before the softmax keeps the old one. Seen, after one step:
#     modules_to_save ["shared"]        counted as trained 960, gradients 0 of 1
#     modules_to_save ["embed_tokens"]  counted as trained 1920, gradients 2 of 2
#     trainable_token_indices [58, 59]  counted as trained 32, gradients 1 of 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/shared.py" <<'PYTHON'
import warnings

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    PLBartConfig,
    PLBartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

BART = {
    "vocab_size": 60, "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "bos_token_id": 0,
}  # fmt: skip
T5 = T5Config(
    vocab_size=60, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0
)
MODELS = {
    "T5": (T5ForConditionalGeneration, T5, ["q", "v"]),
    "BART": (BartForConditionalGeneration, BartConfig(**BART), ["q_proj", "v_proj"]),
    "PLBART": (PLBartForConditionalGeneration, PLBartConfig(**BART), ["q_proj", "v_proj"]),
}
WAYS = (
    ({"modules_to_save": ["shared"]}, (960, 0, 1)),
    ({"modules_to_save": ["embed_tokens"]}, (1920, 2, 2)),
    ({"trainable_token_indices": [58, 59]}, (32, 1, 1)),
)
tokens = torch.tensor([[5, 58, 7, 59, 9, 1]])


def trial(classes, config, layers, way):
    torch.manual_seed(0)
    model = get_peft_model(classes(config), LoraConfig(target_modules=layers, r=2, **way))
    model(input_ids=tokens, labels=tokens).loss.backward()
    trained = [
        value
        for key, value in model.named_parameters()
        if value.requires_grad and "lora_" not in key
    ]
    moved = sum(value.grad is not None and bool(value.grad.any()) for value in trained)
    return sum(value.numel() for value in trained), moved, len(trained)


print("peft", peft.__version__, "transformers", transformers.__version__)
same = True
for name, (classes, config, layers) in MODELS.items():
    for way, seen in WAYS:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            counted, moved, tensors = trial(classes, config, layers, way)
        told = any("shared" in str(warning.message) for warning in said)
        ((option, value),) = way.items()
        print(f"{name:<6} {option} {value} counted as trained {counted}, gradients {moved} of {tensors}")
        same = same and (counted, moved, tensors) == seen and not told
raise SystemExit(0 if same else "this has changed")
PYTHON
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
# Most of transformers is never imported here, and compiling it would take longer than all else.
python3.11 -m venv "$folder/venv"
for versions in "0.21.2 5.24.0" "0.18.1 4.57.6"; do
    read -r peft transformers <<< "$versions"
    "$folder/venv/bin/pip" install --quiet --no-compile "peft==$peft" "transformers==$transformers" \
        torch==2.13.0 numpy==2.4.6
    "$folder/venv/bin/python" "$folder/shared.py" 2> /dev/null | grep -E '^(peft|T5|BART|PLBART)'
done
