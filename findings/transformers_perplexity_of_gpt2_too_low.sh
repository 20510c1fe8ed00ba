#!/usr/bin/env bash
# transformers 4.57.6 and 5.24.0: the Trainer's eval_loss of a GPT2LMHeadModel, which CodeGPT is too, is
# below the mean loss of its labels, and exp(eval_loss) below its perplexity.
#
# The loss is a sum over the labels that are predicted, all but the first of a text. The Trainer divides it
# by the count of all. A text of 8 tokens loses an eighth of its loss, one of 50 tokens 2 %. 5.24.0 leaves the
# first label out (transformers' pull request 46204), but only for models whose class is called
# ...ForCausalLM: a CodeGen and a GPT-2 that are equally good no longer have the same perplexity there, and
# the same CodeGen has another than in 4.57.6. Seen, for texts of 8 tokens and models to which 100 tokens are
# equally likely, so that the perplexity is 100:
#     4.57.6  GPT2LMHeadModel     eval_loss 4.030, perplexity  56.2
#     4.57.6  CodeGenForCausalLM  eval_loss 4.030, perplexity  56.2
#     5.24.0  GPT2LMHeadModel     eval_loss 4.030, perplexity  56.2
#     5.24.0  CodeGenForCausalLM  eval_loss 4.605, perplexity 100.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/losses.py" <<'PYTHON'
import logging
import math
import sys

import torch
import transformers

logging.disable(logging.WARNING)
texts = torch.randint(0, 100, (16, 8), generator=torch.Generator().manual_seed(1))
dataset = [{"input_ids": text, "labels": text} for text in texts]
options = transformers.TrainingArguments("out", use_cpu=True, disable_tqdm=True, report_to=[])
sizes = {"vocab_size": 100, "n_embd": 16, "n_layer": 1, "n_head": 4, "n_positions": 8}
found = []
for name, config in (
    ("GPT2LMHeadModel", transformers.GPT2Config(**sizes)),
    ("CodeGenForCausalLM", transformers.CodeGenConfig(**sizes, rotary_dim=2)),
):
    model = getattr(transformers, name)(config)
    for parameter in model.lm_head.parameters():
        parameter.data.zero_()
    trainer = transformers.Trainer(model, options)
    trainer.remove_callback(transformers.PrinterCallback)
    loss = trainer.evaluate(dataset)["eval_loss"]
    print(f"{transformers.__version__}  {name:<18}", end="  ")
    print(f"eval_loss {loss:.3f}, perplexity {math.exp(loss):5.1f}")
    found.append(f"{math.exp(loss):.1f}")
raise SystemExit(0 if found == sys.argv[1:] else "this has changed")
PYTHON
export HF_HUB_OFFLINE=1 TRANSFORMERS_VERBOSITY=error
cd "$folder"
python3.11 -m venv venv
for versions in "4.57.6 0.22.2 56.2 56.2" "5.24.0 0.23.3 56.2 100.0"; do
    read -r version tokenizers perplexities <<< "$versions"
    venv/bin/pip install --quiet "transformers==$version" "tokenizers==$tokenizers" torch==2.13.0 \
        accelerate==1.15.0 numpy==2.4.6
    # shellcheck disable=SC2086
    venv/bin/python losses.py $perplexities
done
