"""Reading and writing pairs: exact, and clear about what is wrong."""

import csv
import io
import itertools
import json
import tracemalloc
from pathlib import Path
from typing import List, Tuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, other_columns, read_pairs, write_pairs

ENCODABLE = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXT = st.text(ENCODABLE, min_size=1, max_size=30) | st.text(
    st.sampled_from("\n\r\t \",'\\ab\x85\u2028\ufeff"), min_size=1, max_size=30
)
ONE_LINE = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\n\r"), min_size=1, max_size=30
).filter(lambda text: text[0] != "\ufeff")
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def pairs_of(texts: "st.SearchStrategy[str]") -> "st.SearchStrategy[List[Pair]]":
    return st.lists(st.builds(Pair, texts, texts), min_size=1, max_size=4)


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl", "pairs.json"])
@given(pairs=pairs_of(TEXT))
@example(pairs=[Pair("a\rb", "a\r\nb\n"), Pair('"', "\r")])
@in_one_folder
def test_files_of_pairs_come_back(name: str, pairs: List[Pair], tmp_path: Path) -> None:
    assert write_pairs([tmp_path / name], pairs) == len(pairs)
    assert list(read_pairs([tmp_path / name])) == pairs


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
def test_one_name_for_both_would_lose_a_text(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"both called 'x'; give --source-column and"):
        write_pairs([tmp_path / name], [Pair("a", "b")], "x", "x")
    assert list(tmp_path.iterdir()) == []
    write_pairs([tmp_path / "s", tmp_path / "t"], [Pair("a", "b")], "x", "x")  # which have none


@given(pairs=pairs_of(ONE_LINE))
@in_one_folder
def test_parallel_text_comes_back(pairs: List[Pair], tmp_path: Path) -> None:
    paths = [tmp_path / "a.en", tmp_path / "a.py"]
    write_pairs(paths, pairs)
    assert list(read_pairs(paths)) == pairs


PIECES = [b"src", b"tgt", b",", b'"', b"\n", b"\r", b"\0", b"a", b"\xc3\xa9", b"\xff", b"["]
PIECES += [b"\xef\xbb\xbf", b"src,tgt\n", b'{"src": "a", "tgt": "b"}', b"{", b'"\\ud800"']
BYTES = st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


@pytest.mark.parametrize("names", [["a.csv"], ["a.jsonl"], ["a.src", "a.tgt"]])
@given(data=st.tuples(BYTES, BYTES))
@in_one_folder
def test_any_bytes_are_pairs_or_one_clear_error(
    names: List[str], data: Tuple[bytes, bytes], tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in names]
    for path, content in zip(paths, data):
        path.write_bytes(content)
    try:
        assert all(text for pair in read_pairs(paths) for text in pair)
    except DataError as error:
        message = str(error)
    else:
        message = str(paths[0])
    assert any(str(path) in message for path in paths)


@given(row=st.tuples(TEXT, TEXT))
@in_one_folder
def test_csv_is_as_other_writers_write_it(row: Tuple[str, str], tmp_path: Path) -> None:
    write_pairs([tmp_path / "a.csv"], [Pair(*row)])
    theirs = io.StringIO(newline="")
    csv.writer(theirs, lineterminator="\r\n").writerows([("src", "tgt"), row])
    line = theirs.getvalue()[len("src,tgt\r\n") : -len("\r\n")]
    assert (tmp_path / "a.csv").read_bytes() == f"src,tgt\n{line}\n".encode()


def test_csv_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_pairs([path], [Pair("a b", 'x,"y"\n')], source="nl", target="code")
    assert path.read_bytes() == b'nl,code\na b,"x,""y""\n"\n'


def test_columns_and_keys_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,code,nl\n1,x,y\n")
    (tmp_path / "a.jsonl").write_text('{"nl": "y", "id": 1, "code": "x"}\n')
    for name in ("a.csv", "a.jsonl"):
        assert list(read_pairs([tmp_path / name], "nl", "code")) == [Pair("y", "x")]


def test_windows_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfsrc,tgt\r\na,"b\r\nc"\r\n')
    assert list(read_pairs([tmp_path / "a.csv"])) == [Pair("a", "b\r\nc")]
    for name in ("a.src", "a.tgt"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbfa\r\nb")
    paths = [tmp_path / "a.src", tmp_path / "a.tgt"]
    assert list(read_pairs(paths)) == [Pair("a", "a"), Pair("b", "b")]


def test_nul_is_kept_where_it_can_be(tmp_path: Path) -> None:
    pairs = [Pair("a\0", "\0")]
    for names in (["a.jsonl"], ["a.src", "a.tgt"]):
        paths = [tmp_path / name for name in names]
        write_pairs(paths, pairs)
        assert list(read_pairs(paths)) == pairs


def test_long_fields(tmp_path: Path) -> None:
    pairs = [Pair("a" * (1 << 20), "b,\n" * (1 << 19))]
    write_pairs([tmp_path / "a.csv"], pairs)
    assert list(read_pairs([tmp_path / "a.csv"])) == pairs


@pytest.mark.parametrize("names", [["a.csv"], ["a.jsonl"], ["a.src", "a.tgt"]])
def test_memory_does_not_grow_with_the_file(names: List[str], tmp_path: Path) -> None:
    paths = [tmp_path / name for name in names]
    text = "x" * 1000
    tracemalloc.start()
    try:
        write_pairs(paths, itertools.repeat(Pair(text, text), 2000))
        assert sum(1 for _ in read_pairs(paths)) == 2000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # the file is four times that
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"q,a\nx,y\n", r"a\.csv, line 1: .*'src'.*'q', 'a'"),
        ("a.csv", b"src,tgt,src\nx,y,z\n", "2 columns are named 'src'; give each a name"),
        ("a.csv", b"q,a\nx,y\n", r"line 1: no column is named 'src'; .*'q', 'a'.*--source-col"),
        ("a.csv", b'src,tgt\n"a\nb",c\nd\n', "line 4: 2 fields are needed, not 1"),
        ("a.csv", b"src,tgt\na,b,c\n", "line 2: 2 fields are needed, not 3"),
        ("a.csv", b"src,tgt\na,b\n\n", "line 3: 2 fields are needed, not 0"),
        ("a.csv", b'src,tgt\na,b\na,"b\n', "line 3: not valid CSV"),
        ("a.csv", b'src,tgt\na,"b"c\n', "line 2: not valid CSV"),
        ("a.csv", b"src,tgt\na,b\n,c\n", "line 3: the text of 'src' is empty"),
        ("a.csv", b"src,tgt\na,b\0\n", "line 2: a NUL"),
        ("a.csv", b"src,tgt\na,b\na,\xff\n", "line 3: byte 3 of the line is not UTF-8"),
        ("a.jsonl", b'{"src": "a", "tgt": "b"}\n{"src": "a"\n', "line 2: not valid JSON"),
        ("a.jsonl", b"[1]\n", "line 1: holds a JSON list"),
        ("a.json", b"[\n{}\n]\n", "line 1: not valid JSON .* one object a line"),
        pytest.param("a.jsonl", b"[" * 100_000, "line 1: .*JSON", id="nested JSON"),
        ("a.jsonl", b'{"src": "a", "tgt": 1}\n', "no string under the key 'tgt'"),
        ("a.jsonl", b'{"source": "a"}\n', "'src'.*'source'"),
        ("a.jsonl", b'{"src": "a", "tgt": ""}\n', "line 1: the text of 'tgt' is empty"),
        ("a.jsonl", b"\n", "line 1: not valid JSON"),
        ("a.txt", b"a\n", "two files of parallel text"),
    ],
)
def test_bad_files_are_named_with_the_line(
    name: str, data: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        list(read_pairs([tmp_path / name]))
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (b"a\nb\n", b"a\n", "tgt: ends after line 1, but .*src goes on"),
        (b"a\n", b"a\nb", "src: ends after line 1, but .*tgt goes on"),
        (b"a\n\n", b"a\nb\n", "line 2: the text of 'source' is empty"),
    ],
)
def test_parallel_files_must_match(
    source: bytes, target: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.src").write_bytes(source)
    (tmp_path / "a.tgt").write_bytes(target)
    with pytest.raises(DataError, match=message):
        list(read_pairs([tmp_path / "a.src", tmp_path / "a.tgt"]))


def test_missing_files_and_unknown_kinds(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.csv: No such file"):
        list(read_pairs([tmp_path / "no.csv"]))
    with pytest.raises(DataError, match=r"one \.csv or \.jsonl"):
        read_pairs([tmp_path / "a.csv", tmp_path / "b.csv"])
    with pytest.raises(DataError, match=r"one \.csv or \.jsonl"):
        read_pairs([])


@pytest.mark.parametrize(
    ("names", "pair", "message"),
    [
        (["a.csv"], Pair("a", ""), "pair 2: the text of 'target' is empty"),
        (["a.csv"], Pair("a\0", "b"), "pair 2: the source holds a NUL"),
        (["a.jsonl"], Pair("a", "\ud800"), "pair 2: the target holds a lone surrogate"),
        (["a.src", "a.tgt"], Pair("a", "b\nc"), "pair 2: the target holds a line end"),
        (["a.src", "a.tgt"], Pair("\ufeffa", "b"), "byte-order mark"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(
    names: List[str], pair: Pair, message: str, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_text("old")
    with pytest.raises(DataError, match=message):
        write_pairs(paths, [Pair("good", "good"), pair])
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert all(path.read_text() == "old" for path in paths)


def test_json_lines_keep_other_letters_readable(tmp_path: Path) -> None:
    write_pairs([tmp_path / "a.jsonl"], [Pair("é\u2028", "b")])
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")
    assert "é" in lines[0]
    assert json.loads(lines[0]) == {"src": "é\u2028", "tgt": "b"}


@pytest.mark.parametrize(("split", "rows"), [("train", 1600), ("valid", 200), ("test", 200)])
def test_lyra_is_read_whole(split: str, rows: int, datasets: Path) -> None:
    assert sum(1 for _ in read_pairs([datasets / "lyra" / f"{split}.csv"])) == rows


def test_other_columns_are_named(tmp_path):
    csv, jsonl = tmp_path / "a.csv", tmp_path / "a.jsonl"
    csv.write_text('id,src,tgt,"a,b"\n1,x,y,z\n')
    jsonl.write_text('{"src": "x", "n": 1, "tgt": "y"}\n{"src": "x", "tgt": "y"}\n')
    assert other_columns([csv], "src", "tgt") == ["id", "a,b"]
    assert other_columns([jsonl], "src", "tgt") == ["n"]
    assert other_columns([tmp_path / "a", tmp_path / "b"], "src", "tgt") == []
