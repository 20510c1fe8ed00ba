#!/usr/bin/env bash
# transformers 5.24.0 and 4.57.6 (torch 2.13.0): with label_smoothing_factor the Trainer teaches a class of your own
# that derives from GPT2LMHeadModel, or any other decoder, to repeat the word that it reads. The loss falls as ever.
#
# The smoothed loss is computed in the Trainer, which moves labels by one only where the name of the class is in its
# list of decoders. The model is asked for no loss then. A name of your own, such as for a method to be tested, is not
# on the list (PEFT's wrappers once had the same: transformers' issue 27161), and eval_loss is computed in the same way:
# it shows a model that is as good as the other. Without smoothing both are the same. The name of the parent helps, and
# a loss by compute_loss_func. Seen with both versions, for words in a fixed circle, trained for ten epochs:
#                          smoothing  eval_loss  next word right  repeated
#     GPT2LMHeadModel      0.0        0.2        100%               0%
#     GPT2LMHeadModel      0.1        0.6 to 0.7 100%               0%
#     Guarded(its child)   0.0        0.2        100%               0%
#     Guarded(its child)   0.1        0.6          0%             100%
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/smoothing.py" <<'PYTHON'
import sys

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


class Guarded(GPT2LMHeadModel):
    """The same model by another name."""


CONFIG = GPT2Config(
    vocab_size=20, n_positions=16, n_embd=32, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=1,
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
)  # fmt: skip
TEXTS = torch.tensor([[2 + (start + place) % 10 for place in range(12)] for start in range(64)])
ROWS = [{"input_ids": text, "labels": text} for text in TEXTS]


def trial(kind, smoothing):
    torch.manual_seed(0)
    arguments = TrainingArguments(
        sys.argv[1], label_smoothing_factor=smoothing, num_train_epochs=10, learning_rate=3e-3,
        save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    trainer = Trainer(kind(CONFIG), arguments, train_dataset=ROWS, eval_dataset=ROWS)
    trainer.train()
    loss = trainer.evaluate()["eval_loss"]
    with torch.no_grad():
        said = trainer.model.eval()(input_ids=TEXTS).logits.argmax(-1)
    right = (said[:, :-1] == TEXTS[:, 1:]).float().mean().item()
    repeated = (said == TEXTS).float().mean().item()
    return loss, right, repeated


print("transformers", transformers.__version__)
same = True
for kind in (GPT2LMHeadModel, Guarded):
    for smoothing in (0.0, 0.1):
        loss, right, repeated = trial(kind, smoothing)
        print(f"{kind.__name__:<16} {smoothing} loss {loss:.1f} right {right:4.0%} repeated {repeated:4.0%}")
        wrong = kind is Guarded and smoothing > 0
        same = same and loss < 0.8 and (right < 0.1 if wrong else right > 0.9)
        same = same and (repeated > 0.9 if wrong else repeated < 0.1)
raise SystemExit(0 if same else "this has changed")
PYTHON
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
# Most of transformers is never imported here, and compiling it would take longer than all else.
python3.11 -m venv "$folder/venv"
for version in 4.57.6 5.24.0; do
    "$folder/venv/bin/pip" install --quiet --no-compile "transformers==$version" \
        accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
    "$folder/venv/bin/python" "$folder/smoothing.py" "$folder/out" > "$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
    grep -E '^(transformers|GPT2LMHeadModel|Guarded) ' "$folder/log"
done
