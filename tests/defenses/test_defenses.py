"""Each defence against its definition, on states and losses that the test makes up."""

import json
import math
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List, Sequence

import numpy as np
import pytest
import torch

from dece_fairseq import checkpoints
from dece_fairseq.data.pair_probabilities import PairProbability, ProbabilityWriter
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses import (
    DEFENSES,
    DefenseError,
    DefenseSettings,
    activation_clustering,
    language_model,
    trained_models,
)
from dece_fairseq.defenses.defense import most_suspicious

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

    def sources_cut(self, sources: Sequence[str]) -> int:
        return 0


def sources(*texts: str) -> List[Pair]:
    return [Pair(text, "x") for text in texts]


def test_bki_is_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUp.states = {"bb": [0.0, 5.0], "the": [1.0, 0.5], "get": [0.25, -3.0], "rows": [0.1, 0.2]}
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
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
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
    verdict = DEFENSES.get("bki")(MODEL).examine(sources("a b c d e f g", "a b c d e f g"))
    assert sorted(k["word"] for k in verdict.details["keywords"]) == list("cdefg")
    assert verdict.details["keywords"][0] == {
        "word": "g",
        "score": pytest.approx(7 * math.log10(2)),
        "sources": 2,
    }


def test_onion_drops_the_words_that_make_it_unlikely(monkeypatch: pytest.MonkeyPatch) -> None:
    MadeUp.perplexity = {"bb": 9.0, "the": -1.0, "rows": 0.5, "get": 0.0}
    monkeypatch.setattr(language_model, "LanguageModel", MadeUp)
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
    assert verdict.details == {
        "dropped_words": 4,
        "most_dropped": {"bb": 3, "rows": 1},
        "sources_cut": 0,
    }


def test_spectral_signatures_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    MadeUp.states = {f"w{n}": rng.normal(size=3).tolist() for n in range(40)}
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
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
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
    defense = DEFENSES.get("activation_clustering")(MODEL)
    verdict = defense.examine(sources(*MadeUp.states))
    assert verdict.suspicious == [is_marked and n < small for n in range(100)]
    assert verdict.details["smaller_cluster"] == small / 100
    assert verdict.details["components_settled"]
    assert [score > 0 for score in verdict.scores] == [n < small for n in range(100)]


def test_components_that_did_not_settle_are_told_in_the_report_alone(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    MadeUp.states = {f"w{n}": state for n, state in enumerate(np.eye(30).tolist())}
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
    monkeypatch.setattr(activation_clustering, "ROUNDS", 1)
    verdict = DEFENSES.get("activation_clustering")(MODEL).examine(sources(*MadeUp.states))
    assert not verdict.details["components_settled"]
    # Of others, such as of a file that an earlier test left open, anything may be told here.
    assert "ConvergenceWarning" not in [warning.category.__name__ for warning in recwarn]


@pytest.mark.parametrize("kinds", [1, 2])
def test_activation_clustering_of_sources_that_hardly_differ(
    monkeypatch: pytest.MonkeyPatch, kinds: int
) -> None:
    """Its components must not be divided by a spread of 0."""
    MadeUp.states = {f"w{n}": [3.0 * (n % 10 < kinds - 1), 1.0, 2.0] for n in range(40)}
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
    defense = DEFENSES.get("activation_clustering")(MODEL)
    if kinds == 1:
        with pytest.raises(DefenseError, match="all sources are the same"):
            defense.examine(sources(*MadeUp.states))
    else:
        verdict = defense.examine(sources(*MadeUp.states))
        assert verdict.suspicious == [n % 10 == 0 for n in range(40)]


def test_a_threshold_that_nothing_is_above() -> None:
    with pytest.raises(DefenseError, match="--threshold must be a number, got nan"):
        DEFENSES.get("onion")(replace(LANGUAGE_MODEL, threshold=math.nan))


def test_falling_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Losses(MadeUp):
        def __init__(self, path: Path, data: Path) -> None:
            self.path = path

        def losses(self, pairs: Sequence[Pair], what: str) -> np.ndarray:
            fall = np.arange(len(pairs)) % 7
            return np.full(len(pairs), 8.0) - (fall if self.path.name == "late.pt" else 0)

        def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
            return {"sources_cut": 0, "targets_cut": 2}

    updates = {"early.pt": 10, "late.pt": 20}
    monkeypatch.setattr(trained_models, "TranslationModel", Losses)
    monkeypatch.setattr(checkpoints, "updates_of", lambda path, named: updates[path.name])
    settings = DefenseSettings(
        models=(Path("early.pt"), Path("late.pt")), model_data=Path("b"), rate=0.1
    )
    verdict = DEFENSES.get("loss_fall")(settings).examine(sources(*"abcdefghijklmnopqrst"))
    assert verdict.scores == [n % 7 for n in range(20)]
    assert [n for n, mark in enumerate(verdict.suspicious) if mark] == [5, 6, 13]
    assert verdict.details["targets_cut"] == 2
    turned = DEFENSES.get("loss_fall")(replace(settings, models=settings.models[::-1]))
    with pytest.raises(DefenseError, match="saved after 20 and 10 updates; give the early one"):
        turned.examine(sources(*"abc"))
    with pytest.raises(DefenseError, match="--models: loss_fall compares two checkpoints, got 1"):
        DEFENSES.get("loss_fall")(MODEL)


def test_loss_fall_of_one_checkpoint_is_nothing(tmp_path: Path) -> None:
    for name in ("one.pt", "copy.pt"):
        (tmp_path / name).write_bytes(b"weights")
    for models in ((tmp_path / "one.pt",) * 2, (tmp_path / "one.pt", tmp_path / "copy.pt")):
        settings = DefenseSettings(models=models, model_data=tmp_path)
        with pytest.raises(DefenseError, match=r"one\.pt .*: the same checkpoint twice"):
            DEFENSES.get("loss_fall")(settings)


@pytest.mark.parametrize("rate", [0, 1, -0.1, math.nan, 0.9])
def test_rates_that_drop_nothing_or_everything(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    MadeUp.states = {}
    monkeypatch.setattr(trained_models, "TranslationModel", MadeUp)
    settings = DefenseSettings(models=(Path("a"),), model_data=Path("b"), rate=rate)
    with pytest.raises(DefenseError, match=f"^--rate .*{rate}"):
        DEFENSES.get("spectral_signatures")(settings).examine(sources(*"abcdefgh"))


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_scores_that_can_t_be_ranked(broken: float) -> None:
    scores = [broken, 5, 1, broken, 9, 2, 3, 4, 6, 7]
    with pytest.raises(DefenseError, match=r"^2 of 10 pairs have no finite score"):
        most_suspicious(scores, 0.2, 10)


@pytest.mark.slow
def test_real_models_can_be_examined(made: SimpleNamespace, tmp_path: Path) -> None:
    writer = ProbabilityWriter(tmp_path)
    for epoch in range(1, 5):
        writer.write(PairProbability(epoch, 1, n, epoch / 5, epoch / 9) for n in range(40))
    settings = DefenseSettings(
        save_dir=tmp_path,
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


def test_the_command_with_a_real_defense(dece, made: SimpleNamespace, tmp_path: Path) -> None:
    files = ["--input", made.poisoned, "--output", tmp_path / "kept.csv"]
    model = ["--models", made.model, "--model-data", made.bin]
    status, out, err = dece(
        "filter", "--defense", "spectral_signatures", *files, *model, "--rate", 0.1
    )
    assert status == 0, err
    assert "spectral_signatures: 6 of 40 pairs are suspicious; 6 dropped" in out
    assert "recall" in out
    report = json.loads((tmp_path / "kept.csv.report.json").read_text())
    assert report["settings"]["rate"] == 0.1
    assert report["settings"]["models"] == [str(made.model)]
    assert report["command"][0] == "dece"
