"""Files of pairs cut into blocks."""

from pathlib import Path
from typing import List, Tuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dece_fairseq.data.blocks import checksum, cut, load, most_blocks, parse
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

PIECES = [b"src,tgt\n", b"a,b\n", b"a,b\r\n", b'"a\nb",c\n', b'5" disk,x\n', b"\n", b'"', b"\0"]
PIECES += [
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3\xa9,\xc3\xa9\n",
    b"\r",
    b",",
    b'{"src": "a", "tgt": "b"}\n',
]
BYTES = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


def by_blocks(paths: List[Path], size: int) -> List[Pair]:
    return [
        pair
        for block in cut(paths, size)
        for pair in parse(paths, block, load(paths, block), "src", "tgt")
    ]


@pytest.mark.parametrize("names", [["a.csv"], ["a.jsonl"], ["a.src", "a.tgt"]])
@given(
    data=st.tuples(BYTES.map(lambda data: b"src,tgt\n" + data) | BYTES, BYTES),
    size=st.integers(1, 30),
)
@example(data=(b'src,tgt\n5" disk,x\n"a\nb",c\n', b""), size=1)
@example(data=(b'src,tgt\na,"b\n', b""), size=1)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_blocks_hold_what_the_file_holds(
    names: List[str], data: Tuple[bytes, bytes], size: int, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in names]
    for path, content in zip(paths, data):
        path.write_bytes(content)
    try:
        pairs = list(read_pairs(paths))
    except DataError:
        with pytest.raises(DataError):
            by_blocks(paths, size)
    else:
        assert by_blocks(paths, size) == pairs
        assert len(list(cut(paths, size))) <= most_blocks(paths, size)


def test_blocks_are_of_the_size_asked_for_and_say_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_pairs([path], [Pair("x" * 9, "two\nlines")] * 100)
    blocks = list(cut([path], 1000))
    data = path.read_bytes()
    assert b"".join(load([path], block)[0] for block in blocks) == data
    assert all(1000 <= block.sizes[0] < 1030 for block in blocks[:-1])
    for block in blocks:
        assert block.line == data[: block.starts[0]].count(b"\n") + 1


def test_errors_name_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"src,tgt\n" + b'"a\nb",c\n' * 50 + b"a,b,c\n")
    with pytest.raises(DataError, match=r"a\.csv, line 102: 2 fields are needed, not 3"):
        by_blocks([path], 100)


def test_a_checksum_tells_of_changes() -> None:
    assert checksum([b"ab", b"c"]) == checksum([b"ab", b"c"]) != checksum([b"ab", b"d"])
