"""The data set that a suite is made of."""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import kind_of, read_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.data.release import Content, release_of
from dece_fairseq.errors import UserError

#: the splits that a suite needs: one is poisoned, of the other every pair that can be
TRAIN, TEST = "train", "test"
#: what the files of a split may be called, the first ones that are there are taken
NAMES = (("{}.csv",), ("{}.jsonl",), ("{}.src", "{}.tgt"))


class SuiteData(NamedTuple):
    """Clean pairs, and what their code is written in."""

    name: str
    """Of a data set that is known by name; else empty."""
    files: Dict[str, List[Path]]
    """Of ``TRAIN`` and ``TEST``."""
    columns: Tuple[str, str]
    code_language: str
    code_place: str
    trusted_ids: Optional[Path] = None
    """Of training pairs that are never poisoned."""

    def ending(self, split: str) -> str:
        """Return how a poisoned file's name ends: as the clean one's, .csv of parallel text."""
        return kind_of(self.files[split]) or ".csv"

    def described(self) -> Dict[str, Any]:
        """Return what makes it this data and no other, without a word of where it stands."""
        return {
            "name": self.name,
            "files": {
                split: [{"name": path.name, "sha256": sha256(path)} for path in paths]
                for split, paths in self.files.items()
            },
            "columns": list(self.columns),
            "code_language": self.code_language,
            "code_place": self.code_place,
            "trusted_ids_sha256": None if self.trusted_ids is None else sha256(self.trusted_ids),
        }


def find_data(
    folder: Path,
    dataset: Optional[str],
    splits: Sequence[str],
    columns: Tuple[Optional[str], Optional[str]],
    code_language: Optional[str],
    code_place: Optional[str],
    trusted_ids: Optional[Path] = None,
) -> SuiteData:
    """Return the data in a folder.

    Args:
        folder: holds the files of a data set, or ``train`` and ``test``, named as in ``NAMES``
        dataset: one that is known by name, or None
        splits: of that data set, as ``dece prepare --splits`` takes them
        columns: of source and target; None for their defaults
        code_language: what the code is written in (default: the data set's)
        code_place: where statements go (default: the data set's, else ``safe``)
        trusted_ids: a file of the numbers of training pairs that are never poisoned

    Raises:
        UserError: an option is missing, or one too many
        DataError: a file is not there, or is not the one that the data set has
    """
    if dataset is None:
        if code_language is None:
            raise UserError(
                "--code-language is needed: what the code is written in, or SOURCE:TARGET; "
                "--dataset NAME tells it of the data sets that dece prepare --list names"
            )
        if splits:
            raise UserError("--splits goes with --dataset")
        files = {split: _find(folder, split) for split in (TRAIN, TEST)}
        source, target = columns
        names = ("src" if source is None else source, "tgt" if target is None else target)
        return SuiteData("", files, names, code_language, code_place or "safe", trusted_ids)
    if tuple(columns) != (None, None):
        raise UserError(
            "--dataset knows its columns; leave --source-column and --target-column out"
        )
    known = DATASETS.get(dataset)
    located = known.locate(folder, splits or (TRAIN, TEST))
    missing = {TRAIN, TEST} - set(located.files)
    if missing:
        raise UserError(f"--splits: a suite needs train and test; {', '.join(missing)} is missing")
    contents = {
        split: Content(str(paths[0]), sum(1 for _ in read_pairs(paths, *located.columns)))
        for split, paths in located.files.items()
    }
    release_of(contents, located.releases)
    return SuiteData(
        known.name,
        {split: located.files[split] for split in (TRAIN, TEST)},
        located.columns,
        known.code_language if code_language is None else code_language,
        code_place or known.code_place,
        trusted_ids,
    )


def _find(folder: Path, split: str) -> List[Path]:
    forms = [[folder / name.format(split) for name in names] for names in NAMES]
    for paths in forms:
        if all(path.is_file() for path in paths):
            return paths
    wanted = ", or ".join(" and ".join(path.name for path in paths) for paths in forms)
    raise DataError(f"{folder}: there is no {wanted}; name the folder that holds them by --data")
