#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main branch; torch 2.13.0, sentencepiece 0.2.3, Python 3.11 or newer):
# fairseq-generate with --bpe sentencepiece and --remove-bpe sentencepiece, as the recipes of mBART
# give them, prints references and hypotheses without blanks, and scores them so.
#
# --remove-bpe makes the pieces a text, and then --bpe decodes that text as if it were pieces: it
# takes the blanks out. fairseq_cli/generate.py calls the two in this order for the lines S-, T- and
# D-. Asked about as fairseq's issue 3103. Seen:
#     --bpe sentencepiece: 'the cat sat on the mat'
#     --bpe sentencepiece --remove-bpe sentencepiece: 'thecatsatonthemat'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 torchaudio==2.11.0 \
    numpy==2.4.6 sentencepiece==0.2.3
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sentencepiece
from fairseq.data import Dictionary
from fairseq.data.encoders.sentencepiece_bpe import SentencepieceBPE, SentencepieceConfig

text, seen = "the cat sat on the mat", []
open("text", "w").write(text + "\n")
sentencepiece.SentencePieceTrainer.train(
    input="text", model_prefix="spm", vocab_size=20, hard_vocab_limit=False, minloglevel=2
)
bpe = SentencepieceBPE(SentencepieceConfig(sentencepiece_model="spm.model"))
dictionary = Dictionary()
tokens = dictionary.encode_line(bpe.encode(text))
for remove_bpe in (None, "sentencepiece"):
    # As in fairseq_cli.generate._main: dictionary.string(..., post_process), then decode_fn.
    seen.append(bpe.decode(dictionary.string(tokens, remove_bpe)))
    how = "" if remove_bpe is None else f" --remove-bpe {remove_bpe}"
    print(f"--bpe sentencepiece{how}: {seen[-1]!r}")
raise SystemExit(0 if seen == [text, text.replace(" ", "")] else "this has changed")
PYTHON
