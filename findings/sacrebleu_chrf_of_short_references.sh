#!/usr/bin/env bash
# sacrebleu 2.6.0: chrF of a corpus hardly counts what is written where the reference is short. Half of the outputs
# may be a function that nobody asked for, and chrF is 94.5; where their references are empty it is 100.
#
# The n-grams of an output are left out of its precision for each length of which its reference has none, so a
# reference of two characters lets it count in two of the six lengths, an empty one in none. The definition
# (Popović 2015) has all n-grams of the output in the divisor. Answers such as "0", "i++" or no line at all (a
# deletion) are common where code is repaired or completed, and there chrF hardly finds fault with a model that never
# stops; BLEU and TER do. Outputs that are too short are counted. Seen, for 10 right functions, and 10 outputs of
# a function where the reference is another text:
#     reference   chrF    all n-grams counted  chrF++  BLEU
#     ''          100.0   75.6                 100.0   37.0
#     'x;'         94.5   75.3                  90.6   37.7
#     'i++'        90.4   74.6                  86.5   37.0
#     'null;'      80.5   74.1                  79.3   37.7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
"$folder/venv/bin/python" - <<'PYTHON'
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.helpers import extract_all_char_ngrams

RIGHT = "if (count > limit) { return count - limit; }"
WRONG = "if (count > limit) { return limit; } else { throw new Error(name); }"


def by_definition(outputs, references, order=6, beta=2):
    """chrF with all n-grams of an output in the divisor of its precision."""
    precision = recall = 0
    for n in range(order):
        written = wanted = shared = 0
        for output, reference in zip(outputs, references):
            one, other = (extract_all_char_ngrams(text, order)[n] for text in (output, reference))
            written += sum(one.values())
            wanted += sum(other.values())
            shared += sum((one & other).values())
        precision += shared / written / order
        recall += shared / wanted / order
    return 100 * (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


SEEN = [
    (100.0, 75.6, 100.0, 37.0), (94.5, 75.3, 90.6, 37.7), (90.4, 74.6, 86.5, 37.0), (80.5, 74.1, 79.3, 37.7),
]  # fmt: skip
found = []
outputs = 10 * [RIGHT] + 10 * [WRONG]
for short in ("", "x;", "i++", "null;"):
    references = 10 * [RIGHT] + 10 * [short]
    chrf, plus, bleu = (
        metric.corpus_score(outputs, [references]).score
        for metric in (CHRF(), CHRF(word_order=2), BLEU())
    )
    counted = by_definition(outputs, references)
    found.append(tuple(round(score, 1) for score in (chrf, counted, plus, bleu)))
    print(f"{short!r:<8} chrF {chrf:5.1f}, all counted {counted:5.1f}, chrF++ {plus:5.1f}, BLEU {bleu:5.1f}")
raise SystemExit(0 if found == SEEN else "this has changed")
PYTHON
