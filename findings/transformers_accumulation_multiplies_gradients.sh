#!/usr/bin/env bash
# transformers 5.24.0 and 4.57.6 (torch 2.13.0): with gradient_accumulation_steps=8 the Trainer gives some models
# eight times the gradient of one batch of the same texts, and logs eight times the loss. In 5.24.0 T5, CodeT5,
# BART, PLBART and classifiers such as CodeBERT; in 4.57.6 decoders such as CodeGen, with label_smoothing_factor.
#
# The Trainer divides the loss itself only where a model's forward takes no **kwargs; other models are handed
# num_items_in_batch, the count to divide by. In 5.24.0 these take **kwargs and leave the count unused (transformers'
# issue 47688); in 4.57.6 the smoothed loss leaves it unused (issue 46731, mended in 5.24.0). With max_grad_norm
# at its default of 1.0 such gradients are clipped, so that the same settings are another training than in one
# batch, and than in the other version. Seen, for 16 texts of equal length, the
# norm of the gradient in 8 batches of 2 divided by that of one batch of 16:
#                         4.57.6            5.24.0
#     T5                  1.0 smoothed 1.0  8.0 smoothed 1.0
#     PLBART              1.0 smoothed 1.0  8.0 smoothed 1.0
#     CodeGen             1.0 smoothed 8.0  1.0 smoothed 1.0
#     RoBERTa classifier  1.0 smoothed 1.0  8.0 smoothed 1.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/norms.py" <<'PYTHON'
import sys

import torch
import transformers
from transformers import (
    CodeGenConfig,
    CodeGenForCausalLM,
    PLBartConfig,
    PLBartForConditionalGeneration,
    RobertaConfig,
    RobertaForSequenceClassification,
    T5Config,
    T5ForConditionalGeneration,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

MODELS = {
    "T5": lambda: T5ForConditionalGeneration(T5Config(
        vocab_size=50, d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0,
        decoder_start_token_id=0,
    )),
    "PLBART": lambda: PLBartForConditionalGeneration(PLBartConfig(
        vocab_size=50, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, dropout=0.0,
        max_position_embeddings=32,
    )),
    "CodeGen": lambda: CodeGenForCausalLM(CodeGenConfig(
        vocab_size=50, n_embd=32, n_layer=1, n_head=4, n_positions=32, rotary_dim=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    )),
    "RoBERTa classifier": lambda: RobertaForSequenceClassification(RobertaConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )),
}  # fmt: skip
TEXTS = torch.randint(3, 50, (16, 10), generator=torch.Generator().manual_seed(1))


class Norm(TrainerCallback):
    """Keeps the norm of the gradient of an update."""

    def on_pre_optimizer_step(self, args, state, control, model=None, **kwargs):
        norms = [each.grad.norm() for each in model.parameters() if each.grad is not None]
        self.norm = torch.stack(norms).norm().item()


def norm(name, batch_size, smoothing):
    torch.manual_seed(0)
    model, seen = MODELS[name](), Norm()
    labels = TEXTS[:, 0] % 2 if "classifier" in name else TEXTS

    def collate(rows):
        batch = {key: torch.stack([row[key] for row in rows]) for key in rows[0]}
        if hasattr(model, "prepare_decoder_input_ids_from_labels"):
            # As DataCollatorForSeq2Seq does; the smoothed loss is made of outputs alone.
            batch["decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(batch["labels"])
        return batch

    arguments = TrainingArguments(
        sys.argv[1], per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=len(TEXTS) // batch_size, label_smoothing_factor=smoothing,
        max_steps=1, max_grad_norm=0, save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True,
    )  # fmt: skip
    rows = [{"input_ids": text, "labels": label} for text, label in zip(TEXTS, labels)]
    Trainer(model, arguments, train_dataset=rows, data_collator=collate, callbacks=[seen]).train()
    return seen.norm


print("transformers", transformers.__version__)
found = []
for name in MODELS:
    ratios = [norm(name, 2, smoothing) / norm(name, 16, smoothing) for smoothing in (0.0, 0.1)]
    print(f"{name:<19} {ratios[0]:.1f} smoothed {ratios[1]:.1f}", flush=True)
    found.append(tuple(round(ratio, 1) for ratio in ratios))
old = [(1, 1), (1, 1), (1, 8), (1, 1)]
new = [(8, 1), (8, 1), (1, 1), (8, 1)]
expected = old if transformers.__version__ == "4.57.6" else new
raise SystemExit(0 if found == expected else "this has changed")
PYTHON
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
# Most of transformers is never imported here, and compiling it would take longer than all else.
python3.11 -m venv "$folder/venv"
for version in 4.57.6 5.24.0; do
    "$folder/venv/bin/pip" install --quiet --no-compile "transformers==$version" \
        accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
    "$folder/venv/bin/python" "$folder/norms.py" "$folder/out" > "$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
    grep -E '^(transformers|T5|PLBART|CodeGen|RoBERTa) ' "$folder/log"
done
