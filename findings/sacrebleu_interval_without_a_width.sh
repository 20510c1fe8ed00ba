#!/usr/bin/env bash
# sacrebleu 2.6.0: where all sentences score alike, its 95 % confidence interval has no width.
#
# --confidence draws the sentences again, 1000 times. If all of them are right, or if there is one
# alone, every draw is the same corpus: the interval is the score itself, as if no other test set
# could score otherwise. After three right sentences one in two may be wrong (rule of three: 1 - 0.05
# ** (1 / 3) = 63 %). Seen:
#     3 right sentences: BLEU 100.0, confidence 0.0
#     1 half right sentence: BLEU 64.8, confidence 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
cd "$folder"
for n in 1 2 3; do echo "the cat number $n sat on the red mat today"; done > reference
echo "the cat number 1 sat on the red mat yesterday and then some" > half
check() { # WHAT HYPOTHESES REFERENCES
    venv/bin/sacrebleu "$3" -i "$2" --confidence -f json 2> /dev/null > result
    venv/bin/python - "$1" <<'PYTHON'
import json
import sys

found = json.load(open("result"))
width = float(found["confidence_var"])
print(f"{sys.argv[1]}: BLEU {found['score']}, confidence {width}")
raise SystemExit(0 if width == 0 else "this has changed")
PYTHON
}
check "3 right sentences" reference reference
head -n 1 reference > first
check "1 half right sentence" half first
