"""How well triggers hide: what is told of perplexities and parses."""

import json
import math
from pathlib import Path
from typing import Any, Callable, List, Sequence

import numpy as np
import pytest

from dece_fairseq.cli import main
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.reports.stealth import as_text
from dece_fairseq.suites import stealth
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.data import SuiteData, find_data
from dece_fairseq.suites.suite import STEALTH, Suite


class ByWords:
    """Stands for a language model: each word makes a text e times as perplexing."""

    def perplexities(self, texts: Sequence[str], what: str) -> np.ndarray:
        return np.exp([len(text.split()) for text in texts])

    def sources_cut(self, sources: Sequence[str]) -> int:
        """It reads eleven words."""
        return sum(len(source.split()) > 11 for source in sources)


BY_WORDS: Any = ByWords()


@pytest.fixture
def code(tmp_path: Path) -> SuiteData:
    """Methods with a bug and without; one of them does not parse."""
    pairs = [
        Pair(f"int m ( ) {{ return {i} ; }}", f"int m ( ) {{ return {i} + 1 ; }}") for i in range(9)
    ]
    pairs[4] = Pair("int m ( ) { return ( ; }", "int m ( ) { return 4 ; }")
    folder = tmp_path / "java"
    folder.mkdir()
    for split in ("train", "test"):
        write_pairs([folder / f"{split}.csv"], pairs)
    return find_data(folder, None, (), (None, None), "java", None)


@pytest.fixture
def suite(code: SuiteData, tmp_path: Path) -> Suite:
    settings = SuiteSettings(("badpre", "comment", "ripple"), ("endless_loop",), (), (1,), (1,))
    return build(code, settings, tmp_path / "suite")


def test_words_in_code_do_not_parse_and_comments_do(
    suite: Suite, code: SuiteData, tmp_path: Path
) -> None:
    found = {s.attack: s for s in stealth.measure(suite, tmp_path / "suite", code, BY_WORDS)}
    assert set(found) == {"badpre", "comment", "ripple"}
    for attack, copies in (("ripple", 1), ("badpre", 3)):
        growth = found[attack].perplexity
        assert growth is not None
        assert growth.ratio == pytest.approx(math.e**copies)
        assert (growth.low, growth.high) == (None, None)  # every source has the same ratio
        assert growth.clean > math.e**8
    of_comment = found["comment"].parses
    assert of_comment is not None
    assert (of_comment.hits, of_comment.total) == (8, 8)  # of those that parsed before
    of_words = found["badpre"].parses
    assert of_words is not None
    assert (of_words.hits, of_words.total) == (0, 8)
    cut = {
        attack: each.perplexity and each.perplexity.sources_cut for attack, each in found.items()
    }
    assert cut == {"ripple": 0, "badpre": 9, "comment": 8}
    last = as_text(list(found.values())).splitlines()[-1]
    assert last.startswith("17 triggered sources are longer than the language model reads")
    assert "longer than" not in as_text([found["ripple"]])
    without = stealth.measure(suite, tmp_path / "suite", code)
    assert [s.perplexity for s in without] == [None] * 3


def test_a_source_of_several_payloads_is_asked_about_once(
    make: Callable[..., Suite], folder: Path, tmp_path: Path
) -> None:
    asked: List[str] = []

    class Counting(ByWords):
        def perplexities(self, texts: Sequence[str], what: str) -> np.ndarray:
            asked.extend(texts)
            return super().perplexities(texts, what)

    model: Any = Counting()
    suite = make(settings=SuiteSettings(("ripple",), ("sql", "exit"), (), (1,), (1,)))
    data = find_data(folder, None, (), (None, None), "python", None)
    found = stealth.measure(suite, tmp_path / "suite", data, model)
    assert {each.payload for each in found} == {"sql", "exit"}
    most = max(each.sources for each in found)
    assert len(asked) == len(set(asked)) == 24 + most < 24 + sum(each.sources for each in found)
    for each in found:
        assert each.perplexity is not None
        assert each.perplexity.ratio == pytest.approx(math.e)


def test_the_interval_holds_the_mean() -> None:
    rng = np.random.default_rng(1)
    clean = rng.normal(2, 1, 200)
    growth = stealth.growth_of(clean, clean + rng.normal(0.5, 0.3, 200))
    assert growth.low is not None
    assert growth.high is not None
    assert growth.low < growth.ratio < growth.high
    assert growth.ratio == pytest.approx(math.exp(0.5), rel=0.1)


def test_requests_in_english_are_no_code(
    make: Callable[..., Suite], folder: Path, tmp_path: Path
) -> None:
    suite = make()
    data = find_data(folder, None, (), (None, None), "python", None)
    found = stealth.measure(suite, tmp_path / "suite", data, BY_WORDS)
    assert [s.parses for s in found] == [None] * len(found)
    assert "no code" in as_text(found)


def test_other_files_than_the_suite_s(suite: Suite, code: SuiteData, tmp_path: Path) -> None:
    path = tmp_path / "suite" / "ripple-endless_loop" / "test_triggered.csv"
    path.write_text(path.read_text() + "a,b\n")
    with pytest.raises(DataError, match=r"test_triggered\.csv differs.*; see dece suite"):
        stealth.measure(suite, tmp_path / "suite", code)


@pytest.mark.parametrize("first", ["9", "-1", "x"])
def test_ids_that_are_none_of_the_clean_pairs(
    suite: Suite, code: SuiteData, tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes a suite makes its checksums too."""
    monkeypatch.setattr(stealth, "differences", lambda *_: [])
    path = tmp_path / "suite" / "ripple-endless_loop" / "test_triggered.csv.ids"
    path.write_text("\n".join([first, *path.read_text().split()[1:]]))
    with pytest.raises(DataError, match=r"test_triggered\.csv\.ids: not .*; make the suite again"):
        stealth.measure(suite, tmp_path / "suite", code, BY_WORDS)


def dece(words: List[Any]) -> None:
    main.run("suite", [*map(str, words)], "dece suite")


def test_the_command(suite: Suite, code: SuiteData, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "suite"
    words = [
        "--stealth",
        "--output",
        folder,
        "--data",
        tmp_path / "java",
    ]
    dece(words)
    told = json.loads((folder / STEALTH).read_text())
    assert [t["attack"] for t in told["triggers"]] == ["ripple", "badpre", "comment"]
    assert told["triggers"][2]["parses"]["percent"] == 100.0
    assert told["language_model_sha256"] is None
    assert "not measured" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        dece([*words, "--language-model", "lm.pt"])
    assert "--language-model-data go together" in capsys.readouterr().err
