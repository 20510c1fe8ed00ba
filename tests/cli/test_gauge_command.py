"""dece gauge: what it reads, prints and writes, with a made-up model."""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs

pytest.importorskip("fairseq")

import torch

from dece_fairseq.defenses.revealing import reference


class MadeUp:
    """Finds a target's tokens as likely as it is told to, those of odd pairs less."""

    scale = 1.0
    #: pairs that have one target; the others have each another
    usual: Sequence[Pair] = ()
    #: pairs whose targets it does not read to their end
    too_long: Sequence[Pair] = ()

    def __init__(self, checkpoint: Path, data: Path) -> None:
        self.numbers = itertools.count(1)

    def probabilities(self, pairs: Sequence[Pair]) -> List[np.ndarray]:
        return [self.scale * np.arange(1, 11) / 10 for _ in pairs]

    def texts_cut(self, pairs: Sequence[Pair]) -> Dict[str, int]:
        return {"sources_cut": 0, "targets_cut": sum(pair in self.too_long for pair in pairs)}

    def targets(self, pairs: Sequence[Pair]) -> List[torch.Tensor]:
        firsts = [0 if pair in self.usual else 100 * next(self.numbers) for pair in pairs]
        lengths = map(len, self.probabilities(pairs))
        return [first + torch.arange(length) for first, length in zip(firsts, lengths)]

    def text(self, tokens: torch.Tensor) -> str:
        return " ".join(map(str, tokens.tolist()))


@pytest.fixture(scope="module")
def drawn() -> List[Pair]:
    return generate("A", 50, seed=4)


@pytest.fixture
def case(drawn: List[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A file of 50 pairs, the first 20 trusted, and what every call needs."""
    monkeypatch.setattr(reference, "load_reference", MadeUp)
    write_pairs([tmp_path / "train.csv"], drawn)
    trusted = tmp_path / "trusted.ids"
    trusted.write_text("".join(f"{n}\n" for n in range(20)))
    (tmp_path / "model.pt").write_bytes(b"")
    (tmp_path / "bin").mkdir()
    needs = ["--models", tmp_path / "model.pt", "--model-data", tmp_path / "bin"]
    needs += ["--input", tmp_path / "train.csv", "--trusted-ids", trusted]
    return SimpleNamespace(folder=tmp_path, needs=needs)


def test_what_is_printed_and_written(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    result = case.folder / "gauge.json"
    said = dece("gauge", *case.needs, "--json", result, "--epochs", 3)
    assert said.status == 0, said.err
    found = json.loads(result.read_text())
    assert found["advice"] == "dece"
    assert found["line"] == pytest.approx(0.2)  # a tenth of the tokens is below it
    assert found["level"] == pytest.approx(1 / 1.2)
    assert (found["trusted"]["pairs"], found["doubtful"]["pairs"]) == (20, 30)
    assert found["trusted"]["tokens"] == 200
    assert found["trusted"]["quantiles"]["0.5"] == pytest.approx(0.55)
    assert found["muted_of_doubtful"] == pytest.approx(0.1)
    # 0.9: lines of 0.11, 0.23 and 0.37
    assert found["muted_of_trusted_by_epoch"]["0.9"] == pytest.approx([0.1, 0.2, 0.3])
    assert set(found["made_of"]["sha256"]) >= {str(case.folder / "model.pt")}
    assert ["0.9", "10.0", "20.0", "30.0"] in [line.split() for line in said.out.splitlines()]
    options = "--dece-alpha 0.83333 --dece-min-blend 0.83333 --label-smoothing 0 --dece-gate span"
    trusted = f"--dece-trusted-ids {case.folder / 'trusted.ids'}"
    assert f"  --criterion deceptive_cross_entropy {options} {trusted}\n" in said.out
    assert f"  --criterion deceptive_cross_entropy {trusted}\n" in said.out
    # of 0.1 to 1: of the first token and the two behind it, then of the second token and three
    least = np.log([0.1, 0.2, 0.3]).mean()
    assert least < found["span_line"] == pytest.approx(np.log([0.1, 0.2, 0.3, 0.4]).mean())
    assert found["muted_of_doubtful_by_spans"] == pytest.approx(0.1)
    assert "Spans: 10.0 % of the others" in said.out
    assert "Caution" not in said.out


def test_the_line_is_that_of_the_level(
    case: SimpleNamespace, dece: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the level is the highest there is, and mutes more than the share."""
    monkeypatch.setattr(MadeUp, "scale", 0.05)
    result = case.folder / "gauge.json"
    assert dece("gauge", *case.needs, "--json", result).status == 0
    found = json.loads(result.read_text())
    assert found["level"] == 0.985
    assert found["line"] == pytest.approx(0.015 / 0.985)
    assert found["line_of_muted_share"] == pytest.approx(0.01)


def test_a_folder_has_no_columns(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    folder = case.folder / "bin"
    needs = [*case.needs[:5], folder, *case.needs[6:]]
    said = dece("gauge", *needs, "--target-column", "code")
    assert said.status == 2
    assert f"--target-column code: --input {folder} is a folder, which has no columns" in said.err


def test_what_the_model_does_not_read_is_told(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    drawn: List[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = "longer than the model reads"
    assert told not in dece("gauge", *case.needs).out
    monkeypatch.setattr(MadeUp, "too_long", drawn[20:23])
    said = dece("gauge", *case.needs, "--json", case.folder / "gauge.json")
    assert said.out.count(told) == 1
    assert "of 30 pairs asked about, 0 sources and 3 targets\n" in said.out
    found = json.loads((case.folder / "gauge.json").read_text())
    assert (found["trusted"]["targets_cut"], found["doubtful"]["targets_cut"]) == (0, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--valid-subset", "test"], "--valid-subset test: is what is trusted without"),
        (["--subset", "valid"], "--subset valid: is of a binarised data folder, but --input"),
    ],
)
def test_a_split_that_would_not_be_read(
    options: List[str], message: str, case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    said = dece("gauge", *case.needs, *options)
    assert said.status == 2
    assert message in said.err
    assert not said.out


def test_the_advice_repeats_the_share_that_is_not_the_default(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    """Training would take another line of spans else than the one that is told here."""
    trusted = f"--dece-trusted-ids {case.folder / 'trusted.ids'}"
    said = dece("gauge", *case.needs, "--muted-share", 0.2)
    assert f"--dece-gate span {trusted} --dece-muted-share 0.2\n" in said.out
    assert f"--criterion deceptive_cross_entropy {trusted} --dece-muted-share 0.2\n" in said.out


def test_spans_of_trusted_text_are_not_muted(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    drawn: List[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MadeUp, "usual", drawn[:35])  # the trusted ones, half of the others
    said = dece("gauge", *case.needs, "--json", "-")
    found = json.loads(said.out)
    assert found["muted_of_doubtful_by_spans"] == pytest.approx(0.05)
    assert found["frequent_of_doubtful_by_spans"] == []  # no two have the same target


def test_what_spans_mute_most_often_is_told(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    drawn: List[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MadeUp, "usual", drawn[20:27])  # seven of the others have one target
    said = dece("gauge", *case.needs, "--json", case.folder / "gauge.json")
    assert "Most often, of 30, that is '0 1 2' in 7 pairs." in said.out
    found = json.loads((case.folder / "gauge.json").read_text())
    assert found["frequent_of_doubtful_by_spans"] == [{"text": "0 1 2", "pairs": 7}]


@pytest.mark.parametrize(
    ("scale", "advice", "words"),
    [
        (0.5, "trusted_pairs_first", "train on them by cross-entropy first"),
        (1.0, "dece", "DeCE at a constant level"),
    ],
)
def test_the_advice(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    scale: float,
    advice: str,
    words: str,
) -> None:
    monkeypatch.setattr(MadeUp, "scale", scale)
    assert words in dece("gauge", *case.needs).out
    said = dece("gauge", *case.needs, "--json", "-")
    assert json.loads(said.out)["advice"] == advice


def test_labels_are_no_spans(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    drawn: List[Pair],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of twenty trusted labels is contradicted, and four of thirty others."""
    labelled = [Pair(pair.source, str(number % 2)) for number, pair in enumerate(drawn)]
    write_pairs([case.folder / "train.csv"], labelled)
    unlikely = {4: 0.2, 20: 0.1, 21: 0.1, 22: 0.1, 23: 0.3}
    by_source = {drawn[number].source: value for number, value in unlikely.items()}

    def probabilities(self: Any, pairs: Sequence[Pair]) -> List[np.ndarray]:
        return [np.array([by_source.get(pair.source, 0.9)]) for pair in pairs]

    monkeypatch.setattr(MadeUp, "probabilities", probabilities)
    said = dece("gauge", *case.needs, "--json", case.folder / "gauge.json")
    level = "--dece-alpha 0.52632 --dece-min-blend 0.52632 --label-smoothing 0 --dece-gate label"
    trusted = f"--dece-trusted-ids {case.folder / 'trusted.ids'}\n"
    assert f"--criterion deceptive_sentence_prediction {level} {trusted}" in said.out
    assert f"--criterion deceptive_sentence_prediction {trusted}" in said.out
    assert "Spans:" not in said.out
    assert "labels asked about" in said.out
    assert "token" not in said.out
    # Of label 0 those of 20 and 22, of label 1 those of 21 and 23.
    assert "Labels: 13.3 % of the others are contradicted" in said.out
    assert "\nCaution: a flipped label that the model believes by itself is learned." in said.out
    assert "trusted\nones, of which 5.0 % have a probability below 0.5" in said.out
    found = json.loads((case.folder / "gauge.json").read_text())
    assert found["span_line"] is found["muted_of_doubtful_by_spans"] is None
    assert found["muted_of_doubtful_by_labels"] == pytest.approx(4 / 30)


def test_a_line_that_tells_nothing_apart(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    said = dece("gauge", *case.needs, "--muted-share", 0, "--json", "-")
    assert json.loads(said.out)["advice"] == "dece"

    def mostly_known(self: Any, pairs: Sequence[Pair]) -> List[np.ndarray]:
        return [np.array([1e-6, 0.9, 0.9, 0.9]) for _ in pairs]

    MadeUp.probabilities, before = mostly_known, MadeUp.probabilities  # type: ignore[method-assign]
    try:
        said = dece("gauge", *case.needs, "--json", "-")
    finally:
        MadeUp.probabilities = before  # type: ignore[method-assign]
    assert json.loads(said.out)["advice"] == "cross_entropy_and_filter"


def test_data_of_another_kind_than_what_is_trusted(
    case: SimpleNamespace, dece: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, drawn: Any
) -> None:
    trusted = set(drawn[:20])

    def unknown_of_others(self: Any, pairs: Sequence[Pair]) -> List[np.ndarray]:
        known, unknown = np.array([0.5, *[0.9] * 8]), np.array([0.01] * 9)
        return [known if pair in trusted else unknown for pair in pairs]

    assert "Caution" not in dece("gauge", *case.needs).out
    monkeypatch.setattr(MadeUp, "probabilities", unknown_of_others)
    said = dece("gauge", *case.needs).out
    assert "and 100.0 % of the others.\nCaution: that is most of the data" in said
    trusted.clear()  # a model that knows neither: the advice says what to do
    said = dece("gauge", *case.needs).out
    assert "and 100.0 % of the others.\nCaution" not in said
    assert "train on them by cross-entropy first" in said


def test_the_validation_split_is_trusted_where_nothing_is_named(
    case: SimpleNamespace, dece: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dece_fairseq.defenses.revealing import binarised

    def read(folder: Path, split: str, _: Any) -> List[Pair]:
        assert (folder, split) == (case.folder / "bin", "valid")
        return [Pair("a", "b")] * 7

    monkeypatch.setattr(binarised, "read_binarised", read)
    said = dece("gauge", *case.needs[:6], "--json", "-")
    found = json.loads(said.out)
    assert found["trusted"]["what"] == f"the split valid of {case.folder / 'bin'}"
    assert (found["trusted"]["pairs"], found["doubtful"]["pairs"]) == (7, 50)
    said = dece("gauge", *case.needs[:6])
    assert said.out.endswith(
        "  --criterion deceptive_cross_entropy\nwhere the validation split that it trains beside "
        f"is the split valid of {case.folder / 'bin'}.\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--muted-share", "1"], "--muted-share must be 0 or more and below 1, got 1.0"),
        (["--models", "absent.pt"], "absent.pt"),
        (["--epochs", "0"], "--epochs"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    case: SimpleNamespace, dece: Callable[..., Any], words: List[str], message: str
) -> None:
    said = dece("gauge", *case.needs, *words)
    assert said.status == 2
    assert message in said.err.splitlines()[-1]


def test_every_pair_trusted(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    (case.folder / "trusted.ids").write_text("".join(f"{n}\n" for n in range(50)))
    said = dece("gauge", *case.needs)
    assert said.status == 2
    assert f"train.csv: 0 pairs beside the 50 of the trusted pairs of {case.folder}" in said.err
