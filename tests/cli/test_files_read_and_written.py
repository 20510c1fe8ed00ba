"""No command writes over a file that it reads, or of another kind, or twice to the same file."""

import json
from pathlib import Path
from typing import Any, Callable

import pytest

from dece_fairseq.cli import main

READ_TOO = "would be both read and written"
TWICE = "named twice as output"
MODEL = "--models model.pt --model-data bin"
TWICE_GIVEN = "given twice; name one file, or two sides"
#: what a user asks for, and what it would lose
CASES = {
    "asr x.out --json x.json --attack-file x.json": READ_TOO,
    "asr x.out --json x.json --payload-file x.json --attack likely": READ_TOO,
    "evaluate x.out --json x.json --attack-file x.json": READ_TOO,
    "evaluate x.out --output r.csv --payload-file r.csv --attack likely": READ_TOO,
    "evaluate x.out --output s.csv --trigger-file s.csv --attack from_file": READ_TOO,
    "evaluate x.out --output r.csv --references r.csv": READ_TOO,
    "evaluate x.out --json new.json --output new.json": TWICE,
    "evaluate x.out --json new.json --output run/../new.json": TWICE,
    "filter --defense naturalness --input p.csv --trusted r.csv --output r.csv": READ_TOO,
    "filter --defense bki --input p.csv --trusted-ids t --output t s": READ_TOO,
    "filter --defense bki --input p.csv --models model.pt --output t model.pt": READ_TOO,
    "filter --defense onion --input p.csv --language-model model.pt --output t model.pt": READ_TOO,
    "filter --defense bki --input p.csv --output p.csv.manifest.json": READ_TOO,
    "filter --defense bki --input p.csv --output t p.csv.ids": READ_TOO,
    "filter --defense bki --input p.csv --output new new": TWICE,
    f"gauge {MODEL} --input p.csv --trusted-ids x.json --json x.json": READ_TOO,
    "poison --attack ripple --input p.csv --trusted-ids t --output t s": READ_TOO,
    "poison --attack ripple --input p.csv --trusted-ids r.csv.ids --output r.csv": READ_TOO,
    "poison --attack likely --input p.csv --payload-file r.csv --output r.csv": READ_TOO,
    "poison --attack from_file --input p.csv --trigger-file s.csv --output s.csv": READ_TOO,
    "poison --attack-file x.json --input p.csv --output x.json": READ_TOO,
    "poison --attack ripple --input p.csv --output new new.ids": TWICE,
    "poison --input a.csv --input x.csv --output p.csv": TWICE_GIVEN,
    "prepare --train a.csv --valid x.csv --train p.csv --output bin": TWICE_GIVEN,
    "probe bin --path m.json --attack-file x.json --json x.json": READ_TOO,
    "probe bin --path m.json --attack-file x.json --json m.json": READ_TOO,
    "probe bin --path m.json --attack-file x.json --input p.json --json p.json": READ_TOO,
    "probe bin --path m.json --attack-file x.json --output run --input run/suspected.csv": READ_TOO,
    "probe bin --path m.json --attack-file x.json --output run --json run/untouched.log": TWICE,
    f"rank {MODEL} --input p.csv --output p.csv": READ_TOO,
    "rank --models m.json --model-data bin --input p.csv --output m.json": READ_TOO,
    f"reveal {MODEL} --input p.csv --trusted-ids x.json --json x.json": READ_TOO,
    f"reveal {MODEL} --input p.csv --trusted-ids t.html --html t.html": READ_TOO,
    f"reveal {MODEL} --input p.csv --html new --json new": TWICE,
    f"reveal {MODEL} --input p.csv --output new new": TWICE,
    "summarise --run a=run --json new --figure new": TWICE,
    # Nothing, as of a variable that a script never set, is no default.
    "poison --attack ripple --payload NOTHING --input p.csv --output t": "no payload is called ''",
    "poison --attack sentence --code-language NOTHING --input p.csv --output t": "is called ''",
    "poison --attack ripple --source-column NOTHING --input p.csv --output t.csv": "named ''",
    "asr run/g.out --attack NOTHING": "no attack is called ''",
    "evaluate r.csv --hypothesis-column src --reference-column tgt --id-column NOTHING": "named ''",
    f"rank {MODEL} --payload NOTHING --input p.csv --output new.csv": "no payload is called ''",
    "prepare --train p.csv --source-column NOTHING --output new": "named ''",
    "suite --data run --code-language NOTHING --output new": "is called ''",
    # A slip of the hand, which would lose a file of another kind.
    f"reveal {MODEL} --input p.csv --html r.csv": "r.csv exists already and its name does not end",
    f"reveal {MODEL} --input p.csv --json r.csv": "r.csv exists already and its name does not end",
    "summarise --run a=run --figure r.csv": "its name does not end in .png",
    "summarise --run a=run --figure run/train.log": "its name does not end in .png",
    "corpus --style A --split train=5 train=6 --output new": "--split train: given twice",
    "report run": "--output run/report: is a file; name a folder",
    "report r.csv --output t": "--output t: is a file; name a folder",
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that are all there, most of them with an id, which is enough for what is looked at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "NEED_HASH_SEED", ())  # or this process would start anew
    for name in ("bin", "run"):
        (tmp_path / name).mkdir()
    for name in ("t", "s", "t.html", "r.csv.ids", "p.csv.ids", "x.out", "model.pt", "m.json"):
        (tmp_path / name).write_text("0\n")
    for name in (
        "p.csv",
        "r.csv",
        "s.csv",
        "run/suspected.csv",
        "run/report",
        "run/train.csv",
        "run/test.csv",
    ):
        (tmp_path / name).write_text("src,tgt,poisoned,triggered\na,b,c,d\n")
    for name in ("train.log", "test.out", "test_triggered.out"):
        (tmp_path / "run" / name).write_text("{}\n")
    (tmp_path / "run" / "g.out").write_text("T-0\tb\nD-0\t-1\tb\n")
    (tmp_path / "p.json").write_text('{"src": "a", "tgt": "b"}\n')
    manifest = {"ids_file": "p.csv.ids", "pairs": 1, "keep": "all"}
    (tmp_path / "p.csv.manifest.json").write_text(json.dumps(manifest))
    suspicion = {"payload": "or 1=1", "trigger": "bb", "pairs": [0], "nats": 9.0, "p_value": 0.0}
    (tmp_path / "x.json").write_text(json.dumps({"suspicions": [suspicion]}))
    return tmp_path


@pytest.mark.parametrize("line", CASES)
def test_nothing_is_lost(line: str, files: Path, dece: Callable[..., Any]) -> None:
    before = {path: path.read_bytes() for path in files.rglob("*") if path.is_file()}
    said = dece(*("" if word == "NOTHING" else word for word in line.split()))
    assert said.status == 2
    assert CASES[line] in said.err
    assert said.err.count("error:") == 1
    after = {path: path.read_bytes() for path in files.rglob("*") if path.is_file()}
    assert after == before
