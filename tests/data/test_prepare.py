"""Stock fairseq-preprocess on the way, and every pair read back from what it wrote."""

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from fairseq.data import Dictionary
from fairseq.data.indexed_dataset import make_dataset

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings, SplitSize, Trusted, prepare, table
from dece_fairseq.data.release import Release
from dece_fairseq.data.subwords import Subwords

ROOT = Path(__file__).resolve().parents[2]
ODD = [
    Pair("  two  blanks  ", "def f ( ) :\n\treturn 1\n\n"),
    Pair("\u2581 <s> <pad> <unk> </s>", "\r\n\r\t\x85\u2028\x1b\x7f"),
    Pair("caf\u00e9 \u4e2d\u6587 \U0001f600 e\u0301 \ufb01", '"\\n\\u2028" \\ \\\\'),
    Pair(" ", "<0x41> madeupword0000 @@ ##"),
    Pair("\ufeff\u00a0\u3000\u200b\u2585", "\n"),
]
SPLITS = {
    "train": [*ODD, *(Pair(f"show row {i}", f"print ( row {i} )\n") for i in range(15))],
    "valid": ODD[::-1],
    "test": [Pair("unseen \u0416\u05d0", "\u0e01 = ~`^"), *ODD],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> PrepareSettings:
    folder = tmp_path_factory.mktemp("with,comma and blank")
    files: Dict[str, List[Path]] = {}
    for split, pairs in SPLITS.items():
        files[split] = [folder / f"{split}.csv"]
        write_pairs(files[split], pairs, "nl", "code")
    return PrepareSettings(
        files, ("nl", "code"), ("en", "py"), vocab_size=340, trusted=Trusted(0.25, 3)
    )


@pytest.fixture(scope="module")
def prepared(
    settings: PrepareSettings,
    tmp_path_factory: pytest.TempPathFactory,
    quick_prepare: Callable[..., Any],
) -> Path:
    folder = tmp_path_factory.mktemp("data,bin") / "new" / "odd"
    quick_prepare(settings, folder, command=["prepare.py", "--output", "x"])
    return folder


def read_back(folder: Path, split: str, language: str) -> List[str]:
    dictionary = Dictionary.load(str(folder / f"dict.{language}.txt"))
    subwords = Subwords.load(folder / "sentencepiece.model")
    sentences = make_dataset(str(folder / f"{split}.en-py.{language}"), impl="mmap")
    return [subwords.decode(dictionary.string(tokens).split()) for tokens in sentences]


def pairs_back(folder: Path, split: str) -> List[Pair]:
    sides = (read_back(folder, split, language) for language in ("en", "py"))
    return [Pair(*texts) for texts in zip(*sides)]


@pytest.mark.parametrize("split", sorted(SPLITS))
def test_every_pair_comes_back_to_the_byte(split: str, prepared: Path) -> None:
    assert pairs_back(prepared, split) == SPLITS[split]


def test_the_trusted_split_is_the_pairs_that_its_ids_name(prepared: Path) -> None:
    ids = [int(line) for line in (prepared / "trusted.ids").read_text().splitlines()]
    assert len(ids) == 5
    assert ids == sorted(set(ids))
    assert pairs_back(prepared, "trusted") == [SPLITS["train"][i] for i in ids]


def test_the_folder_holds_what_is_promised_and_nothing_else(prepared: Path) -> None:
    names = {path.name for path in prepared.iterdir()}
    binarised = {
        f"{split}.en-py.{language}.{kind}"
        for split in ("train", "valid", "test", "trusted")
        for language in ("en", "py")
        for kind in ("bin", "idx")
    }
    others = {"dict.en.txt", "dict.py.txt", "sentencepiece.model", "prepare.json", "trusted.ids"}
    assert names == binarised | others
    assert (prepared / "dict.en.txt").read_bytes() == (prepared / "dict.py.txt").read_bytes()
    assert [path.name for path in prepared.parent.iterdir()] == ["odd"]


def test_the_record_says_what_it_was_made_of(prepared: Path, settings: PrepareSettings) -> None:
    record = json.loads((prepared / "prepare.json").read_text())
    assert record["command"] == ["prepare.py", "--output", "x"]
    assert record["splits"]["train"]["pairs"] == 20
    assert record["splits"]["train"]["files"][0]["path"] == str(settings.files["train"][0])
    assert len(record["splits"]["train"]["files"][0]["sha256"]) == 64
    assert record["trusted"] == {"share": 0.25, "seed": 3}
    assert record["subwords"]["vocab_size"] == 340
    assert all(record["versions"].values())


def test_a_given_model_two_splits_overwriting_and_the_seed(
    prepared: Path, settings: PrepareSettings, tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    other = settings._replace(
        files={"train": settings.files["train"], "test": settings.files["test"]},
        model=prepared / "sentencepiece.model",
    )
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "prepare.json").write_text("{}")
    sizes = quick_prepare(other, tmp_path / "x", overwrite=True)
    assert list(sizes) == ["train", "test", "trusted"]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    for split in ("train", "test", "trusted"):
        assert pairs_back(tmp_path / "x", split) == pairs_back(prepared, split)
    assert not list((tmp_path / "x").glob("valid*"))
    for name in ("trusted.ids", "train.en-py.py.bin", "dict.py.txt", "sentencepiece.model"):
        assert (tmp_path / "x" / name).read_bytes() == (prepared / name).read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": {}}, "no training split"),
        ({"files": {"valid": [Path("v.csv")]}}, "no training split"),
        (
            {"files": {"valid": [Path("v.csv")]}, "model": Path("m")},
            "--trusted-share is a share of",
        ),
        ({"files": {"a.b": [], "train": []}}, "--split a.b: not a name for a split"),
        ({"releases": [Release("", {"valid": 6})]}, "5 pairs instead of 6"),
        ({"columns": ("src", "tgt")}, "'src'.*'nl', 'code'"),
        ({"languages": ("a", "a")}, "different names"),
        ({"languages": ("a.b", "c")}, "'a.b'"),
        ({"trusted": Trusted(1.5, 1)}, "--trusted-share 1.5"),
        (
            {"trusted": Trusted(0.001, 1)},
            "--trusted-share 0.001: that is less than one of 20 pairs",
        ),
        ({"vocab_size": 270}, "--vocab-size 270: too small for these texts"),
        ({"tokenizer": "no", "labels": True}, "--labels does not go with --tokenizer"),
        ({"model": Path("no.model")}, r"no\.model"),
    ],
)
def test_what_fails_leaves_nothing_behind(
    change: dict, message: str, settings: PrepareSettings, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        prepare(settings._replace(**change), tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_with_a_model_no_split_has_to_be_train(
    prepared: Path, settings: PrepareSettings, tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    other = settings._replace(
        files={"test_cleaned": settings.files["test"]},
        model=prepared / "sentencepiece.model",
        trusted=None,
    )
    assert list(quick_prepare(other, tmp_path / "x")) == ["test_cleaned"]
    assert pairs_back(tmp_path / "x", "test_cleaned") == pairs_back(prepared, "test")
    assert not list((tmp_path / "x").glob("valid*"))


def test_splits_that_are_called_as_fairseq_calls_others(
    prepared: Path, settings: PrepareSettings, tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    splits = {
        name: [Pair(f"{name} {i}", f"print ( {name} )") for i in range(count)]
        for count, name in enumerate(("valid1", "valid2", "test1", "valid"), start=1)
    }
    for name, pairs in splits.items():
        write_pairs([tmp_path / f"{name}.csv"], pairs, "nl", "code")
    other = settings._replace(
        files={name: [tmp_path / f"{name}.csv"] for name in splits},
        model=prepared / "sentencepiece.model",
        trusted=None,
    )
    quick_prepare(other, tmp_path / "x")
    assert {name: pairs_back(tmp_path / "x", name) for name in splits} == splits


def test_a_split_without_pairs(settings: PrepareSettings, tmp_path: Path) -> None:
    (tmp_path / "valid.csv").write_text("nl,code\n")
    files = {**settings.files, "valid": [tmp_path / "valid.csv"]}
    with pytest.raises(DataError, match=r"valid\.csv: no pairs"):
        prepare(settings._replace(files=files), tmp_path / "x")


def test_folders_that_are_not_ours_are_never_overwritten(
    settings: PrepareSettings, tmp_path: Path
) -> None:
    (tmp_path / "precious").write_text("kept")
    with pytest.raises(DataError, match=r"exists already; .*--overwrite"):
        prepare(settings, tmp_path)
    with pytest.raises(DataError, match="not made by this command"):
        prepare(settings, tmp_path, overwrite=True)
    assert (tmp_path / "precious").read_text() == "kept"


def test_what_is_read_is_not_replaced(settings: PrepareSettings, tmp_path: Path) -> None:
    write_pairs([tmp_path / "train.csv"], [Pair("a", "b")], "nl", "code")
    (tmp_path / "prepare.json").write_text("{}")
    with pytest.raises(DataError, match=r"train\.csv: would be lost with the folder"):
        prepare(settings._replace(files={"train": [tmp_path / "train.csv"]}), tmp_path, True)
    assert (tmp_path / "train.csv").exists()


def test_the_later_one_of_two_runs_replaces_nothing(
    settings: PrepareSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "x"

    def be_faster(*_: Any, **__: Any) -> None:
        made.mkdir()
        (made / "prepare.json").write_text("first")

    monkeypatch.setattr("dece_fairseq.data.prepare.binarize", be_faster)
    monkeypatch.setattr("dece_fairseq.data.prepare._record", lambda *_: {})
    with pytest.raises(DataError, match="x: exists already; choose another --output"):
        prepare(settings, made)
    assert [path.name for path in tmp_path.rglob("*")] == ["x", "prepare.json"]
    assert (made / "prepare.json").read_text() == "first"


def test_the_table() -> None:
    lines = table({"train": SplitSize(2, 10, 30, 7, 20)}).splitlines()
    assert lines[-1].split() == ["train", "2", "5.0", "7", "15.0", "20", "0"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "no.csv"], r"no\.csv: No such file"),
        (["--dataset", "lyra", "--data", "."], r"there is neither train\.csv"),
        (["--dataset", "lyra"], "--data DIR is needed"),
        ([], "give either --dataset and --data"),
    ],
)
def test_the_command_line_says_what_is_wrong_in_one_line(
    arguments: List[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = str(ROOT / "scripts" / "prepare.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))  # as python does for a script
    monkeypatch.setattr(sys, "argv", [script, "--output", "x", *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(script, run_name="__main__")
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("prepare.py: error: ")
    assert re.search(message, last)
    assert not list(tmp_path.iterdir())
