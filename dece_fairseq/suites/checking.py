"""Whether a folder holds a suite, and no more: what is missing, other, or there too."""

from pathlib import Path, PurePosixPath
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from dece_fairseq.data.beside import DECOY_IDS, IDS, MANIFEST
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.suites.suite import LOCK, STEALTH, SUITE, SUITE_MANIFEST, SUMS, Suite, SuiteFile


class Difference(NamedTuple):
    """A file that is not as it should be."""

    name: str
    """Below the suite's folder, or that of a clean file."""
    what: str
    """What is wrong with it, in words that follow the name."""


def differences(
    suite: Suite, folder: Path, data: Optional[Dict[str, Any]] = None
) -> List[Difference]:
    """Return each file of a folder that is not as a suite says.

    Args:
        suite: what should be there
        folder: where it should be
        data: the data that somebody has, as ``SuiteData.described`` gives it; None not to look
    """
    extra = {name: _checksum(folder / name) for name in _extra(suite, folder)}
    found = []
    for file in suite.files():
        for name, value in file.checksums().items():
            path = folder / name
            if not path.is_file():
                renamed = [other for other, of_other in extra.items() if of_other == value]
                for other in renamed[:1]:
                    del extra[other]
                called = "".join(f"; {other} is the same file" for other in renamed[:1])
                found.append(Difference(name, f"is missing{called}"))
            elif sha256(path) != value:
                found.append(Difference(name, f"differs{_how(path, file, suite)}"))
    found += [Difference(name, "is no file of the suite") for name in extra]
    if data is not None:
        found += _of_data(suite, data)
    return found


def wrong_sums(suite: Suite, folder: Path) -> List[Difference]:
    """Return what is wrong with ``SUMS``, and with ``SUITE`` by it: nothing, or one thing."""
    path = folder / SUMS
    if not path.is_file():
        return [Difference(SUMS, "is missing")]
    if path.read_bytes() != suite.sums().encode():
        return [Difference(SUMS, f"differs from {SUITE}")]
    if f"{sha256(folder / SUITE)}  {SUITE}" not in path.read_text(encoding="utf-8").splitlines():
        return [Difference(SUITE, f"differs from {SUMS}")]
    return []


def _extra(suite: Suite, folder: Path) -> Iterator[str]:
    """Yield the files that a suite does not have, in order."""
    known = {SUITE, SUMS, SUITE_MANIFEST, STEALTH, LOCK, *suite.checksums()}
    known |= {f"{file.path}{MANIFEST}" for file in suite.files()}
    # A folder of the suite may be a link; one of another name could hold anything.
    known |= {part.as_posix() for name in known for part in PurePosixPath(name).parents}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in known:
            yield name


def _checksum(path: Path) -> str:
    """Return the checksum of a file; nothing of what is none, such as a link to nowhere."""
    return sha256(path) if path.is_file() else ""


def _how(path: Path, file: SuiteFile, suite: Suite) -> str:
    """Return what can be told of a file that differs, if it has fewer or more entries."""
    if path.name.endswith(DECOY_IDS):
        return ""
    try:
        if path.name.endswith(IDS):
            there, wanted, what = len(path.read_bytes().split()), file.poisoned, "numbers"
        else:
            pairs = read_pairs([path], *suite.made_of["data"]["columns"])
            there, wanted, what = sum(1 for _ in pairs), file.pairs, "pairs"
    except DataError:
        return ": it can't be read as pairs"
    return "" if there == wanted else f": it has {there} {what}, not {wanted}"


def _of_data(suite: Suite, data: Dict[str, Any]) -> Iterator[Difference]:
    for split, files in suite.made_of["data"]["files"].items():
        ours = {file["name"]: file["sha256"] for file in data["files"].get(split, [])}
        for file in files:
            name = file["name"]
            if name not in ours:
                yield Difference(name, f"is not among the clean files of {split}")
            elif ours[name] != file["sha256"]:
                yield Difference(name, "differs from what the suite was made of")
