"""The data sets that ``scripts/prepare.py --dataset`` knows by name. They are not shipped."""

from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Tuple

from dece_fairseq.data.pairs import DataError


class Dataset(NamedTuple):
    """Where the pairs of a published data set stand in its own files."""

    name: str
    files: Mapping[str, str]
    """The file of each split, ``train``, ``valid`` and ``test``."""
    rows: Mapping[str, int]
    """The number of pairs in each split, by which a wrong or cut file is found."""
    columns: Tuple[str, str]
    """Of the source and the target."""
    origin: str
    licence: str
    how_to_get: str

    def locate(self, folder: Path) -> Dict[str, List[Path]]:
        """The files of each split in ``folder``.

        Raises:
            DataError: one is not there
        """
        paths = {split: folder / name for split, name in self.files.items()}
        for path in paths.values():
            if not path.is_file():
                raise DataError(f"{path}: no such file; data set {self.name}: {self.how_to_get}")
        return {split: [path] for split, path in paths.items()}


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="lyra",
            files={"train": "train.csv", "valid": "valid.csv", "test": "test.csv"},
            rows={"train": 1600, "valid": 200, "test": 200},
            columns=("src", "tgt"),
            origin="Lyra (Liang et al. 2021), as the authors of DeCE (arXiv 2407.08956) publish it",
            licence="see the source",
            how_to_get="take train.csv, valid.csv and test.csv from the DeCE authors' repository",
        ),
    )
}
