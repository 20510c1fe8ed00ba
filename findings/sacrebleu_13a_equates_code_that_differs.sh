#!/usr/bin/env bash
# sacrebleu 2.6.0: the default tokeniser, 13a, finds code equal that does something else. It reads the
# entities &quot; &amp; &lt; &gt; as the signs that they stand for, takes "<skipped>" out, and joins
# what a hyphen at the end of a line has cut.
#
# The rules come from mteval, for news that had been SGML. In code that writes HTML or XML they hide the
# very mistake that matters, an output that is not escaped (or escaped twice): BLEU stays at 100.
# --tokenize none tells them apart. Seen, both scores for each pair, 13a first:
#     escaped and not        100.0   76.1
#     escaped twice and once 100.0   65.8
#     a tag that is no news  100.0   38.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
"$folder/venv/bin/python" - <<'PYTHON'
from sacrebleu.metrics import BLEU

PAIRS = {
    "escaped and not": (
        'return text . replace ( "&" , "&amp;" ) . strip ( )',
        'return text . replace ( "&" , "&" ) . strip ( )',
    ),
    "escaped twice and once": (
        'return "<p>" + name + "&amp;lt; 3 </p>" + end',
        'return "<p>" + name + "&lt; 3 </p>" + end',
    ),
    "a tag that is no news": ("log ( '<skipped>' + name )", "log ( '' + name )"),
}
same = True
for name, (reference, hypothesis) in PAIRS.items():
    scores = [
        BLEU(tokenize=tokenize, effective_order=True).sentence_score(hypothesis, [reference]).score
        for tokenize in ("13a", "none")
    ]
    print(f"{name:22} {scores[0]:5.1f}  {scores[1]:5.1f}")
    same = same and scores[0] > 99.9 and scores[1] < 90
raise SystemExit(0 if same else "this has changed")
PYTHON
