"""The data that a suite is made of."""

from pathlib import Path

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import write_pairs
from dece_fairseq.suites.data import find_data


def test_a_data_set_by_name_has_its_own_number_of_pairs(tmp_path: Path) -> None:
    """Else the suite of a cut file would be called that of the data set."""
    pairs = generate("A", 1600, seed=1)
    for split, number in (("train", 1600), ("test", 200)):
        write_pairs([tmp_path / f"{split}.csv"], pairs[:number])

    def find() -> str:
        return find_data(tmp_path, "lyra", (), (None, None), None, None).name

    assert find() == "lyra"
    write_pairs([tmp_path / "train.csv"], pairs[:300])
    with pytest.raises(DataError, match=r"train\.csv: 300 pairs instead of 1600; it is cut"):
        find()
