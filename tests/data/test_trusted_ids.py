"""Files of trusted pairs: what is none is named by its line."""

from pathlib import Path

import pytest

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.trusted_ids import TrustedIds


def test_numbers_are_read_in_order_and_once(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"7\r\n3\r\n3\r\n")
    assert TrustedIds(tmp_path / "ids").ids == [3, 7]
    assert TrustedIds(tmp_path / "ids").others(5) == [0, 1, 2, 4]
    (tmp_path / "ids").write_bytes(b"\xef\xbb\xbf7\n")  # as Windows' editors save it
    assert TrustedIds(tmp_path / "ids").ids == [7]
    assert (TrustedIds().ids, TrustedIds().others(2)) == ([], [0, 1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1\n2.0\n", r"ids, one a line: line 2 is '2\.0'; write the numbers of pairs, from 0"),
        (b"\xff\n", "ids is not a file of ids: not UTF-8"),
        (b"", "ids names no pair; leave the option out where none is trusted"),
        (b"\n", "ids names no pair"),
    ],
)
def test_what_holds_no_numbers(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(content)
    with pytest.raises(DataError, match=message):
        TrustedIds(tmp_path / "ids")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--trusted-ids .*none: No such file.*; check the name"):
        TrustedIds(tmp_path / "none")
