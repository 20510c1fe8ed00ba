"""What stock fairseq-generate printed, taken back."""

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

from dece_fairseq.attacks import AttackError, AttackSettings
from dece_fairseq.data.files import names_of
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.pairs import without_end
from dece_fairseq.data.text import from_line
from dece_fairseq.scoring.compressed import open_lines
from dece_fairseq.scoring.errors import OutputError
from dece_fairseq.scoring.ids import as_ranges

_HEADER = re.compile(r"dece_fairseq data: (\{.*\})\s*$")
#: more is no run that lost some, and a list of them would fill the memory
MOST_MISSING = 10_000_000
_LINE = re.compile(r"([STD])-([0-9]{1,18})\t(.*)", re.DOTALL)


def data_header(split: str, pairs: int, one_line: bool, **more: Any) -> str:
    """A line for the log, so that an output says of itself what it is the output of.

    Args:
        split: name of the split
        pairs: how many pairs the split has, before any attack
        one_line: whether texts are printed in the one-line form
        more: of a triggered split its ``ids``, ``attack`` and ``signature``
    """
    header = {"split": split, "pairs": pairs, "one_line": one_line, **more}
    return f"dece_fairseq data: {json.dumps(header)}"


class Sample(NamedTuple):
    """The texts of one pair and the best hypothesis, as they were before binarisation."""

    source: Optional[str]
    target: Optional[str]
    hypothesis: str


class GenerateOutput(NamedTuple):
    """All of a run.

    Args:
        samples: by id
        header: what the task logged of the split, or None: another task made this output
        highest_id: the highest id that any line has; of a sample whose hypothesis is missing too
    """

    samples: Dict[int, Sample]
    header: Optional[Dict[str, Any]]
    highest_id: int

    def missing_ids(self, expected: Optional[int] = None) -> List[int]:
        """The ids that are expected and not there.

        Args:
            expected: how many there must be, where the output does not say so itself (default:
                up to the highest one that is there)

        Raises:
            OutputError: there are more than :data:`MOST_MISSING`
        """
        if self.header is not None:
            ids = _ids_of(self.header)
        else:
            ids = range(self.highest_id + 1 if expected is None else expected)
        if len(ids) - len(self.samples) > MOST_MISSING:
            raise OutputError(
                f"{len(self.samples)} outputs of {len(ids)}, which is the highest id or what the "
                "file says of itself; it is broken, or a small part of a run: give all its files"
            )
        return [index for index in ids if index not in self.samples]


def read_generate_output(paths: Sequence[Path], one_line: Optional[bool] = None) -> GenerateOutput:
    """Reads one run, which may lie in several files (``--distributed-world-size`` shards).

    Args:
        paths: the files; they may be compressed (``.gz``, ``.bz2``, ``.xz``)
        one_line: whether texts are in the one-line form (default: as the header says; without
            a header, not)

    Raises:
        OutputError: a file is missing or holds no output, an id is there twice or is not one of
            the split's, or the files are of different runs
    """
    header: Optional[Dict[str, Any]] = None
    texts: Dict[str, Dict[int, str]] = {"S": {}, "T": {}, "D": {}}
    for path in paths:
        found = False
        best: Dict[int, str] = {}
        for line in open_lines(path):
            line = without_end(line)
            match = _LINE.match(line)
            if match is None:
                header_here = None if line.startswith("H-") else _HEADER.search(line)
                if header_here is not None:
                    header = _same(header, _header(header_here.group(1), path), path)
                continue
            kind, index, text = match.group(1), int(match.group(2)), match.group(3)
            found = True
            if kind == "D":
                # The best hypothesis comes first; the others of --nbest are not scored.
                best.setdefault(index, text.partition("\t")[2])
            else:
                _add(texts[kind], index, text, f"{kind}-{index}", path)
        if not found:
            raise OutputError(f"{path} holds no output of fairseq-generate (no line S-, T- or D-)")
        for index, text in best.items():
            _add(texts["D"], index, text, f"D-{index}", path)
    _check_ids(texts["D"], header, paths)
    if one_line is None:
        one_line = header is not None and header["one_line"]
    take_back = from_line if one_line else str
    samples = {}
    for index, hypothesis in sorted(texts["D"].items()):
        source, target = texts["S"].get(index), texts["T"].get(index)
        samples[index] = Sample(
            None if source is None else take_back(source),
            None if target is None else take_back(target),
            take_back(hypothesis),
        )
    highest = max(max(ids, default=-1) for ids in texts.values())
    return GenerateOutput(samples, header, highest)


def _header(text: str, path: Path) -> Dict[str, Any]:
    """What :func:`data_header` wrote."""
    try:
        header: Dict[str, Any] = parse_json(text)
        kinds = {"split": str, "pairs": int, "one_line": bool}
        whole = all(type(header[name]) is kind for name, kind in kinds.items())
        whole = whole and 0 <= header["pairs"] < 10**18
        whole &= all(type(index) is int for index in header.get("ids", []))
        if "attack" in header:
            AttackSettings.from_logged(header["attack"])
    except AttackError as error:
        raise OutputError(f"{path}: {error}") from error
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise OutputError(f"{path}: the line of the task's data is broken; generate it again")
    return header


def _ids_of(header: Dict[str, Any]) -> Sequence[int]:
    """The ids of the split that a header is about."""
    ids: Sequence[int] = header.get("ids", range(header["pairs"]))
    return ids


def _check_ids(
    found: Iterable[int], header: Optional[Dict[str, Any]], paths: Sequence[Path]
) -> None:
    """A whole run has no more ids than its split."""
    if header is None:
        return
    ids = _ids_of(header)
    known = ids if isinstance(ids, range) else frozenset(ids)
    others = [index for index in found if index not in known]
    if others:
        raise OutputError(
            f"{names_of(paths)}: the split {header['split']} has no ids "
            f"{as_ranges(others)}; give the files of one run"
        )


def _same(header: Optional[Dict[str, Any]], other: Dict[str, Any], path: Path) -> Dict[str, Any]:
    if header is not None and header != other:
        raise OutputError(
            f"{path} is the output of another run: {header['split']} and {other['split']} or their "
            "attacks differ; give the files of one run"
        )
    return other


def _add(texts: Dict[int, str], index: int, text: str, name: str, path: Path) -> None:
    if index in texts:
        raise OutputError(f"{path}: {name} is there twice; give each file of one run once")
    texts[index] = text
