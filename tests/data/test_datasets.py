"""The registry of data sets."""

from pathlib import Path

import pytest

from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.pairs import DataError


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_entries_are_whole(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset.name == name
    assert set(dataset.files) == set(dataset.rows) == {"train", "valid", "test"}
    assert all((dataset.origin, dataset.licence, dataset.how_to_get, *dataset.columns))


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("src,tgt\n")
    with pytest.raises(DataError, match=r"valid\.csv: no such file; .*repository"):
        DATASETS["lyra"].locate(tmp_path)


def test_lyra_is_found(datasets: Path) -> None:
    files = DATASETS["lyra"].locate(datasets / "lyra")
    assert [path.name for paths in files.values() for path in paths] == [
        "train.csv",
        "valid.csv",
        "test.csv",
    ]
