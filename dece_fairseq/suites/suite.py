"""What a suite is: its settings, its files with their checksums, and what was left out and why."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.pairs import DataError
from dece_fairseq.data.provenance import sha256

#: holds the suite; the same bytes on every machine, so that its own checksum names the suite
SUITE = "suite.json"
#: the checksums of all files, as ``sha256sum --check`` reads them
SUMS = "SHA256SUMS"
#: holds how well the triggers hide, where that was measured
STEALTH = "stealth.json"
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


class Entry(NamedTuple):
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
    entries: List[Entry]
    is_complete: bool

    def files(self) -> Iterator[SuiteFile]:
        """Yield every file of pairs."""
        for entry in self.entries:
            yield from entry.files.values()

    def checksums(self) -> Dict[str, str]:
        """Return the checksum of every file, by its path below the suite's folder."""
        found = {}
        for file in self.files():
            found[file.path] = file.sha256
            found[f"{file.path}.ids"] = file.ids_sha256
        return found

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
                    "files": {name: file._asdict() for name, file in entry.files.items()},
                    "left_out": entry.left_out,
                }
                for entry in self.entries
            ],
        }
        return json.dumps(content, indent=1) + "\n"


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
        return Suite(dict(content["made_of"]), entries, bool(content["complete"]))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name the folder of dece suite") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} holds no suite ({error}); make it again") from error


def _entry(values: Dict[str, Any]) -> Entry:
    files = {name: SuiteFile(**file) for name, file in values["files"].items()}
    return Entry(values["attack"], values["payload"], files, dict(values["left_out"]))


def write_suite(suite: Suite, folder: Path) -> None:
    """Write ``SUITE``, and where it is complete ``SUMS``.

    Raises:
        OSError: the folder can't be written to
    """
    text = suite.as_text()
    path = folder / SUITE
    with replacing(path) as (temporary,):
        temporary.write_bytes(text.encode())
    if suite.is_complete:
        sums = {**suite.checksums(), SUITE: sha256(path)}
        lines = "".join(f"{value}  {name}\n" for name, value in sorted(sums.items()))
        with replacing(folder / SUMS) as (temporary,):
            temporary.write_bytes(lines.encode())


def differences(
    suite: Suite, folder: Path, data: Optional[Dict[str, Any]] = None
) -> List[Tuple[str, str]]:
    """Return each file of a folder that is not as a suite says, and what is wrong with it.

    Args:
        suite: what should be there
        folder: where it should be
        data: the data that somebody has, as ``SuiteData.described`` gives it; None not to look
    """
    found = []
    for name, value in suite.checksums().items():
        path = folder / name
        if not path.is_file():
            found.append((name, "is missing"))
        elif sha256(path) != value:
            found.append((name, "differs"))
    if data is not None:
        for split, files in suite.made_of["data"]["files"].items():
            ours = {file["name"]: file["sha256"] for file in data["files"].get(split, [])}
            for file in files:
                if file["name"] not in ours:
                    found.append((file["name"], f"is not among the clean files of {split}"))
                elif ours[file["name"]] != file["sha256"]:
                    found.append((file["name"], "differs from what the suite was made of"))
    return found
