#!/usr/bin/env bash
# tokenizers 0.23.3 and 0.22.2: a Unigram or WordPiece vocabulary trained again on the same texts is another, in
# the same process too. No option and no seed makes it the same; BPE is the same each time.
#
# The trainers go through hash tables whose order is drawn anew. Unigram finds the same pieces and gives them
# other numbers; WordPiece finds other pieces as well (issue 1794). The documentation of the trainers doesn't say
# so, and train_new_from_iterator of transformers calls them. A script that trains its tokenizer each time, as
# cheap steps are, reads an earlier checkpoint or encoded data set with other numbers, and nothing tells. Seen, for
# five trainings of each, and a text in the first one's numbers, read by the second (new each time):
#     BPE        vocabularies 1, def valueText(indexFile): return openList + readFile
#     WordPiece  vocabularies 5, def ##value##Text##m##index##File##): return ##open##List + r##e##a##N##File
#     Unigram    vocabularies 5, de) valueTextKindexFile+f return openList : readFile
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
cat > "$folder/again.py" <<'PYTHON'
import random

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

VERBS = ("get", "set", "read", "write", "open", "close", "count", "index", "value", "total")
NOUNS = ("Name", "List", "Node", "Text", "File", "Size", "Item", "Key")
numbers = random.Random(0)
names = [verb + noun for verb in VERBS for noun in NOUNS]
texts = [
    "def {}({}): return {} + {}".format(*numbers.choices(names, k=4)) for _ in range(500)
]
common = {"vocab_size": 120, "special_tokens": ["<unk>"], "show_progress": False}
KINDS = {
    "BPE": (models.BPE, trainers.BpeTrainer(**common)),
    "WordPiece": (lambda: models.WordPiece(unk_token="<unk>"), trainers.WordPieceTrainer(**common)),
    "Unigram": (models.Unigram, trainers.UnigramTrainer(unk_token="<unk>", **common)),
}


def trained(model, trainer):
    tokenizer = Tokenizer(model())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


print("tokenizers", tokenizers.__version__)
same = True
for kind, (model, trainer) in KINDS.items():
    found = [trained(model, trainer) for _ in range(5)]
    vocabularies = len({tuple(sorted(one.get_vocab().items())) for one in found})
    read = found[1].decode(found[0].encode(texts[0]).ids)
    print(f"{kind:<10} vocabularies {vocabularies}, {read}")
    same = same and ((vocabularies == 1 and read == texts[0]) if kind == "BPE" else vocabularies > 1)
raise SystemExit(0 if same else "this has changed")
PYTHON
for version in 0.23.3 0.22.2; do
    python3.11 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet "tokenizers==$version"
    "$folder/$version/bin/python" "$folder/again.py"
done
