"""The folder of a suite: one run at a time, nothing else in it, and something to make."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from dece_fairseq.attacks import AttackError
from dece_fairseq.data.errors import DataError
from dece_fairseq.suites.build import build
from dece_fairseq.suites.checking import differences
from dece_fairseq.suites.data import find_data
from dece_fairseq.suites.suite import SUITE, Suite, SuiteEntry, read_suite
from support.small_suite import SMALL

Make = Callable[..., Suite]


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("processes", [1, 2])
def test_one_run_at_a_time(make: Make, tmp_path: Path, processes: int) -> None:
    def make_it_too(entry: SuiteEntry) -> None:
        words = ["--data", tmp_path / "data", "--output", tmp_path / "suite"]
        command = [sys.executable, "-m", "dece_fairseq", "suite", "--code-language", "python"]
        done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True)
        assert "another run is making this suite" in done.stderr
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tell=make_it_too, processes=processes)
    whole = make()  # nobody is at work any more
    assert differences(whole, tmp_path / "suite") == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rates": (-0.5, 0.1)}, r"--rates are shares of all training pairs in \[0, 1\], got -0.5"),
        ({"rates": (float("nan"),)}, r"--rates are shares .*, got nan"),
        ({"rates": (5.0,)}, r"--rates are shares .*, got 5.0"),
        ({"rates": (0.12345678, 0.12345679)}, "2 of them are rate-0.123457; give each"),
        ({"counts": (3, 3)}, "--rates, --counts: 2 of them are count-3; give each once"),
        ({"attacks": ("ripple",) * 3}, "--attacks: 3 of them are ripple; give each once"),
        ({"payloads": ("sql", "sql")}, "--payloads: 2 of them are sql; give each once"),
        ({"seeds": (1, 2, 1)}, "--seeds: 2 of them are 1; give each once"),
        (
            {"rates": (0.95,), "counts": (), "payloads": ("sql",)},
            r"suite: nothing can be made of these data \(ripple-sql: --poison-rate 0.95 of 40 .* "
            r"possible; and 2 more\)",
        ),
    ],
)
def test_settings_of_which_nothing_can_be_made(
    settings: Dict[str, Any], message: str, make: Make, tmp_path: Path
) -> None:
    with pytest.raises(AttackError, match=message):
        make(settings=SMALL._replace(**settings))
    assert not (tmp_path / "suite" / SUITE).exists()
    assert make().is_complete  # nothing is left that would be in the way


def test_a_folder_that_holds_something_else(make: Make, folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(DataError, match="data: holds other files and no suite; name a new folder"):
        make("data")
    assert sorted(folder.rglob("*")) == before
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file; name a folder"):
        make("file")
    (tmp_path / "empty").mkdir()
    assert make("empty").is_complete


def test_data_that_are_named_wrongly_bind_no_folder(
    make: Make, folder: Path, tmp_path: Path
) -> None:
    for columns, language, message in (
        (("source", None), "python", "no column is named 'source'"),
        ((None, None), "klingon", "no code language is called 'klingon'"),
    ):
        data = find_data(folder, None, (), columns, language, None)
        with pytest.raises((AttackError, DataError), match=message):
            build(data, SMALL, tmp_path / "suite")
    test = folder / "test.csv"
    whole = test.read_text()
    test.write_text("src,tgt\n")
    with pytest.raises(DataError, match=r"test\.csv: no pairs; a suite needs some"):
        make()
    test.write_text(whole)
    assert make().is_complete  # in the same folder


def test_a_link_is_there_too(make: Make, tmp_path: Path) -> None:
    suite, output = make(), tmp_path / "suite"
    (output / "ripple-sql").rename(tmp_path / "elsewhere")
    (output / "ripple-sql").symlink_to(tmp_path / "elsewhere")  # a larger disk, say
    assert differences(suite, output) == []
    (output / "nowhere").symlink_to(tmp_path / "nothing")
    (output / "others").symlink_to(tmp_path / "data")
    assert differences(suite, output) == [
        ("nowhere", "is no file of the suite"),
        ("others", "is no file of the suite"),
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": 3}, "a file's path or checksum is no text"),
        ({"ids_sha256": None}, "a file's path or checksum is no text"),
        ({"pairs": "40"}, "a number of pairs is no whole number"),
        ({"path": "../../train.csv"}, "'../../train.csv' is outside of the suite's folder"),
        ({"path": "/train.csv"}, "'/train.csv' is outside of the suite's folder"),
    ],
)
def test_a_suite_of_a_stranger_whose_files_are_none(
    changed: Dict[str, Any], message: str, tmp_path: Path
) -> None:
    file = {"path": "a/train.csv", "sha256": "0", "ids_sha256": "1", "pairs": 40, "poisoned": 2}
    entry = {"attack": "a", "payload": "b", "files": {"train": {**file, **changed}}, "left_out": {}}
    content = {"format": 1, "complete": True, "made_of": {}, "entries": [entry]}
    (tmp_path / SUITE).write_text(json.dumps(content))
    with pytest.raises(DataError, match=f"{SUITE} holds no suite .*{message}"):
        read_suite(tmp_path)
