"""What a suite is: its settings, its files with their checksums, and what was left out and why."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from dece_fairseq.data.beside import DECOY_IDS, IDS
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json, parse_json

#: holds the suite; the same bytes on every machine, so that its own checksum names the suite
SUITE = "suite.json"
#: by what it was made here, which may differ from machine to machine
SUITE_MANIFEST = "suite.manifest.json"
#: the checksums of all files, as ``sha256sum --check`` reads them
SUMS = "SHA256SUMS"
#: holds how well the triggers hide, where that was measured
STEALTH = "stealth.json"
#: keeps two runs from making a suite at the same time; it holds nothing, and may stay behind
LOCK = ".lock"
#: of what is written here; another one can't be read
FORMAT = 1


class SuiteFile(NamedTuple):
    """A file of pairs, and the numbers of the poisoned ones among them."""

    path: str
    """Below the suite's folder, with ``/`` between its parts."""
    sha256: str
    ids_sha256: str
    """Of the file beside it, with ``.ids`` at the end of its name."""
    pairs: int
    poisoned: int
    decoy_ids_sha256: Optional[str] = None
    """Likewise of ``.decoy_ids``, for attacks that have some."""

    def checksums(self) -> Dict[str, str]:
        """Return the checksum of the file, and of those of numbers beside it, by path."""
        found = {self.path: self.sha256, f"{self.path}{IDS}": self.ids_sha256}
        if self.decoy_ids_sha256 is not None:
            found[f"{self.path}{DECOY_IDS}"] = self.decoy_ids_sha256
        return found

    def as_dict(self) -> Dict[str, Any]:
        """Return plain values for JSON, without what it has none of."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class SuiteEntry(NamedTuple):
    """An attack with a payload."""

    attack: str
    payload: str
    files: Dict[str, SuiteFile]
    """By what they are: ``test_triggered``, ``rate-0.05/seed-1``."""
    left_out: Dict[str, str]
    """By what is missing, why; ``all`` of an attack that fits no pair."""

    @property
    def name(self) -> str:
        """Return the name of the folder of its files."""
        return f"{self.attack}-{self.payload}"

    @property
    def fits(self) -> bool:
        """Return whether the suite has anything of it."""
        return bool(self.files)


class Suite(NamedTuple):
    """Everything that was made, or will be."""

    made_of: Dict[str, Any]
    """The data and the settings: what decides about every byte."""
    entries: List[SuiteEntry]
    is_complete: bool

    def files(self) -> Iterator[SuiteFile]:
        """Yield every file of pairs."""
        for entry in self.entries:
            yield from entry.files.values()

    def checksums(self) -> Dict[str, str]:
        """Return the checksum of every file, by its path below the suite's folder."""
        return {path: value for f in self.files() for path, value in f.checksums().items()}

    def sums(self) -> str:
        """Return what ``SUMS`` holds."""
        of_suite = hashlib.sha256(self.as_text().encode()).hexdigest()
        sums = sorted({**self.checksums(), SUITE: of_suite}.items())
        return "".join(f"{value}  {name}\n" for name, value in sums)

    def as_text(self) -> str:
        """Return it as JSON, always in the same way."""
        content = {
            "format": FORMAT,
            "complete": self.is_complete,
            "made_of": self.made_of,
            "entries": [
                {
                    "attack": entry.attack,
                    "payload": entry.payload,
                    "files": {name: file.as_dict() for name, file in entry.files.items()},
                    "left_out": entry.left_out,
                }
                for entry in self.entries
            ],
        }
        return as_json(content)


def read_suite(path: Path) -> Suite:
    """Return the suite that a file holds.

    Args:
        path: a ``suite.json``, or the folder of one

    Raises:
        DataError: it can't be read, or is something else
    """
    path = path / SUITE if path.is_dir() else path
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise DataError(
                f"{path}: format {content['format']!r}, but this version knows {FORMAT}; make the "
                "suite again"
            )
        entries = [_entry(entry) for entry in content["entries"]]
        _check_data(content["made_of"]["data"])
        return Suite(dict(content["made_of"]), entries, bool(content["complete"]))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the folder of dece suite") from error
    except DataError:  # which is a ValueError
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} holds no suite ({error}); make it again") from error


def _entry(values: Dict[str, Any]) -> SuiteEntry:
    files = {name: SuiteFile(**file) for name, file in values["files"].items()}
    for file in files.values():
        _check_file(file)
    return SuiteEntry(
        str(values["attack"]), str(values["payload"]), files, dict(values["left_out"])
    )


def _check_file(file: SuiteFile) -> None:
    """Raise unless its values are of their types, and its path leads nowhere else."""
    texts = [file.path, file.sha256, file.ids_sha256, file.decoy_ids_sha256 or ""]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a file's path or checksum is no text")
    if not all(type(number) is int for number in (file.pairs, file.poisoned)):
        raise ValueError("a number of pairs is no whole number")
    path = PurePosixPath(file.path)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{file.path!r} is outside of the suite's folder")


def _check_data(data: Dict[str, Any]) -> None:
    """Raise unless it says what ``SuiteData.described`` does, as far as it is read again."""
    source, target = data["columns"]
    texts = [data["name"], data["code_language"], source, target]
    for files in data["files"].values():
        texts += [text for file in files for text in (file["name"], file["sha256"])]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("made_of.data holds something else than text")


def write_suite(suite: Suite, folder: Path) -> None:
    """Write ``SUITE``, and where it is complete ``SUMS``.

    Raises:
        OSError: the folder can't be written to
    """
    with replacing(folder / SUITE) as (temporary,):
        temporary.write_bytes(suite.as_text().encode())
    if suite.is_complete:
        with replacing(folder / SUMS) as (temporary,):
            temporary.write_bytes(suite.sums().encode())
