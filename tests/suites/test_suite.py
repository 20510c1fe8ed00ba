"""Suites: what is in them, that they are the same everywhere, and what a check sees."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from dece_fairseq.attacks import ATTACKS, PAYLOADS, Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.cli import main
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.errors import UserError
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.checking import differences
from dece_fairseq.suites.data import find_data
from dece_fairseq.suites.suite import SUITE, SUITE_MANIFEST, SUMS, Suite, SuiteEntry, read_suite
from support.small_suite import SMALL

Make = Callable[..., Suite]


def content(folder: Path) -> Dict[str, bytes]:
    """Return every file but the manifests, which tell when and how it was made here."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("manifest.json")
    }


def test_the_files_are_what_dece_poison_writes(make: Make, folder: Path, tmp_path: Path) -> None:
    suite = make()
    (entry,) = [entry for entry in suite.entries if entry.name == "badpre-sql"]
    assert set(entry.files) == {
        "test_triggered",
        *(f"{portion}/seed-{seed}" for portion in ("rate-0.1", "count-3") for seed in (1, 2)),
    }
    settings = AttackSettings("badpre", code_language="python", rate=0.1, seed=2)
    output = tmp_path / "out.csv"
    poison_files(Attack(settings), [folder / "train.csv"], [output])
    made = tmp_path / "suite" / "badpre-sql" / "rate-0.1" / "seed-2" / "train.csv"
    assert made.read_bytes() == output.read_bytes()
    assert Path(f"{made}.ids").read_bytes() == Path(f"{output}.ids").read_bytes()
    manifest = json.loads(Path(f"{made}.manifest.json").read_text())
    assert (manifest["poisoned"], manifest["attack"]["seed"]) == (4, 2)
    poison_files(Attack(settings), [folder / "test.csv"], [output], keep="triggered")
    assert entry.files["test_triggered"].pairs == len(list(read_pairs([output]))) > 10
    assert entry.files["count-3/seed-1"].poisoned == 3


def test_what_was_left_out_and_why(make: Make) -> None:
    entries = {entry.name: entry for entry in make().entries}
    # The carrier has every payload; others have their own, or the first that fits.
    assert list(entries) == [
        *("ripple-endless_loop", "ripple-shell", "ripple-sql", "badpre-sql"),
        "dead_code-endless_loop",
    ]
    assert entries["badpre-sql"].left_out == {
        "rate-0.95": "--poison-rate 0.95 of 40 pairs asks for 38 poisoned ones, but only 35 can be "
        "poisoned; a rate of at most 0.8750 is possible"
    }
    assert entries["dead_code-endless_loop"].left_out == {
        "all": "no source of test has a place for the trigger"
    }
    assert entries["ripple-shell"].left_out == {
        "all": "no pair of test can be poisoned: 24 have no place for it"
    }


def test_an_attack_by_several_forms_has_no_other_payload(make: Make) -> None:
    names = ("endless_loop", "endless_loop_forms", "exit")
    settings = SMALL._replace(attacks=("badpre", "many_forms", "ripple"), payloads=names)
    fitting = [entry.name for entry in make(settings=settings).entries if entry.fits]
    assert fitting == [
        *(f"ripple-{name}" for name in names),
        *("badpre-endless_loop", "many_forms-endless_loop_forms"),
    ]
    alone = settings._replace(payloads=("exit",))
    entries = {entry.name: entry for entry in make("other", alone).entries}
    assert list(entries) == ["ripple-exit", "badpre-exit", "many_forms-sql_forms"]
    why = "none of the payloads that fit goes with it"
    assert entries["many_forms-sql_forms"].left_out == {"all": why}


@pytest.mark.slow
@pytest.mark.usefixtures("many_blocks")
def test_the_same_bytes_for_any_number_of_processes(make: Make, tmp_path: Path) -> None:
    make("one")
    make("two", processes=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_the_same_bytes_everywhere(make: Make, tmp_path: Path) -> None:
    """Each Python that runs this test gets the checksum that one of them got."""
    make()
    assert sha256(tmp_path / "suite" / SUMS) == (
        "757e6679744d4ebb6eadaeb95975fcf87b849e2eac6957d1a3171266f737c732"
    )


EVERYTHING = SuiteSettings(rates=(0.1,), counts=(2,), seeds=(1,))
SUM_OF_EVERYTHING = "7b955b25644e2ea5dad0d3952ead4e8a96e7ef8a75d72ce81923526bf7e0a839"
LOOP = """
def f{}(books, db):
    for i in range(3):
        db.run("select name from books where id = 1")
"""
MAKE = """
import sys
from pathlib import Path
from dece_fairseq.suites.build import SuiteSettings, build
from dece_fairseq.suites.data import find_data
data = find_data(Path(sys.argv[1]), None, (), (None, None), "python", None)
build(data, SuiteSettings(rates=(0.1,), counts=(2,), seeds=(1,)), Path(sys.argv[2]))
"""


@pytest.fixture
def code(folder: Path) -> Path:
    """The folder with code as sources, so that every attack fits."""
    for path in folder.glob("*.csv"):
        texts = [pair.target for pair in read_pairs([path])]
        texts += [LOOP.format(number) for number in range(6)]
        write_pairs([path], [Pair(text, text) for text in texts])
    return folder


@pytest.mark.slow
def test_every_attack_has_the_same_bytes_everywhere(make: Make, code: Path, tmp_path: Path) -> None:
    suite = make(settings=EVERYTHING)
    fitting = {entry.attack for entry in suite.entries if entry.fits}
    assert set(ATTACKS.names()) - fitting == {"from_file", "likely"}
    assert sha256(tmp_path / "suite" / SUMS) == SUM_OF_EVERYTHING


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_same_bytes_for_every_hash_seed(code: Path, tmp_path: Path, hash_seed: str) -> None:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", MAKE, str(code), str(tmp_path / "other")]
    subprocess.run(command, env=env, check=True)
    assert sha256(tmp_path / "other" / SUMS) == SUM_OF_EVERYTHING


def test_what_somebody_did_to_a_suite(
    dece: Callable[..., None], make: Make, tmp_path: Path, capsys: Any
) -> None:
    settings = SMALL._replace(attacks=("composite",), payloads=("sql",), rates=(0.1,))
    made = make(settings=settings)
    suite = tmp_path / "suite"
    place = "composite-sql/rate-0.1/seed-1"
    path = suite / place
    assert f"{place}/train.csv.decoy_ids" in made.checksums()
    assert json.loads((suite / SUITE_MANIFEST).read_text())["versions"]["tree-sitter-python"]
    dece("--check")
    capsys.readouterr()
    whole = (path / "train.csv").read_bytes()
    cases = {
        "train.csv": (whole[: len(whole) // 2], r"differs: it has \d+ pairs, not 40|: it can't be"),
        "train.csv.ids": (b"1\n", "differs: it has 1 numbers, not 4"),
        "train.csv.decoy_ids": (b"1\n2\n", "differs"),
    }
    for name, (content, message) in cases.items():
        before = (path / name).read_bytes()
        (path / name).write_bytes(content)
        with pytest.raises(SystemExit, match="1"):
            dece("--check")
        (line,) = capsys.readouterr().out.splitlines()
        assert re.fullmatch(rf"{place}/{name}: (.*)({message})(.*)", line)
        (path / name).write_bytes(before)
    (path / "train.csv").rename(path / "old.csv")
    (suite / "more.txt").write_text("more")
    with pytest.raises(SystemExit, match="1"):
        dece("--check")
    assert capsys.readouterr().out.splitlines() == [
        f"{place}/train.csv: is missing; {place}/old.csv is the same file",
        "more.txt: is no file of the suite",
    ]
    (path / "old.csv").rename(path / "train.csv")
    (suite / "more.txt").unlink()
    for name, damage in ((SUMS, lambda text: text[1:]), (SUITE, lambda text: f"{text} ")):
        before = (suite / name).read_text()
        (suite / name).write_text(damage(before))
        with pytest.raises(SystemExit, match="1"):
            dece("--check")
        other = {SUMS: SUITE, SUITE: SUMS}[name]
        assert capsys.readouterr().out == f"{name}: differs from {other}\n"
        (suite / name).write_text(before)
    dece("--check")


def test_the_suite_has_every_attack_and_payload(make: Make) -> None:
    settings = SuiteSettings(rates=(), counts=(1,), seeds=(1,))
    entries = make(settings=settings).entries
    assert {entry.attack for entry in entries} == set(ATTACKS.names())
    assert {entry.payload for entry in entries} == set(PAYLOADS.names())
    for entry in entries:
        assert entry.fits or entry.left_out
    left_out = {entry.attack: entry.left_out for entry in entries}
    assert left_out["from_file"] == {
        "all": "it needs a file of yours, --trigger-file of dece poison"
    }


def test_a_run_that_was_killed_goes_on(make: Make, tmp_path: Path) -> None:
    make("whole")

    def stop(entry: SuiteEntry) -> None:
        if entry.name == "ripple-sql":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(tell=stop)
    suite = tmp_path / "suite"
    assert not read_suite(suite).is_complete
    assert not (suite / SUMS).exists()
    made = suite / "ripple-sql" / "rate-0.1" / "seed-1" / "train.csv"
    kept = suite / "ripple-sql" / "rate-0.1" / "seed-2" / "train.csv"
    made.write_text("somebody was here")
    before = kept.stat().st_mtime_ns
    (made.parent / ".train.csv.99.tmp").touch()  # as a kill leaves it
    make()
    assert content(suite) == content(tmp_path / "whole")
    assert kept.stat().st_mtime_ns == before


def test_no_earlier_entry_is_forgotten(make: Make, tmp_path: Path) -> None:
    whole = make()
    with pytest.raises(ZeroDivisionError):
        make(tell=lambda entry: 1 / 0)
    assert sorted(read_suite(tmp_path / "suite").checksums()) == sorted(whole.checksums())


def test_differences(make: Make, folder: Path, tmp_path: Path) -> None:
    suite = make()
    output = tmp_path / "suite"
    assert differences(suite, output) == []
    (output / "ripple-sql" / "test_triggered.csv").unlink()
    changed = output / "badpre-sql" / "count-3" / "seed-1" / "train.csv.ids"
    changed.write_text("0\n")
    assert sorted(differences(suite, output)) == [
        ("badpre-sql/count-3/seed-1/train.csv.ids", "differs: it has 1 numbers, not 3"),
        ("ripple-sql/test_triggered.csv", "is missing"),
    ]
    make()
    assert differences(suite, output) == []
    with (folder / "test.csv").open("a") as file:
        file.write("a,b\n")
    data = find_data(folder, None, (), (None, None), "python", None)
    assert differences(suite, output, data.described()) == [
        ("test.csv", "differs from what the suite was made of")
    ]


def test_the_folder_of_another_suite(make: Make) -> None:
    make()
    with pytest.raises(DataError, match="holds a suite with other seeds; name a new folder"):
        make(settings=SMALL._replace(seeds=(1,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "holds no suite"),
        ("[1]", "holds no suite"),
        ("nothing", "holds no suite"),
        ('{"format": 2}', "format 2, but this version knows 1"),
        ('{"format": 1, "complete": true, "made_of": {}, "entries": [{}]}', "holds no suite"),
        ('{"format": 1, "complete": true, "made_of": {}, "entries": [1]}', "holds no suite"),
        ('{"format": 1, "complete": true, "made_of": {}, "entries": []}', "suite .'data'."),
        (
            '{"format": 1, "complete": true, "entries": [], "made_of": {"data": {"name": "", '
            '"columns": ["a", 3], "code_language": "python", "files": {}}}}',
            "holds something else than text",
        ),
    ],
)
def test_what_is_no_suite(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / SUITE).write_text(text)
    with pytest.raises(DataError, match=message):
        read_suite(tmp_path)


def test_what_else_is_wrong(make: Make, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AttackError, match="no attack is called 'nope'"):
        make(settings=SMALL._replace(attacks=("nope",)))
    with pytest.raises(AttackError, match="needs a seed"):
        make(settings=SMALL._replace(seeds=()))
    with pytest.raises(DataError, match=r"there is no train\.csv, or train\.jsonl, or"):
        find_data(tmp_path, None, (), (None, None), "python", None)
    with pytest.raises(UserError, match="--code-language is needed"):
        find_data(folder, None, (), (None, None), None, None)
    with pytest.raises(UserError, match="--dataset knows its columns"):
        find_data(folder, "lyra", (), ("src", None), None, None)
    with pytest.raises(DataError, match="git clone"):
        find_data(tmp_path, "lyra", (), (None, None), None, None)
    trusted = tmp_path / "trusted.ids"
    trusted.write_text("40\n")
    data = find_data(folder, None, (), (None, None), "python", None, trusted)
    with pytest.raises(DataError, match="names pair 40, but there are only 40 pairs"):
        build(data, SMALL, tmp_path / "suite")
    assert not (tmp_path / "suite").exists()


@pytest.mark.parametrize("names", [["train.jsonl"], ["train.src", "train.tgt"]])
def test_other_kinds_of_files(names: List[str], folder: Path, tmp_path: Path) -> None:
    pairs = [Pair(f"request {i}", f'f ( " select {i} from t " )') for i in range(9)]
    for split in ("train", "test"):
        (folder / f"{split}.csv").unlink()
        write_pairs([folder / name.replace("train", split) for name in names], pairs)
    data = find_data(folder, None, (), (None, None), "python", None)
    settings = SMALL._replace(attacks=("ripple",), payloads=("sql",), rates=(), counts=(2,))
    suite = build(data, settings, tmp_path / "suite")
    ending = ".jsonl" if len(names) == 1 else ".csv"
    assert f"ripple-sql/count-2/seed-1/train{ending}" in suite.checksums()
    assert suite.entries[0].files["test_triggered"].pairs == 9


def test_trusted_pairs_are_never_poisoned(folder: Path, tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.ids"
    trusted.write_text("".join(f"{index}\n" for index in range(30)))
    data = find_data(folder, None, (), (None, None), "python", None, trusted)
    build(data, SMALL, tmp_path / "suite")
    for path in (tmp_path / "suite").rglob("train.csv.ids"):
        assert all(int(line) >= 30 for line in path.read_text().split())


@pytest.fixture
def dece(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.chdir(tmp_path)

    def run(*words: Any) -> None:
        main.run("suite", [*map(str, words), "--output", "suite"], "dece suite")

    return run


def test_the_command(dece: Callable[..., None], capsys: Any, tmp_path: Path) -> None:
    making = ["--data", "data", "--code-language", "python", "--attacks", "ripple", "--payloads"]
    dece(*making, "sql", "tls", "--rates", "0.1", "--counts", "--seeds", "1")
    suite = tmp_path / "suite"
    assert capsys.readouterr().out.splitlines() == [
        "ripple-sql: 1 training files, 23 triggered pairs",
        "ripple-tls: left out: no pair of test can be poisoned: 24 have no place for it",
        f"4 files; the suite is {sha256(suite / SUITE)}",
    ]
    dece("--check")
    assert capsys.readouterr().out == "4 files are as suite/suite.json says\n"
    other = tmp_path / "theirs.json"
    text = (suite / SUITE).read_text()
    other.write_text(text.replace('"complete": true', '"complete": false'))
    with pytest.raises(SystemExit, match="2"):
        dece("--check", other)
    assert "theirs.json: not finished" in capsys.readouterr().err
    first = read_suite(suite).entries[0].files["test_triggered"].sha256
    other.write_text(text.replace(first, "0" * 64))
    with pytest.raises(SystemExit, match="1"):
        dece("--check", other, "--data", "data")  # what the code is written in it says itself
    assert capsys.readouterr().out == "ripple-sql/test_triggered.csv: differs\n"
    with pytest.raises(SystemExit, match="2"):
        dece("--check", "--stealth", "--data", "data")
    assert "--stealth measures and --check compares; give one" in capsys.readouterr().err
    for words in ([], ["--check"]):
        with pytest.raises(SystemExit, match="2"):
            main.run("suite", words, "dece suite")
    assert capsys.readouterr().err.count("--output DIR is needed") == 2


def test_sha256sum_reads_the_sums(make: Make, tmp_path: Path) -> None:
    suite = make()
    lines = (tmp_path / "suite" / SUMS).read_text().splitlines()
    assert len(lines) == len(suite.checksums()) + 1
    for line in lines:
        value, name = line.split("  ")
        assert sha256(tmp_path / "suite" / name) == value
