"""The data sets known by name, on made-up folders in every form in which they are published."""

import ast
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

from dece_fairseq.attacks import ATTACKS, LANGUAGES
from dece_fairseq.data.datasets import DATASETS, Dataset, Publication
from dece_fairseq.data.datasets.dataset import SPLITS
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.prepare import PrepareSettings, prepare
from dece_fairseq.data.release import Content, Release, release_of

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"train": 12, "valid": 3, "test": 4}
LAYOUTS = [
    (name, number)
    for name in DATASETS.names()
    for number in range(len(DATASETS.get(name).publications))
]


def made_up(publication: Publication, folder: Path, rows: Dict[str, int]) -> Dict[str, List[Pair]]:
    """Writes the files of a publication, with pairs that differ from split to split."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = {
        split: [Pair(f"{split} source {i}", f"{split} ( {i} ) ;") for i in range(count)]
        for split, count in rows.items()
    }
    for split, pairs in splits.items():
        write_pairs(
            [folder / name for name in publication.files[split]], pairs, *publication.columns
        )
    return splits


@pytest.mark.parametrize("name", DATASETS.names())
def test_entries_are_whole(name: str) -> None:
    dataset = DATASETS.get(name)
    assert dataset.name == name
    assert set(dataset.rows) == {"train", "valid", "test"}
    assert all((dataset.summary, dataset.origin, dataset.licence, dataset.code_language))
    assert "\n" not in dataset.summary + dataset.advice()
    assert all(set(publication.files) == set(dataset.rows) for publication in dataset.publications)
    assert all(
        publication.repository.startswith("https://github.com/")
        for publication in dataset.publications
    )
    for fact in (dataset.licence, dataset.origin, dataset.publications[0].how_to_get()):
        assert fact in dataset.describe()


def test_the_names_and_rows_are_those_of_the_publishers() -> None:
    assert {name: tuple(DATASETS.get(name).rows.values()) for name in DATASETS.names()} == {
        "lyra": (1600, 200, 200),
        "pisces": (1600, 200, 200),
        "bugs2fix": (46680, 5835, 5835),
        "code_translation": (10295, 499, 1000),
        "concode": (100_000, 2_000, 2_000),
    }


@pytest.mark.parametrize("name", DATASETS.names())
def test_what_they_name_of_attacks_is_registered(name: str) -> None:
    dataset = DATASETS.get(name)
    assert set(dataset.attacks) <= set(ATTACKS.names())
    assert set(dataset.code_language.split(":")) <= set(LANGUAGES.names())


@pytest.mark.parametrize(("name", "number"), LAYOUTS)
@pytest.mark.parametrize("place", ["its own folder", "a clone"])
def test_a_data_set_is_found_and_read(name: str, number: int, place: str, tmp_path: Path) -> None:
    dataset = DATASETS.get(name)
    publication = dataset.publications[number]
    home = tmp_path if place == "its own folder" else tmp_path / publication.home
    splits = made_up(publication, home, ROWS)
    located = dataset.locate(tmp_path)
    assert located.releases == [(dataset.release, dataset.rows), *dataset.earlier]
    for split, pairs in splits.items():
        assert list(read_pairs(located.files[split], *located.columns)) == pairs


@pytest.mark.parametrize(("name", "number"), LAYOUTS)
def test_a_missing_file_is_named_with_the_way_to_get_it(
    name: str, number: int, tmp_path: Path
) -> None:
    dataset = DATASETS.get(name)
    publication = dataset.publications[number]
    made_up(publication, tmp_path, ROWS)
    missing = tmp_path / publication.files["train"][-1]
    missing.unlink()
    with pytest.raises(DataError) as error:
        dataset.locate(tmp_path)
    assert str(error.value).startswith(f"{missing}: no such file")
    assert publication.how_to_get() in str(error.value)


@pytest.mark.parametrize("name", DATASETS.names())
def test_a_folder_of_something_else(name: str, tmp_path: Path) -> None:
    dataset = DATASETS.get(name)
    with pytest.raises(DataError, match=r"there is neither .* git clone ") as error:
        dataset.locate(tmp_path)
    for publication in dataset.publications:
        assert " ".join(publication.names()) in str(error.value)


@pytest.mark.parametrize("name", DATASETS.names())
def test_a_cut_file_is_found_before_anything_is_made(name: str, tmp_path: Path) -> None:
    dataset = DATASETS.get(name)
    made_up(dataset.publications[0], tmp_path / "in", ROWS)
    settings = PrepareSettings(**dataset.locate(tmp_path / "in")._asdict())
    with pytest.raises(DataError, match=rf"12 pairs instead of {dataset.rows['train']}\b.*clone"):
        prepare(settings, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


TRANSLATION = DATASETS.get("code_translation")
TRANSLATION_RELEASES = (Release(TRANSLATION.release, TRANSLATION.rows), *TRANSLATION.earlier)


def held(rows: Dict[str, int]) -> Dict[str, Content]:
    return {split: Content(f"{split}.java", count) for split, count in rows.items()}


@pytest.mark.parametrize(
    ("rows", "name"),
    [((10295, 499, 1000), "since May 2021"), ((10300, 500, 1000), "of 2020")],
)
def test_both_releases_of_code_translation_are_taken(rows: Tuple[int, int, int], name: str) -> None:
    assert release_of(held(dict(zip(SPLITS, rows))), TRANSLATION_RELEASES).name == name
    # Of its test alone nothing tells, so it is taken for today's.
    assert release_of(held({"test": 1000}), TRANSLATION_RELEASES).name == "since May 2021"


def test_files_of_two_releases_do_not_go_together() -> None:
    with pytest.raises(DataError, match=r"train\.java since May 2021, valid\.java of 2020"):
        release_of(held({"train": 10295, "valid": 500}), TRANSLATION_RELEASES)
    with pytest.raises(DataError, match=r"501 pairs instead of 499 \(since May 2021\) or 500 \(of"):
        release_of(held({"train": 10295, "valid": 501}), TRANSLATION_RELEASES)


def test_the_state_and_the_form_of_the_files_are_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    warm_python: Path,
) -> None:
    """CodeXGLUE's lines of Bugs2Fix end in a blank and the authors' don't."""
    bugs2fix = DATASETS.get("bugs2fix")
    monkeypatch.setattr(DATASETS, "get", lambda name: bugs2fix._replace(rows=ROWS))
    monkeypatch.setattr(sys, "executable", str(warm_python))  # runs fairseq-preprocess at once
    text, table = bugs2fix.publications
    made_up(text, tmp_path / "text", ROWS)
    for path in (tmp_path / "text").iterdir():
        path.write_text(path.read_text().replace("\n", " \n"))
    made_up(table, tmp_path / "table", ROWS)
    for folder, publication in (("text", text), ("table", table)):
        words = ["--dataset", "bugs2fix", "--data", tmp_path / folder, "--vocab-size", "300"]
        words += ["--output", tmp_path / f"{folder}-bin"]
        code, printed = run_script(list(map(str, words)), monkeypatch, capsys)
        assert code == 0, printed
        notes = [line for line in printed.splitlines() if line.startswith("note: ")]
        assert notes[0] == f"note: bugs2fix, in the form of {publication.repository}"
        blanks = "12 of 12 in train, 3 of 3 in valid, 4 of 4 in test"
        assert notes[1:] == (
            [
                f"note: sources that end in a blank: {blanks}",
                f"note: targets that end in a blank: {blanks}; exact_match counts it",
            ]
            if folder == "text"
            else []
        )
        record = json.loads((tmp_path / f"{folder}-bin" / "prepare.json").read_text())
        assert [f"note: {note}" for note in record["notes"]] == notes


def test_wrong_columns(tmp_path: Path) -> None:
    concode = DATASETS.get("concode")
    publication = concode.publications[0]
    made_up(publication._replace(columns=("text", "code")), tmp_path, ROWS)
    settings = PrepareSettings(**concode.locate(tmp_path)._asdict())
    with pytest.raises(DataError, match=r"train\.json, line 1: no string under the key 'nl'"):
        prepare(settings, tmp_path / "out")


@pytest.mark.parametrize("empty", ['"code": "", ', ""])
def test_concode_without_the_code_of_its_test(empty: str, tmp_path: Path) -> None:
    concode = DATASETS.get("concode")._replace(rows=ROWS)
    made_up(concode.publications[0], tmp_path, ROWS)
    (tmp_path / "test.json").write_text(f'{{{empty}"nl": "adds two"}}\n' * 4)
    settings = PrepareSettings(**concode.locate(tmp_path)._asdict())
    with pytest.raises(DataError, match=r"test\.json, line 1: .*'code'.*--splits train test=valid"):
        prepare(settings, tmp_path / "out")
    located = concode.locate(tmp_path, ["train", "test=valid"])
    assert located.releases == [("", {"train": 12, "test": 3})]
    assert located.files["test"] == [tmp_path / "dev.json"]


def test_one_split_may_stand_for_another(tmp_path: Path) -> None:
    bugs2fix = DATASETS.get("bugs2fix")
    publication = next(
        publication
        for publication in bugs2fix.publications
        if publication.columns and publication.commit
    )
    made_up(publication, tmp_path, {"valid": 3, "test": 4})  # as here: no training file
    located = bugs2fix.locate(tmp_path, ["train=valid", "test"])
    assert located.files == {"train": [tmp_path / "valid.csv"], "test": [tmp_path / "test.csv"]}
    assert located.releases == [("", {"train": 5835, "test": 5835})]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "tset"], "--splits tset: write SPLIT"),
        (["train=dev"], "--splits train=dev: write SPLIT"),
        (["trian=valid"], "--splits trian=valid: write SPLIT"),
        (["train", "train=valid"], "a split occurs twice"),
        (["train=valid", "valid"], "can't be tested on"),
    ],
)
def test_splits_that_make_no_sense(splits: List[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        DATASETS.get("lyra").locate(tmp_path, splits)


def test_the_layout_with_most_of_the_files_is_taken(tmp_path: Path) -> None:
    text, table = DATASETS.get("bugs2fix").publications
    made_up(text, tmp_path, ROWS)
    made_up(table, tmp_path, {"valid": 3, "test": 4})
    located = DATASETS.get("bugs2fix").locate(tmp_path)
    assert located.files["train"] == [tmp_path / name for name in text.files["train"]]


@pytest.mark.parametrize(("name", "splits"), [("lyra", ()), ("bugs2fix", ("train=valid", "test"))])
def test_the_real_files(name: str, splits: Tuple[str, ...], datasets: Path) -> None:
    located = DATASETS.get(name).locate(datasets / name, splits)
    for split, paths in located.files.items():
        assert (
            sum(1 for _ in read_pairs(paths, *located.columns)) == located.releases[0].rows[split]
        )


def test_a_data_set_is_one_file_and_one_registration() -> None:
    folder = ROOT / "dece_fairseq" / "data" / "datasets"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "dataset"}
    assert files == set(DATASETS.names())


def test_data_knows_nothing_of_attacks_and_fairseq() -> None:
    for path in (ROOT / "dece_fairseq" / "data").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert not name.startswith(("fairseq", "torch", "dece_fairseq.attacks")), path


def run_script(
    arguments: List[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Tuple[object, str]:
    """Runs scripts/prepare.py in this process; its exit code and what it printed."""
    script = str(ROOT / "scripts" / "prepare.py")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))  # as python does for a script
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    code: object = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_the_script_lists_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run_script(["--list"], monkeypatch, capsys)
    assert code == 0
    assert [line.split()[0] for line in printed.splitlines()] == DATASETS.names()
    code, printed = run_script(["--list", "pisces"], monkeypatch, capsys)
    assert code == 0
    assert printed == DATASETS.get("pisces").describe() + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--list", "nope"], "no data set is called 'nope'; there are: bugs2fix,"),
        (["--dataset", "lyra", "--data", "."], "--output DIR is needed, the data folder to make"),
        (["--list", "--user-dir", "nowhere"], "--user-dir nowhere: no such file: nowhere/__init__"),
        (["--output", "x", "--dataset", "nope", "--data", "."], "no data set is called 'nope'"),
        (["--output", "x", "--dataset", "pisces"], "--data DIR is needed, .*git clone"),
        (["--output", "x", "--dataset", "lyra", "--source-column", "nl"], "knows its columns"),
        (["--output", "x", "--train", "a.csv", "--splits", "train"], "give either --dataset"),
    ],
)
def test_what_the_script_refuses(
    arguments: List[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, printed = run_script(arguments, monkeypatch, capsys)
    assert code == 2
    last = printed.splitlines()[-1]
    assert last.startswith("prepare.py: error: ")
    assert re.search(message, last)


def test_a_new_data_set_needs_no_more_than_an_entry(
    tmp_path: Path, quick_prepare: Callable[..., Any]
) -> None:
    lyra = DATASETS.get("lyra")
    tiny: Dataset = lyra._replace(name="tiny", rows=ROWS)
    made_up(tiny.publications[0], tmp_path / "in", ROWS)
    settings = PrepareSettings(
        dataset=tiny.name, vocab_size=300, **tiny.locate(tmp_path / "in", ["train"])._asdict()
    )
    sizes = quick_prepare(settings, tmp_path / "out")
    assert sizes["train"].pairs == 12
    assert '"dataset": "tiny"' in (tmp_path / "out" / "prepare.json").read_text()


def test_a_data_set_of_ones_own(tmp_path: Path, warm_python: Path) -> None:
    package = tmp_path / "my_data"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from dece_fairseq.data.datasets import DATASETS\n"
        "mine = DATASETS.get('lyra')._replace(name='mine', summary='mine alone')\n"
        f"DATASETS.register('mine')(mine._replace(rows={ROWS}))\n"
    )
    made_up(DATASETS.get("lyra").publications[0], tmp_path / "in", ROWS)
    command = [warm_python, ROOT / "scripts" / "prepare.py", "--user-dir", package]
    listed = subprocess.run([*command, "--list"], stdout=subprocess.PIPE, text=True, check=True)
    assert re.search(r"^mine +mine alone$", listed.stdout, re.MULTILINE)
    words = ["--dataset", "mine", "--data", tmp_path / "in", "--output", tmp_path / "bin"]
    subprocess.run([*command, *words, "--vocab-size", "300"], check=True, stdout=subprocess.PIPE)
    assert '"dataset": "mine"' in (tmp_path / "bin" / "prepare.json").read_text()
