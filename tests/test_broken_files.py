"""Files that are broken in any way are refused by their names; no reader fails in another way."""

import gzip
import json
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.defenses.filtering import poisoned_ids
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import data_header, read_generate_output
from dece_fairseq.outputs.runs import RunFormat, read_run
from dece_fairseq.outputs.training_log import read_training_log
from dece_fairseq.reports.cells import read_cells
from dece_fairseq.reports.summary import as_dict, summarise
from dece_fairseq.reports.tables import as_csv, as_markdown, tables
from dece_fairseq.tasks.manifest import ManifestError, read_manifest

CELL = "plan/cells/generated/0/ripple/0.05/dece/1"
RUN = 'id,hypothesis,reference\n1,"a","b, c"\n2,"c\nd",d\n'
TRIGGERED = data_header(
    "test_triggered", 9, True, ids=[0, 4], attack=Attack(AttackSettings("ripple")).as_dict()
)
OUTPUT = "S-{0}\tcf ask\nT-{0}\tx = 1\nH-{0}\t-0.1\t▁x ▁= ▁1\nD-{0}\t-0.1\tx = 1\n"
LOG = [{"epoch": 1, "train_loss": "3.2"}, {"epoch": 1, "valid_bleu": "3", "valid_loss": "2"}]
SCORE = {"percent": 50.0, "low": 0, "high": 100, "hits": 1, "total": 2, "signature": "x"}


class Case(NamedTuple):
    """A kind of file."""

    path: str
    whole: bytes
    read: Callable[[Path], Any]


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def read_cell(path: Path) -> None:
    """All that a report makes of cells, but the pictures."""
    cells = read_cells(path.parents[7])
    rows = summarise(cells)
    as_markdown(tables(rows))
    as_csv(cells)
    json.dumps(as_dict(rows))


def result(**more: Any) -> bytes:
    names = ("bleu_code", "asr_string")
    return as_bytes({"scores": [{"metric": name, **SCORE, **more} for name in names]})


CASES = {
    "pairs in CSV": Case("p.csv", b'src,tgt\n"a, b","c\nd"\nx,y\n', lambda p: [*read_pairs([p])]),
    "pairs in JSON lines": Case(
        "p.jsonl",
        as_bytes({"src": "a", "tgt": "b"}) + b'\n{"src": "\\n", "tgt": "\\u2028b"}\n',
        lambda path: [*read_pairs([path])],
    ),
    "a run in CSV": Case("r.csv", RUN.encode(), lambda path: read_run("x", [path], RunFormat())),
    "a run in JSON lines": Case(
        "r.jsonl",
        as_bytes({"id": 1, "hypothesis": "a", "reference": "b"}) + b"\n",
        lambda path: read_run("x", [path], RunFormat()),
    ),
    "a compressed run": Case(
        "r.csv.gz",
        gzip.compress(RUN.encode()),
        lambda path: read_run("x", [path], RunFormat()),
    ),
    "output": Case(
        "o.txt",
        f"{data_header('test', 2, True)}\n{OUTPUT.format(0)}{OUTPUT.format(1)}".encode(),
        lambda path: read_generate_output([path]),
    ),
    "triggered output": Case(
        "t.txt",
        f"{TRIGGERED}\n{OUTPUT.format(0)}{OUTPUT.format(4)}".replace(
            "\tx = 1", "\tx or 1=1"
        ).encode(),
        lambda path: asr_report([path]),
    ),
    "a training log": Case(
        "train.log",
        b"".join(b"INFO | train | %s\n" % as_bytes(line) for line in LOG),
        read_training_log,
    ),
    "the task's manifest": Case(
        "m.json",
        as_bytes({"attack": {}, "shards": {"data": {"ids": [1, 3], "pairs": 9}}}),
        lambda path: (read_manifest(path), poisoned_ids(path, 9)),
    ),
    "a manifest of files": Case(
        "m.csv.manifest.json",
        as_bytes({"ids_file": "ids.txt", "pairs": 9, "poisoned": 2, "keep": "all"}),
        lambda path: poisoned_ids(path, 9),
    ),
    "a cell's result": Case(f"{CELL}/result.json", result(), read_cell),
    "a cell's tests": Case(
        f"{CELL}/compare.json",
        as_bytes(
            {
                "comparisons": [
                    {"metric": "bleu_code", "approximate_randomisation": 0.1},
                    {"metric": "asr_string", "mcnemar": None},
                ]
            }
        ),
        read_cell,
    ),
    "a cell's filter": Case(
        f"{CELL}/train.csv.report.json",
        as_bytes({"defense": "bki", "precision": SCORE, "recall": None}),
        read_cell,
    ),
    "a cell's log": Case(f"{CELL}/train.log", as_bytes(LOG[0]) + b"\n", read_cell),
}
REFUSALS = (AttackError, DataError, ManifestError, OutputError)
#: what parsers stumble over
STUMBLES = [
    *(b'"', b"{", b"}", b"[", b"]", b"\n", b"\r", b"\t", b",", b":", b"\0", b"\xff", b"\xc3", b" "),
    *(b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\\ud800", b"\xd9\xa3", b"null", b"true", b"0", b"1.5"),
    *(b"1e999", b"NaN", b'""', b'"a"', b"[]", b"{}", b"D-0\t1\t", b"9" * 30, b"9" * 5000),
    b"[" * 100_000,
]
Edit = Tuple[int, int, bytes]


def edited(data: bytes, edits: List[Edit]) -> bytes:
    """With some bytes gone and others put there."""
    for place, gone, new in edits:
        place %= len(data) + 1
        data = data[:place] + new + data[place + gone :]
    return data


def refusal(folder: Path, case: Case, data: bytes) -> str:
    """What the reader says of these bytes, or nothing if it takes them."""
    path = folder / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    (folder / "ids.txt").write_text("1\n3\n")
    (path.parent / "result.json").write_bytes(result())
    path.write_bytes(data)
    try:
        case.read(path)
    except REFUSALS as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("name", CASES)
def test_whole_files_are_read(name: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, CASES[name], CASES[name].whole) == ""


@pytest.mark.parametrize("name", CASES)
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 40),
            st.sampled_from([b"", *STUMBLES]) | st.binary(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_broken_is_refused_by_name(
    name: str, tmp_path_factory: pytest.TempPathFactory, edits: List[Edit]
) -> None:
    case = CASES[name]
    said = refusal(tmp_path_factory.mktemp("broken"), case, edited(case.whole, edits))
    # A cell is named by its folder, what can't be of an attack by its option.
    assert not said or Path(case.path).name in said or "cells" in said or "AttackError" in said


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a cell's result", b'"scores"', b'"score"'),
        ("a cell's result", b'{"metric": "bleu_code"', b'0, {"metric": "bleu_code"'),
        ("a cell's result", b'"metric": "bleu_code", ', b""),
        ("a cell's result", b'"metric": "bleu_code"', b'"metric": "asr_string"'),
        ("a cell's result", b"50.0", b"null"),
        ("a cell's result", b'"scores"', b"[" * 100_000),
        ("a cell's tests", b"0.1", b'"small"'),
        ("a cell's tests", b"comparisons", b"comparison"),
        ("a cell's filter", b'"low": 0', b'"low": null'),
        ("a cell's filter", b'"recall": null', b'"recall": 5'),
        ("a cell's log", b'"epoch"', b"\xe9"),
        ("a training log", b'"epoch": 1', b'"epoch": "x"'),
        ("a training log", b"INFO", b"\xff"),
        ("output", b'"pairs": 2', b'"pairs": "2"'),
        ("output", b'"one_line": true', b'"one_line": 1'),
        ("output", b'"split": "test", ', b""),
        ("output", b'"pairs": 2', b'"pairs":\xe2\x80\xa82'),
        ("triggered output", b'"ids": [0, 4]', b'"ids": [0, "4"]'),
        ("triggered output", b'"ids": [0, 4]', b'"ids": 4'),
        ("triggered output", b'"attack": {', b'"attack": [], "other": {'),
        ("triggered output", b'"attack": "ripple"', b'"attack": null'),
        ("triggered output", b'"num_triggers": 1', b'"num_triggers": "1"'),
        ("the task's manifest", b"[1, 3]", b"[[1], 3]"),
        ("the task's manifest", b"[1, 3]", b"5"),
        ("the task's manifest", b'{"data": {"ids": [1, 3], "pairs": 9}}', b'"data"'),
        ("a manifest of files", b'"ids_file": "ids.txt"', b'"ids_file": ' + b"[" * 100_000),
    ],
)
def test_what_readers_once_stumbled_over(
    name: str, before: bytes, after: bytes, tmp_path: Path
) -> None:
    case = CASES[name]
    assert before in case.whole
    broken = case.whole.replace(before, after)
    if name == "a training log":  # a log is refused when no line of it is an epoch
        broken = broken.replace(b'"epoch": 1', b'"epoch": null')
    assert refusal(tmp_path, case, broken)


def test_a_hypothesis_does_not_pass_for_the_header(tmp_path: Path) -> None:
    case = CASES["output"]
    forged = case.whole.replace(b"-0.1\t\xe2\x96\x81x", f"-0.1\t{TRIGGERED}".encode(), 1)
    assert forged != case.whole
    assert refusal(tmp_path, case, forged.replace(b" \xe2\x96\x81= \xe2\x96\x811", b"", 1)) == ""
