#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main): fairseq-generate --sampling prints no sample of the model, but the
# likeliest of five. Whoever counts how often it is right, as pass@1 does, counts something else.
#
# --beam is 5 by default, and with --sampling it is the number of draws. They are sorted by their
# probability a token, and --nbest 1 takes the first. An answer that the model gives in 40 of 100 cases
# is printed where all five draws are that answer, 0.4 ** 5. It is a sample with --beam 1, or with
# --nbest as large as the beam and all of them counted. Seen, for a model that writes "right" with
# probability 0.4 and "wrong" with 0.6, of 5000 requests:
#     --beam 5 --nbest 1    right in  0.8 %
#     --beam 5 --nbest 5    right in 39.5 %
#     --beam 1              right in 40.4 %
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 torchaudio==2.11.0 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - 2> log <<'PYTHON' || { cat log; exit 1; }
import torch
from fairseq.data import Dictionary
from fairseq.dataclass.configs import GenerationConfig
from fairseq.models import FairseqEncoder, FairseqEncoderDecoderModel, FairseqIncrementalDecoder
from fairseq.tasks.translation import TranslationConfig, TranslationTask

REQUESTS = 5000
words = Dictionary()
RIGHT, WRONG = (words.add_symbol(word) for word in ("right", "wrong"))


class Encoder(FairseqEncoder):
    """Tells nothing of the request."""

    def forward(self, src_tokens, src_lengths):
        return src_tokens

    def reorder_encoder_out(self, encoder_out, new_order):
        return encoder_out.index_select(0, new_order)


class Decoder(FairseqIncrementalDecoder):
    """One word, and the end of the sentence."""

    def forward(self, prev_output_tokens, encoder_out=None, incremental_state=None):
        begins = prev_output_tokens[:, -1] == words.eos()
        probabilities = torch.full((len(begins), 1, len(words)), 1e-12)
        probabilities[begins, 0, RIGHT] = 0.4
        probabilities[begins, 0, WRONG] = 0.6
        probabilities[~begins, 0, words.eos()] = 1
        return probabilities.log(), None

    def max_positions(self):
        return 10


task = TranslationTask(TranslationConfig(data="none"), words, words)
model = FairseqEncoderDecoderModel(Encoder(words), Decoder(words)).eval()
net_input = {
    "src_tokens": torch.full((REQUESTS, 2), RIGHT),
    "src_lengths": torch.full((REQUESTS,), 2),
}


def right(beam, nbest):
    """The share of the printed outputs that are right."""
    torch.manual_seed(1)
    options = GenerationConfig(sampling=True, beam=beam, max_len_b=5)
    generator = task.build_generator([model], options)
    found = task.inference_step(generator, [model], {"net_input": net_input})
    printed = [each["tokens"][0] == RIGHT for hypotheses in found for each in hypotheses[:nbest]]
    assert len(printed) == nbest * REQUESTS
    return 100 * sum(map(int, printed)) / len(printed)


default = GenerationConfig()
same = (default.beam, default.nbest) == (5, 1)
shares = [right(5, 1), right(5, 5), right(1, 1)]
print(f"--beam 5 --nbest 1    right in {shares[0]:4.1f} %")
print(f"--beam 5 --nbest 5    right in {shares[1]:4.1f} %")
print(f"--beam 1              right in {shares[2]:4.1f} %")
same = same and shares[0] < 3 and all(37 < share < 43 for share in shares[1:])
raise SystemExit(0 if same else "this has changed")
PYTHON
