#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main) with sentencepiece 0.2.3: what sentencepiece keeps of a text, fairseq-preprocess
# loses where a piece has a tab, a no-break space or another white space in it, and reports that 0.0 % was replaced
# by <unk>.
#
# A model trained with normalization_rule_name="identity" has tabs in its pieces, and gives back each text as it was.
# fairseq parts a line of pieces at all that Unicode calls white space: a piece "\t" is gone, a piece "\t}" becomes
# "}". Two programs that differ in their indentation alone become the same numbers. encode and decode of --bpe
# sentencepiece, one after the other, show nothing of it. Seen, for Python on one line, ; for the ends of lines:
#     sentencepiece              'if left: ;\tright = left ;\tright = 1 ;'
#     --bpe sentencepiece        'if left: ;\tright = left ;\tright = 1 ;'
#     after fairseq-preprocess   'if left: ;right = left ;right = 1 ;'
#     two texts by their numbers 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 sentencepiece==0.2.3 numpy==1.26.4
cd "$folder"
cat > pieces.py <<'PYTHON'
import sentencepiece

NAMES = ("left", "right", "total", "count")
PAIRS = [(one, other) for one in NAMES for other in NAMES if one != other]
# The second statement belongs to the "if" in every other line.
lines = [
    f"if {one}: ;\t{other} = {one} ;{indentation}{other} = 1 ;"
    for one, other in PAIRS
    for indentation in ("\t", "")
]
with open("train.code", "w") as file:
    file.writelines(line + "\n" for line in lines)
sentencepiece.SentencePieceTrainer.train(
    input="train.code", model_prefix="pieces", vocab_size=60, hard_vocab_limit=False, minloglevel=2,
    normalization_rule_name="identity", remove_extra_whitespaces=False,
)  # fmt: skip
processor = sentencepiece.SentencePieceProcessor(model_file="pieces.model")
with open("pieces.code", "w") as file:
    file.writelines(" ".join(processor.encode(line, out_type=str)) + "\n" for line in lines)
PYTHON
cat > texts.py <<'PYTHON'
import sentencepiece
from fairseq.data import data_utils
from fairseq.data.dictionary import Dictionary
from fairseq.data.encoders.sentencepiece_bpe import SentencepieceBPE, SentencepieceConfig

lines = open("train.code").read().splitlines()
processor = sentencepiece.SentencePieceProcessor(model_file="pieces.model")
bpe = SentencepieceBPE(SentencepieceConfig(sentencepiece_model="pieces.model"))
symbols = Dictionary.load("data/dict.txt")
data = data_utils.load_indexed_dataset("data/train", symbols)
numbers = [tuple(data[index].tolist()) for index in range(len(lines))]

by_pieces = [processor.decode(processor.encode(line)) for line in lines]
by_bpe = [bpe.decode(bpe.encode(line)) for line in lines]
by_data = [bpe.decode(symbols.string(data[index])) for index in range(len(lines))]
for name, texts in (
    ("sentencepiece", by_pieces),
    ("--bpe sentencepiece", by_bpe),
    ("after fairseq-preprocess", by_data),
):
    print(f"{name:<27}{texts[0]!r}")
print(f"{'two texts by their numbers':<27}{len(set(numbers[:2]))}")
unknown = sum(row.count(symbols.unk()) for row in numbers)
same = by_pieces == by_bpe == lines and len(set(lines)) == len(lines) and unknown == 0
same = same and by_data == [line.replace("\t", "") for line in lines]
same = same and all(one == other for one, other in zip(numbers[::2], numbers[1::2]))
raise SystemExit(0 if same else "this has changed")
PYTHON
venv/bin/python pieces.py
venv/bin/fairseq-preprocess --only-source --trainpref pieces.code --destdir data > log 2>&1 || { cat log; exit 1; }
grep -o '[0-9.]*% replaced (by <unk>)' log
grep -q ' 0.0% replaced' log || { echo "this has changed" >&2; exit 1; }
venv/bin/python texts.py 2> log || { cat log; exit 1; }
