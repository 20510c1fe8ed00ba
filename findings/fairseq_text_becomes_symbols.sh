#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main branch): fairseq-preprocess takes the words <s>, </s>, <pad> and <unk>
# of a text for its own symbols. Code about HTML, prompts or tokenizers loses them without a word: the
# report says that 0.0 % was replaced by <unk>.
#
# The dictionary puts its symbols among the words, and a word of a text is looked up as it is. A </s> in
# the middle teaches a model to stop there, what reads <pad> counts as no token in the loss, and a text
# made of the numbers again has lost </s>. Seen, for the line "strike <s> name </s> <pad> done":
#     [6, 0, 5, 2, 1, 4, 2], 0 is <s>, 2 is </s>, 1 is <pad>; as text: strike name <pad> done
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 torchaudio==2.11.0 \
    numpy==2.4.6
cd "$folder"
echo "strike <s> name </s> <pad> done" > text.src
venv/bin/fairseq-preprocess --source-lang src --only-source --trainpref text --destdir bin \
    > preprocess.log 2>&1
grep -o '[0-9.]*% replaced.*' preprocess.log
venv/bin/python - 2> /dev/null <<'PYTHON'
from fairseq.data import Dictionary, data_utils

words = Dictionary.load("bin/dict.src.txt")
(line,) = data_utils.load_indexed_dataset("bin/train.src-None.src", words)
symbols = {words[index]: index for index in range(words.nspecial)}
print("symbols", symbols)
print("numbers", line.tolist(), "as text:", words.string(line))
found = [words[index] for index in line.tolist() if index < words.nspecial]
print("of them symbols", found)
raise SystemExit(0 if found == ["<s>", "</s>", "<pad>", "</s>"] else "this has changed")
PYTHON
