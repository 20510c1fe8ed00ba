"""Runs from every kind of file."""

import bz2
import csv
import gzip
import json
import lzma

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.data.text import to_line
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.ids import as_ranges
from dece_fairseq.outputs.runs import RunFormat, read_run
from support.examples import examples

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
ANY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50)
)
COMPRESSED = {"": open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@ANY
@given(st.dictionaries(st.integers(0, 99), st.tuples(TEXT, TEXT), min_size=1, max_size=5))
def test_texts_come_back_from_tables_in_the_order_of_their_ids(tmp_path, samples):
    rows = [{"reference": r, "id": i, "hypothesis": h} for i, (h, r) in samples.items()]
    for path in (write_csv(tmp_path / "a.csv", rows), write_jsonl(tmp_path / "a.jsonl", rows)):
        run = read_run("a", [path], RunFormat())
        assert run.ids == sorted(samples)
        assert list(zip(run.hypotheses, run.references)) == [samples[i] for i in run.ids]


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compressed_files(tmp_path, write_output, ending):
    plain = write_output("gen.out", {0: "a\nb", 1: "c"}, "test", 2)
    (tmp_path / "h.txt").write_text("a\nc\n")
    rows = [{"hypothesis": "a\nb", "reference": "a\nb"}, {"hypothesis": "c", "reference": "c"}]
    files = [plain, tmp_path / "h.txt", write_csv(tmp_path / "a.csv", rows)]
    files.append(write_jsonl(tmp_path / "a.jsonl", rows))
    for path in files:
        packed = path.with_name(path.name + ending)
        content = path.read_bytes()
        with COMPRESSED[ending](packed, "wb") as file:
            file.write(content)
        run_format = RunFormat(references=packed) if path.suffix == ".txt" else RunFormat()
        run = read_run("a", [packed], run_format)
        assert run.hypotheses == (["a", "c"] if path.suffix == ".txt" else ["a\nb", "c"])
        assert run.references == run.hypotheses
        assert run.ids == [0, 1]


def test_a_cut_archive(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"hypothesis,reference\na,b\n" * 99)[:-9])
    with pytest.raises(OutputError, match=r"a\.csv\.gz can't be read: .*; get it again"):
        read_run("a", [path], RunFormat())


def test_the_one_line_form(tmp_path):
    for name in ("h", "r"):
        (tmp_path / name).write_text(to_line("a\n\tb\\") + "\n")
    run_format = RunFormat(references=tmp_path / "r", one_line=True)
    assert read_run("a", [tmp_path / "h"], run_format).hypotheses == ["a\n\tb\\"]
    (tmp_path / "gen").write_text("S-0\tx\nT-0\ta\\nb\nD-0\t-1\ta\\nc\n")
    assert read_run("a", [tmp_path / "gen"], RunFormat(one_line=True)).hypotheses == ["a\nc"]
    assert read_run("a", [tmp_path / "gen"], RunFormat()).hypotheses == ["a\\nc"]


def test_lines_end_at_newlines_alone(tmp_path):
    (tmp_path / "h").write_bytes("a\rb\u2028c\n\nd".encode())
    run = read_run("a", [tmp_path / "h"], RunFormat(references=tmp_path / "h"))
    assert run.hypotheses == ["a\rb\u2028c", "", "d"]


def test_texts_that_another_system_wrote(tmp_path):
    (tmp_path / "h").write_bytes(b"\xef\xbb\xbfa b\r\nc\r\n")
    (tmp_path / "r").write_bytes(b"a b\nc\n")
    run = read_run("a", [tmp_path / "h"], RunFormat(references=tmp_path / "r"))
    assert run.hypotheses == run.references == ["a b", "c"]


def test_json_is_json_lines(tmp_path):
    path = write_jsonl(tmp_path / "a.json", [{"hypothesis": "a", "reference": "b"}])
    assert read_run("a", [path], RunFormat()).references == ["b"]


def test_ids_are_numbers_only_if_they_are_small(tmp_path):
    large = "9" * 5000
    rows = [{"id": i, "hypothesis": "a", "reference": "b"} for i in ("12", "012", "1" * 19, large)]
    run = read_run("a", [write_csv(tmp_path / "a.csv", rows)], RunFormat())
    assert run.ids == [12, "012", "1" * 19, large]


def test_missing_and_double_ids_are_listed(tmp_path, write_output):
    path = write_output("a", {0: "x", 2: "x", 7: "x"}, "test", 9)
    with pytest.raises(OutputError, match="6 of 9 outputs are missing, ids 1, 3-6, 8; give"):
        read_run("a", [path], RunFormat())
    path = write_output("b", {0: "x", 2: "x"})
    with pytest.raises(
        OutputError, match=r"1 of 3 outputs are missing, ids 1; .* --required-batch"
    ):
        read_run("a", [path], RunFormat())
    with pytest.raises(OutputError, match="3 of 5 outputs are missing, ids 1, 3-4;"):
        read_run("a", [path], RunFormat(), expected=5)
    rows = [{"id": i, "hypothesis": "x", "reference": "x"} for i in (1, 2, 3, "b", 3, 2, "b")]
    with pytest.raises(OutputError, match="the ids 2-3, b occur more than once"):
        read_run("a", [write_csv(tmp_path / "a.csv", rows)], RunFormat())


def test_an_output_without_references(tmp_path):
    (tmp_path / "a").write_text("S-0\tx\nD-0\t-1\ty\nT-1\tx\nD-1\t-1\ty\n")
    with pytest.raises(OutputError, match=r"no reference \(line T-\) for the ids 0;"):
        read_run("a", [tmp_path / "a"], RunFormat())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "id,hyp,reference\n0,x,y\n", "line 1: no column is named 'hypothesis'; .*'hyp'"),
        ("a.csv", "hypothesis,reference\nx\n", "line 2: 2 fields are needed, not 1"),
        ("a.csv", "reference,hypothesis,reference\nx,y,z\n", "line 1: 2 columns named 'refer"),
        ("a.csv", 'hypothesis,reference\n"x,y\n', "not valid CSV"),
        ("a.csv", "hypothesis,reference\n", "no samples"),
        ("a.jsonl", "{\n", "line 1: not valid JSON"),
        ("a.jsonl", "[1]\n", "line 1: holds a JSON list"),
        ("a.jsonl", '{"hypothesis": "x", "reference": 1}\n', "no text under 'reference'"),
        ("a.jsonl", '{"id": 1.5, "hypothesis": "x", "reference": "y"}\n', "an id must be"),
        (
            "a.jsonl",
            '{"hypothesis": "x", "reference": "y"}\n'
            '{"id": 4, "hypothesis": "x", "reference": "y"}\n',
            "line 2: some rows .* have an 'id'",
        ),
        ("a", "nothing\n", "holds no output of fairseq-generate"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(OutputError, match=message):
        read_run("a", [tmp_path / name], RunFormat())


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_an_id_that_was_named_has_to_be_there(tmp_path, write):
    path = write(tmp_path / f"a.{write.__name__[6:]}", [{"hypothesis": "x", "reference": "y"}])
    assert read_run("a", [path], RunFormat(id="nr")).ids == [0]
    with pytest.raises(OutputError, match=r"'nr'; name those .* --id-column.* among 'hypothesis'"):
        read_run("a", [path], RunFormat(id="nr", needs_id=True))


def test_other_errors(tmp_path):
    for name, content in (("h", b"a\nb\n"), ("r", b"a\nb\nc\nd\n"), ("latin", b"\xff\n")):
        (tmp_path / name).write_bytes(content)
    run_format = RunFormat(references=tmp_path / "r")
    with pytest.raises(
        OutputError, match=r"h has 2 lines, .*r 4; the ids 2-3 are in only one of them"
    ):
        read_run("a", [tmp_path / "h"], run_format)
    with pytest.raises(OutputError, match="2 samples, but 3 were expected"):
        read_run("a", [tmp_path / "h"], RunFormat(references=tmp_path / "h"), expected=3)
    with pytest.raises(OutputError, match="with --references a run is one text file"):
        read_run("a", [tmp_path / "h", tmp_path / "r"], run_format)
    with pytest.raises(OutputError, match=r"nothing\.csv: no such file"):
        read_run("a", [tmp_path / "nothing.csv"], RunFormat())
    with pytest.raises(OutputError, match="latin, line 1: byte 1 of the line is not UTF-8"):
        read_run("a", [tmp_path / "latin"], run_format)
    with pytest.raises(OutputError, match="is one file"):
        read_run("a", [tmp_path / "a.csv", tmp_path / "b.csv"], RunFormat())
    with pytest.raises(OutputError, match=r"one file; give each run by a --run NAME=FILE of its"):
        read_run("a", [tmp_path / "a.csv", tmp_path / "a.csv"], RunFormat())
    with pytest.raises(OutputError, match="leave out --references"):
        read_run("a", [tmp_path / "a.csv"], run_format)


@pytest.mark.parametrize(
    ("ids", "text"),
    [([], ""), ([3], "3"), ([1, 2, 3, 5, 7, 8], "1-3, 5, 7-8"), (["b", 2, "a", 1], "1-2, a, b")],
)
def test_all_ids_in_few_words(ids, text):
    assert as_ranges(ids) == text
