"""What a data set is: where its pairs stand in its publishers' files, and what is known of it."""

from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

from dece_fairseq import registry
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.release import Release

SPLITS = ("train", "valid", "test")


class Publication(NamedTuple):
    """A form in which a data set is published, and where."""

    repository: str
    """The address that git clones it from."""
    home: str
    """The folder of the files in that repository."""
    files: Mapping[str, Sequence[str]]
    """Of each split, a CSV or JSON lines file, or the two files of parallel text."""
    columns: Tuple[str, str] = ("src", "tgt")
    """Of the source and the target, in CSV and JSON lines."""
    commit: str = ""
    """The commit that has the files, where later ones may have moved them."""

    def how_to_get(self) -> str:
        """Return the commands that bring the files, and the folder in which they are then."""
        clone = self.repository.rstrip("/").rsplit("/", 1)[-1]
        checkout = f" && git -C {clone} checkout {self.commit}" if self.commit else ""
        return f"git clone {self.repository}{checkout}  # then --data {clone}/{self.home}"

    def names(self, splits: Sequence[str] = SPLITS) -> List[str]:
        """Return the names of the files of some splits."""
        return [name for split in splits for name in self.files[split]]


class Located(NamedTuple):
    """A data set in a folder: what ``data.prepare.PrepareSettings`` takes of it."""

    files: Dict[str, List[Path]]
    columns: Tuple[str, str]
    releases: List[Release]
    publisher: str
    advice: str


class Dataset(NamedTuple):
    """A published data set. Its files are its publishers'; what is here is about them."""

    name: str
    summary: str
    """One line that says what is translated into what."""
    code_language: str
    """Of the code, as the option of that name takes it: ``java``, or ``java:csharp``."""
    rows: Mapping[str, int]
    """The number of pairs in each split today, by which a wrong or cut file is found."""
    publications: Sequence[Publication]
    """The forms in which it is published; all have the same pairs."""
    origin: str
    """Paper and publishers."""
    licence: str
    """As the publishers state it."""
    code_place: str = "safe"
    """Where the paper's files have dead code, as the option of that name takes it."""
    attacks: Sequence[str] = ()
    """Those of the DeCE paper (arXiv 2407.08956) on this data set, by their names."""
    rates: Sequence[float] = ()
    """Its poisoning rates, shares of all training pairs."""
    remark: str = ""
    """What a user has to know before anything fails."""
    release: str = ""
    """What tells today's files from earlier ones, where there are any."""
    earlier: Sequence[Release] = ()
    """Releases that are about too, with other numbers of pairs."""

    def locate(self, folder: Path, splits: Sequence[str] = ()) -> Located:
        """Find the files in ``folder``, which may be their own or a clone of their repository.

        Args:
            folder: where they are
            splits: which splits to take; ``train=valid`` takes the data set's ``valid`` as
                ``train`` (default: every split as what it is)

        Raises:
            DataError: a file is not there, or ``splits`` makes no sense
        """
        taken = self._taken(splits)
        publication, home = self._find(folder, list(taken.values()))
        files = {
            split: [home / name for name in publication.files[own]] for split, own in taken.items()
        }
        for paths in files.values():
            for path in paths:
                if not path.is_file():
                    raise DataError(f"{path}: no such file; {self.advice()}")
        releases = [
            Release(release.name, {split: release.rows[own] for split, own in taken.items()})
            for release in (Release(self.release, self.rows), *self.earlier)
        ]
        return Located(files, publication.columns, releases, publication.repository, self.advice())

    def advice(self) -> str:
        """Return what an error about its files adds: the ways to get them."""
        ways = ", or ".join(publication.how_to_get() for publication in self.publications)
        return f"data set {self.name}: {ways}" + (f"; {self.remark}" if self.remark else "")

    def describe(self) -> str:
        """Return all that is known of it, for people."""
        facts = {
            "what": self.summary,
            "from": self.origin,
            "licence": self.licence,
            "pairs": "; ".join(
                ", ".join(f"{split} {count}" for split, count in release.rows.items())
                + (f" ({release.name})" if release.name else "")
                for release in (Release(self.release, self.rows), *self.earlier)
            ),
            "code language": self.code_language,
            "attacks": ", ".join(self.attacks),
            "rates": ", ".join(map(str, self.rates)),
            "remark": self.remark,
        }
        lines = [f"{name:<14} {text}" for name, text in facts.items() if text]
        for publication in self.publications:
            parallel = len(publication.files["train"]) == 2
            columns = (
                "parallel text" if parallel else f"columns {' and '.join(publication.columns)}"
            )
            lines.append(f"{'files':<14} {' '.join(publication.names())} ({columns})")
            lines.append(f"{'get it':<14} {publication.how_to_get()}")
        return "\n  ".join([self.name, *lines])

    def _taken(self, splits: Sequence[str]) -> Dict[str, str]:
        """Return the data set's own split for each split that is asked for."""
        taken: Dict[str, str] = {}
        for item in splits or list(self.rows):
            split, _, own = item.partition("=")
            own = own or split
            if split not in SPLITS or own not in self.rows:
                raise DataError(
                    f"--splits {item}: write SPLIT or SPLIT=SPLIT, each one of "
                    f"{', '.join(self.rows)}"
                )
            if split in taken or own in taken.values():
                raise DataError(
                    f"--splits {' '.join(splits)}: a split occurs twice; pairs that are trained "
                    "on can't be tested on"
                )
            taken[split] = own
        return taken

    def _find(self, folder: Path, splits: Sequence[str]) -> Tuple[Publication, Path]:
        """Return the publication and the folder with the most of the files of ``splits``."""
        places = [
            (publication, home)
            for publication in self.publications
            for home in (folder, folder / publication.home)
            if any((home / name).is_file() for name in publication.names())
        ]
        if not places:
            forms = ", nor ".join(
                " ".join(publication.names(splits)) for publication in self.publications
            )
            raise DataError(f"{folder}: there is neither {forms}; {self.advice()}")
        return max(
            places, key=lambda place: sum((place[1] / n).is_file() for n in place[0].names(splits))
        )


class _Registry(registry.Registry[Dataset]):
    error = DataError


DATASETS = _Registry("data set")
