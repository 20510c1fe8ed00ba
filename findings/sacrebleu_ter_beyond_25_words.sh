#!/usr/bin/env bash
# sacrebleu 2.6.0: TER counts more edits than there are where an output is shifted by 25 words or more
# against its reference. One word more in a docstring takes it from 70 to 96.
#
# Edits are only looked for within 25 words of a diagonal, as Tercom did, which was made for sentences of
# news. A function is longer, and an output without the reference's docstring, or with a function before
# the one that was asked for, leaves the band: what follows counts as wrong, word by word. TER may be
# below the edit distance, since it moves words too; it is never above it by its definition. Seen, for
# an output that has the code of the reference, no docstring, and another function after it:
#     docstring of 24 words: TER  69.6, edit distance  69.6
#     docstring of 25 words: TER  95.7, edit distance  71.4
#     docstring of 30 words: TER  93.3, edit distance  80.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sacrebleu==2.6.0
"$folder/venv/bin/python" - <<'PYTHON'
from sacrebleu.metrics import TER

DOCSTRING = (
    '""" Read the lines of a file and leave out those that are empty or that begin with a hash , '
    'each without the white space at its ends . """'
).split()
CODE = (
    "def read ( path ) : with open ( path ) as file : lines = [ line . strip ( ) for line in file ] "
    "return [ line for line in lines if line and not line . startswith ( '#' ) ]"
).split()
OTHER = (
    "def main ( ) : for line in read ( sys . argv [ 1 ] ) : print ( line ) "
    "if __name__ == '__main__' : main ( )"
).split()


def edit_distance(one, other):
    """Levenshtein's, in words."""
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        last, row[0] = row[:], i
        for j, against in enumerate(other, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (word != against))
    return row[-1]


found = []
for length in (24, 25, 30):
    # As long as the docstring, so that both texts have the same length.
    reference, output = DOCSTRING[:length] + CODE, CODE + OTHER[:length]
    score = TER(case_sensitive=True).corpus_score([" ".join(output)], [[" ".join(reference)]]).score
    distance = 100 * edit_distance(output, reference) / len(reference)
    print(f"docstring of {length} words: TER {score:5.1f}, edit distance {distance:5.1f}")
    found.append((round(score, 1), round(distance, 1)))
raise SystemExit(0 if found == [(69.6, 69.6), (95.7, 71.4), (93.3, 80.0)] else "this has changed")
PYTHON
