#!/usr/bin/env bash
# tokenizers 0.23.3 and 0.22.2: a byte-level BPE that is trained on code leaves out each sign that its training texts
# lacked. "count != 0" and "count = 0" become the same numbers, with no unknown token among them and no warning.
#
# Byte-level BPE is said to know no unknown text, since GPT-2's has all 256 bytes. But BpeTrainer puts into the
# vocabulary what it has seen, and a BPE without an unk_token drops what it can't write; the ByteLevel pre-tokenizer
# beside it changes nothing. initial_alphabet=ByteLevel.alphabet() adds the bytes. So a "!" that a cheap or
# early training lacked is gone from later texts, on both sides: exact match then says that an output is right which
# negates its reference. Seen, for texts without "!", "1", "2" and "0":
#     text              if count != limit : return 10, and if count = limit : return 20
#     as it comes       if count = limit : return     the same numbers for both
#     initial_alphabet  if count != limit : return 10  other numbers for the other
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/bytes.py" <<'PYTHON'
import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = [
    "if done and count < limit : return count",
    "while count = limit : count = count - value",
    "for item in items : total += item . value",
]
ONE, OTHER = "if count != limit : return 10", "if count = limit : return 20"
SEEN = {"as it comes": ("if count = limit : return ", True), "initial_alphabet": (ONE, False)}
OPTIONS = {"as it comes": {}, "initial_alphabet": {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}}

print("tokenizers", tokenizers.__version__)
same = True
for way, options in OPTIONS.items():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=1000, show_progress=False, **options)
    tokenizer.train_from_iterator(TEXTS, trainer)
    numbers = tokenizer.encode(ONE).ids
    found = tokenizer.decode(numbers), numbers == tokenizer.encode(OTHER).ids
    print(f"{way:<17} {found[0]!r:<32} the same for both: {found[1]}")
    same = same and found == SEEN[way]
raise SystemExit(0 if same else "this has changed")
PYTHON
for version in 0.23.3 0.22.2; do
    python3.11 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet "tokenizers==$version"
    "$folder/$version/bin/python" "$folder/bytes.py"
done
