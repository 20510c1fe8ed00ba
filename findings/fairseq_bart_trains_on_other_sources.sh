#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): once a generator with a beam was made for a BART, which
# fairseq-train --eval-bleu does before the first batch, its training gives most sentences the
# encoder states of another.
#
# SequenceGenerator calls model.set_beam_size(4). From then on the decoder's attention takes every
# fourth state of the encoder for four sentences, whenever the batch can be divided by four, also
# in forward() of a training, and nothing sets it back. Seen, of a batch of eight:
#     sentences whose output changed: [1, 2, 3, 5, 6, 7]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 numpy==1.26.4
cd "$folder"
venv/bin/python - 2> log <<'PYTHON' || { cat log; exit 1; }
from argparse import Namespace

import torch
from fairseq.data import Dictionary
from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY
from fairseq.sequence_generator import SequenceGenerator

words = Dictionary()
for word in "abcdefgh":
    words.add_symbol(word)
options = Namespace(arch="bart_base", dropout=0.0, attention_dropout=0.0, criterion=None)
for side in ("encoder", "decoder"):
    for name, size in (("layers", 1), ("embed_dim", 16), ("ffn_embed_dim", 16), ("attention_heads", 2)):
        setattr(options, f"{side}_{name}", size)
options.max_source_positions = options.max_target_positions = 99
ARCH_CONFIG_REGISTRY["bart_base"](options)
torch.manual_seed(1)
task = Namespace(source_dictionary=words, target_dictionary=words)
model = ARCH_MODEL_REGISTRY["bart_base"].build_model(options, task)
source, target = torch.randint(4, 12, (8, 6)), torch.randint(4, 12, (8, 5))


def outputs():
    return model.train()(source, torch.full((8,), 6), target)[0]


before = outputs()
SequenceGenerator([model], words, beam_size=4)
after = outputs()
changed = [i for i in range(8) if not torch.allclose(before[i], after[i], atol=1e-5)]
print(f"sentences whose output changed: {changed}")
raise SystemExit(0 if changed == [1, 2, 3, 5, 6, 7] else "this has changed")
PYTHON
