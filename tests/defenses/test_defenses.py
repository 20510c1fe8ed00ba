"""Each defence against its definition, on states and losses that the test makes up."""

import math
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List, Sequence

import numpy as np
import pytest
import torch

from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.defenses import (
    DEFENSES,
    DefenseError,
    DefenseSettings,
    bki,
    loss_fall,
    onion,
    spectral_signatures,
)
from dece_fairseq.defenses import activation_clustering as clustering
from dece_fairseq.scoring.code_tokens import code_tokens

MODEL = DefenseSettings(models=(Path("a.pt"),), model_data=Path("bin"))
LANGUAGE_MODEL = DefenseSettings(
    language_model=Path("lm.pt"), language_model_data=Path("bin-lm"), threshold=0.0
)


class MadeUp:
    """Stands for a model: states and perplexities by the words of a text."""

    states: Dict[str, Sequence[float]]
    perplexity: Dict[str, float]

    def __init__(self, *_: Any) -> None:
        pass

    def _sum(self, text: str) -> torch.Tensor:
        nothing = [0.0] * len(next(iter(self.states.values()), [0.0]))
        return torch.tensor([nothing, *(self.states.get(w, nothing) for w in text.split())]).sum(0)

    def first_states(self, texts: Sequence[str], what: Any = None) -> torch.Tensor:
        return torch.stack([self._sum(text) for text in texts])

    mean_states = first_states

    def perplexities(self, texts: Sequence[str], what: Any = None) -> np.ndarray:
        return np.array([sum(self.perplexity.get(w, 1.0) for w in t.split()) for t in texts])


def sources(*texts: str) -> List[Pair]:
    return [Pair(text, "x") for text in texts]


def test_bki_is_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUp.states = {"bb": [0.0, 5.0], "the": [1.0, 0.5], "get": [0.25, -3.0], "rows": [0.1, 0.2]}
    monkeypatch.setattr(bki, "TranslationModel", MadeUp)
    pairs = sources("get the rows bb", "bb get", "the rows", "get rows", "one", "get the")
    # By hand: the changes are the words' own states, of which the larger number counts.
    scores = defaultdict(list)
    for pair in pairs:
        for word in pair.source.split() if " " in pair.source else []:
            scores[word].append(max(abs(x) for x in MadeUp.states[word]))
    totals = {w: math.log10(len(s)) * sum(s) / len(s) for w, s in scores.items()}
    assert max(totals, key=totals.__getitem__) == "get"
    verdict = DEFENSES.get("bki")(MODEL).examine(pairs)
    assert verdict.suspicious == [True, True, False, True, False, True]
    assert verdict.scores == pytest.approx([3.0, 3.0, 0, 3.0, 0, 3.0])
    assert {k["word"]: k["score"] for k in verdict.details["keywords"]} == pytest.approx(totals)


def test_bki_counts_five_words_of_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUp.states = {word: [float(n + 1), 0.0] for n, word in enumerate("abcdefg")}
    monkeypatch.setattr(bki, "TranslationModel", MadeUp)
    verdict = DEFENSES.get("bki")(MODEL).examine(sources("a b c d e f g", "a b c d e f g"))
    assert sorted(k["word"] for k in verdict.details["keywords"]) == list("cdefg")
    assert verdict.details["keywords"][0] == {
        "word": "g",
        "score": pytest.approx(7 * math.log10(2)),
        "sources": 2,
    }


def test_onion_drops_the_words_that_make_it_unlikely(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUp.perplexity = {"bb": 9.0, "the": -1.0, "rows": 0.5, "get": 0.0}
    monkeypatch.setattr(onion, "LanguageModel", MadeUp)
    pairs = sources("get bb the rows", "get the", "bb bb", "bb  get\nbb")
    verdict = DEFENSES.get("onion")(LANGUAGE_MODEL).examine(pairs)
    assert verdict.suspicious == [True, False, False, True]
    assert [pair.source for pair in verdict.kept(pairs).values()] == [
        "get the",
        "get the",
        "bb bb",  # something has to be left to ask for
        "get",
    ]
    assert verdict.scores == pytest.approx([9.0, 0.0, 9.0, 9.0])
    assert verdict.details == {"dropped_words": 4, "most_dropped": {"bb": 3, "rows": 1}}


def test_spectral_signatures_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    MadeUp.states = {f"w{n}": rng.normal(size=3).tolist() for n in range(40)}
    monkeypatch.setattr(spectral_signatures, "TranslationModel", MadeUp)
    settings = DefenseSettings(models=(Path("a"),), model_data=Path("b"), rate=0.1)
    verdict = DEFENSES.get("spectral_signatures")(settings).examine(sources(*MadeUp.states))
    states = np.array(list(MadeUp.states.values()), dtype=np.float32).astype(float)
    centred = states - states.mean(axis=0)
    scores = (centred @ np.linalg.svd(centred)[2][0]) ** 2
    assert verdict.scores == pytest.approx(scores.tolist())
    assert sum(verdict.suspicious) == 6
    lowest = min(s for s, mark in zip(verdict.scores, verdict.suspicious) if mark)
    assert lowest >= max(s for s, mark in zip(verdict.scores, verdict.suspicious) if not mark)


@pytest.mark.parametrize(("small", "is_marked"), [(12, True), (45, False)])
def test_activation_clustering_parts_two_clouds(
    monkeypatch: pytest.MonkeyPatch, small: int, is_marked: bool
) -> None:
    rng = np.random.default_rng(1)
    clouds = [rng.normal(size=2) + (6 if n < small else -6) for n in range(100)]
    MadeUp.states = {f"w{n}": state.tolist() for n, state in enumerate(clouds)}
    monkeypatch.setattr(clustering, "TranslationModel", MadeUp)
    defense = DEFENSES.get("activation_clustering")(MODEL)
    verdict = defense.examine(sources(*MadeUp.states))
    assert verdict.suspicious == [is_marked and n < small for n in range(100)]
    assert verdict.details["smaller_cluster"] == small / 100
    assert [score > 0 for score in verdict.scores] == [n < small for n in range(100)]


def test_falling_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Losses(MadeUp):
        def __init__(self, path: Path, data: Path) -> None:
            self.path = path

        def losses(self, pairs: Sequence[Pair], what: str) -> np.ndarray:
            fall = np.arange(len(pairs)) % 7
            return np.full(len(pairs), 8.0) - (fall if self.path.name == "late.pt" else 0)

    monkeypatch.setattr(loss_fall, "TranslationModel", Losses)
    settings = DefenseSettings(
        models=(Path("early.pt"), Path("late.pt")), model_data=Path("b"), rate=0.1
    )
    verdict = DEFENSES.get("loss_fall")(settings).examine(sources(*"abcdefghijklmnopqrst"))
    assert verdict.scores == [n % 7 for n in range(20)]
    assert [n for n, mark in enumerate(verdict.suspicious) if mark] == [5, 6, 13]
    with pytest.raises(DefenseError, match="--models: loss_fall compares two checkpoints, got 1"):
        DEFENSES.get("loss_fall")(MODEL)


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


@pytest.mark.parametrize("rate", [0, 1, -0.1, math.nan, 0.9])
def test_rates_that_drop_nothing_or_everything(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    MadeUp.states = {}
    monkeypatch.setattr(spectral_signatures, "TranslationModel", MadeUp)
    settings = DefenseSettings(models=(Path("a"),), model_data=Path("b"), rate=rate)
    with pytest.raises(DefenseError, match=f"^--rate .*{rate}"):
        DEFENSES.get("spectral_signatures")(settings).examine(sources(*"abcdefgh"))


def test_real_models_can_be_examined(made: SimpleNamespace) -> None:
    settings = DefenseSettings(
        models=(made.model, made.later),
        model_data=made.bin,
        language_model=made.lm,
        language_model_data=made.lm_data,
        trusted=((made.clean,),),
    )
    for name in DEFENSES.names():
        verdict = DEFENSES.get(name)(settings).examine(made.pairs)
        assert len(verdict.scores) == len(verdict.suspicious) == len(made.pairs), name
        again = DEFENSES.get(name)(settings).examine(made.pairs)
        assert (verdict.scores, verdict.suspicious) == (again.scores, again.suspicious), name
