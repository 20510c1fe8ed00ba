#!/usr/bin/env bash
# sacrebleu 2.6.0: BLEU(max_ngram_order=2) calls its score BLEU and signs it as BLEU of 4-grams is signed.
# Two numbers with the same name and signature cannot be compared.
#
# A signature is there to say how a score was made, so that another can make it again. It names the case,
# the tokens, the smoothing and the number of references, not the longest n-gram; chrF names both of
# its orders (nc, nw). Code is where the order gets changed: many answers have fewer than four tokens. Seen:
#     BLEU 57.99  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0  longest n-gram 4
#     BLEU 74.34  nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0  longest n-gram 2
#     chrF2 66.90  nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0
#     chrF2 72.26  nrefs:1|case:mixed|eff:yes|nc:4|nw:0|space:no|version:2.6.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
"$folder/venv/bin/python" - <<'PYTHON'
from sacrebleu.metrics import BLEU, CHRF

OUTPUTS = ["return a + b ;", "if x is None :"]
REFERENCES = [["return a - b ;", "if x is None : pass"]]


def signed(metric):
    score = metric.corpus_score(OUTPUTS, REFERENCES)
    return score.name, round(score.score, 2), str(metric.get_signature())


four, two = signed(BLEU()), signed(BLEU(max_ngram_order=2))
for order, (name, score, signature) in ((4, four), (2, two)):
    print(f"{name} {score:.2f}  {signature}  longest n-gram {order}")
six, fewer = signed(CHRF()), signed(CHRF(char_order=4))
for name, score, signature in (six, fewer):
    print(f"{name} {score:.2f}  {signature}")
same = four[1:2] == (57.99,) and two[1:2] == (74.34,) and (four[0], four[2]) == (two[0], two[2])
raise SystemExit(0 if same and six[2] != fewer[2] else "this has changed")
PYTHON
