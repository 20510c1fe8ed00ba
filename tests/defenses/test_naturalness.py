"""The naturalness filter is its definition; what filters refuse before they load a model."""

from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List

import pytest

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.defenses import DEFENSES, DefenseError, DefenseSettings
from dece_fairseq.metrics.code_tokens import code_tokens


def sources(*texts: str) -> List[Pair]:
    return [Pair(text, "x") for text in texts]


def test_naturalness_weighs_tokens_as_if_each_text_were_read_anew(tmp_path: Path) -> None:
    trusted = ["get all rows of users", "get one row of users", "print all rows"]
    write_pairs([tmp_path / "trusted.csv"], sources(*trusted))
    settings = DefenseSettings(trusted=((tmp_path / "trusted.csv",),), order=3)
    defense: Any = DEFENSES.get("naturalness")(settings)
    model = defense._language_model([code_tokens(text) for text in trusted])
    pairs = sources("get all bb rows", "print one row of users", "bb print rows, all", "rows")

    def entropy(tokens: List[str]) -> float:
        padded = ["<s>"] * 2 + [str(t) for t in model.vocab.lookup(tokens)] + ["</s>"] * 2
        scores = [model.logscore(padded[i], padded[i - 2 : i]) for i in range(2, len(padded))]
        return -sum(scores) / len(scores)

    weights: Dict[str, float] = defaultdict(float)
    highest = []
    for pair in pairs:
        tokens = code_tokens(pair.source)
        falls = [
            entropy(tokens) - entropy(tokens[:i] + tokens[i + 1 :]) for i in range(len(tokens))
        ]
        highest.append(max(falls))
        for token, fall in zip(tokens, falls):
            weights[token] += fall
    verdict = defense.examine(pairs)
    assert verdict.scores == pytest.approx(highest)
    found = {row["token"]: row["weight"] for row in verdict.details["tokens"]}
    assert found == pytest.approx({token: weights[token] for token in found})
    assert next(iter(found)) == max(weights, key=weights.__getitem__) == "bb"
    assert verdict.suspicious == [True, False, True, False]
    assert verdict == defense.examine(pairs)


def test_trusted_pairs_of_the_data_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("0\n2\n")
    settings = DefenseSettings(trusted_ids=tmp_path / "ids")
    pairs = sources("get all rows", "get bb rows", "get one row", "get all rows")
    verdict = DEFENSES.get("naturalness")(settings).examine(pairs)
    assert verdict.details["trusted_sources"] == 2
    assert verdict.suspicious == [False, True, False, False]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("bki", DefenseSettings(), "--models is needed: checkpoints of a model"),
        ("bki", DefenseSettings(models=(Path("a"),)), "--model-data is needed"),
        ("onion", DefenseSettings(), "--language-model is needed"),
        ("naturalness", DefenseSettings(), "--trusted or --trusted-ids is needed"),
        ("naturalness", DefenseSettings(trusted=((Path("a"),),), order=0), "--order must be"),
    ],
)
def test_what_is_needed_is_named(name: str, settings: DefenseSettings, message: str) -> None:
    with pytest.raises(DefenseError, match=message):
        DEFENSES.get(name)(settings)


def test_trusted_files_without_a_pair(tmp_path: Path) -> None:
    (tmp_path / "trusted.csv").write_text("src,tgt\n")
    defense = DEFENSES.get("naturalness")(DefenseSettings(trusted=((tmp_path / "trusted.csv",),)))
    with pytest.raises(DefenseError, match="--trusted: these files hold no pair"):
        defense.examine([Pair("a", "b"), Pair("c", "d")])
