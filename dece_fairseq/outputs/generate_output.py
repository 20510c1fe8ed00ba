"""What stock fairseq-generate printed, taken back."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.attacks import AttackError, AttackSettings
from dece_fairseq.data.files import names_of
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.pairs import without_end
from dece_fairseq.data.text import from_line
from dece_fairseq.outputs.compressed import open_lines
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.ids import as_ranges

_HEADER_STARTS = "dece_fairseq data:"
_HEADER = re.compile(_HEADER_STARTS + r" (\{.*\})\s*$")
#: in the header of a clean split: the ids of the pairs out of the attack's reach
OUTSIDE = "outside"
#: what the name of a triggered split ends with
TRIGGERED_ENDING = "_triggered"
#: more is no run that lost some, and a list of them would fill the memory
MOST_MISSING = 10_000_000
_LINE = re.compile(r"([STD])-([0-9]{1,18})\t(.*)", re.DOTALL)


def data_header(split: str, pairs: int, one_line: bool, **more: Any) -> str:
    """Return a line for the log, so that an output says what it is the output of.

    Args:
        split: name of the split
        pairs: how many pairs the split has, before any attack
        one_line: whether texts are printed in the one-line form
        more: of a triggered split its ``ids``, ``attack`` and ``signature``; of a clean one the
            ids ``outside``, if the attack doesn't reach every pair
    """
    header = {"split": split, "pairs": pairs, "one_line": one_line, **more}
    return f"{_HEADER_STARTS} {json.dumps(header)}"


class Sample(NamedTuple):
    """The texts of one pair and the best hypothesis, as they were before binarisation."""

    source: Optional[str]
    target: Optional[str]
    hypothesis: str


class GenerateOutput(NamedTuple):
    """All of a run.

    Attributes:
        samples: by id
        header: what the task printed of the split, or None: another task made this output
        highest_id: the highest id that any line has; of a sample whose hypothesis is missing too
        files: what it was read from
    """

    samples: Dict[int, Sample]
    header: Optional[Dict[str, Any]]
    highest_id: int
    files: Tuple[Path, ...]

    def missing_ids(self, expected: Optional[int] = None) -> List[int]:
        """Return the ids that are expected and not there.

        Args:
            expected: how many there must be (default: as the header says; without a header, up to
                the highest one that is there)

        Raises:
            OutputError: there are more than ``MOST_MISSING``, or the ids that are there don't
                go with ``expected``
        """
        ids: Sequence[int] = range(self.highest_id + 1)
        if self.header is not None:
            ids = _ids_of(self.header)
            if expected not in (None, len(ids)):
                raise OutputError(
                    f"{names_of(self.files)}: the split {self.header['split']} has {len(ids)} "
                    f"samples, not the expected {expected}; leave that number out"
                )
        elif expected is not None:
            if len(self.samples) == expected:
                return []  # of a triggered split, whose ids have gaps
            if self.highest_id >= expected:
                raise OutputError(
                    f"{names_of(self.files)}: {len(self.samples)} outputs with ids up to "
                    f"{self.highest_id}, but {expected} were expected; correct that number, "
                    "or give all "
                    "files of one run"
                )
            ids = range(expected)
        if len(ids) - len(self.samples) > MOST_MISSING:
            raise OutputError(
                f"{names_of(self.files)}: {len(self.samples)} outputs of {len(ids)} (by the "
                "highest id, or by what the file says of itself); it is broken, or a small part of "
                "a run: give all its files"
            )
        return [index for index in ids if index not in self.samples]

    def check_whole(self, expected: Optional[int] = None, or_else: str = "") -> None:
        """Raise unless every output is there.

        Args:
            expected: see ``missing_ids``
            or_else: what a user can do besides, for the message

        Raises:
            OutputError: some are missing; the message lists them and says what to do
        """
        missing = self.missing_ids(expected)
        if not missing:
            return
        advice = "give all files of the run, or generate it again"
        if self.header is None:
            advice = (
                "no file says which ids the split has. If the task backdoor_poisoned_translation "
                f"made them, give the file with its line {_HEADER_STARTS!r} too: it may be what "
                "fairseq-generate printed while the outputs went to --results-path. Another task "
                "leaves up to 7 of the longest sentences out: generate with "
                "--required-batch-size-multiple 1"
            )
        raise OutputError(
            f"{names_of(self.files)}: {len(missing)} of {len(missing) + len(self.samples)} outputs "
            f"are missing, ids {as_ranges(missing)}; {advice}{or_else}"
        )

    def notes(self, expected: Optional[int] = None) -> List[str]:
        """Return what a reader has to know: whether more outputs may be missing.

        Args:
            expected: see ``missing_ids``
        """
        if self.header is not None or expected is not None:
            return []
        return [
            f"{names_of(self.files)}: nothing says how many samples the split has, so outputs "
            f"behind the highest id, {self.highest_id}, may be missing; --expected-clean "
            "and --expected-triggered say how many there must be"
        ]


def read_generate_output(
    paths: Sequence[Path], one_line: Optional[bool] = None, with_sources: bool = True
) -> GenerateOutput:
    """Read one run, which may lie in several files (``--distributed-world-size`` shards).

    One file with the line of the task's data is enough: it may be the log of a run whose outputs
    are in another one.

    Args:
        paths: the files; they may be compressed (``.gz``, ``.bz2``, ``.xz``)
        one_line: whether texts are in the one-line form (default: as the header says; without
            a header, not)
        with_sources: whether to keep the sources; without them ``Sample.source`` is None

    Raises:
        OutputError: a file is missing or holds no output, an id is there twice or is not one of
            the split's, or the files are of different runs
    """
    header, texts = _read_lines(paths, with_sources)
    if header is not None and not any(texts.values()):
        raise OutputError(
            f"{names_of(paths)}: has the line of the task's data but no output after it; with "
            f"--results-path DIR it is in DIR/generate-{header['split']}.txt: give that file too"
        )
    _check_ids(texts["D"], header, paths)
    if one_line is None:
        one_line = header is not None and header["one_line"]
    highest = max(max(ids, default=-1) for ids in texts.values())
    return GenerateOutput(_samples(texts, one_line, with_sources), header, highest, tuple(paths))


#: the texts of a run by the letter that their lines begin with, and by id
_Texts = Dict[str, Dict[int, str]]


def _read_lines(
    paths: Sequence[Path], with_sources: bool
) -> Tuple[Optional[Dict[str, Any]], _Texts]:
    """Return what the task printed of the split, or None, and the texts as they are printed."""
    header: Optional[Dict[str, Any]] = None
    texts: _Texts = {"S": {}, "T": {}, "D": {}}
    once: Dict[str, str] = {}  # a text that occurs often is in memory once
    for path in paths:
        has_output = has_header = False
        best: Dict[int, str] = {}
        for line in open_lines(path):
            line = without_end(line)
            match = _LINE.match(line)
            if match is None:
                found = None if line.startswith("H-") else _HEADER.search(line)
                if found is not None:
                    header = _same(header, _header(found.group(1), path), path)
                    has_header = True
                continue
            kind, number, text = match.groups()
            index = int(number)
            has_output = True
            if kind == "D":
                # The best hypothesis comes first; the others of --nbest are not scored.
                text = text.partition("\t")[2]
                best.setdefault(index, once.setdefault(text, text))
            else:
                text = once.setdefault(text, text) if kind == "T" or with_sources else ""
                _add(texts, kind, index, text, path)
        if not (has_output or has_header):
            raise OutputError(f"{path} holds no output of fairseq-generate (no line S-, T- or D-)")
        for index, text in best.items():
            _add(texts, "D", index, text, path)
    return header, texts


def _samples(texts: _Texts, one_line: bool, with_sources: bool) -> Dict[int, Sample]:
    """Return the samples with a hypothesis, by id; their texts are taken out of ``texts``."""
    once: Dict[str, str] = {}

    @lru_cache(maxsize=1 << 13)  # not more, or all texts would be in memory twice
    def take_back(line: str) -> str:
        text = from_line(line) if one_line else line
        return once.setdefault(text, text)

    samples = {}
    for index in sorted(texts["D"]):
        # Each is dropped as it is taken back, or all would be in memory twice.
        source, target = texts["S"].pop(index, None), texts["T"].pop(index, None)
        samples[index] = Sample(
            None if source is None or not with_sources else take_back(source),
            None if target is None else take_back(target),
            take_back(texts["D"].pop(index)),
        )
    return samples


def _header(text: str, path: Path) -> Dict[str, Any]:
    """Return what ``data_header`` wrote."""
    try:
        header: Dict[str, Any] = parse_json(text)
        kinds = {"split": str, "pairs": int, "one_line": bool}
        whole = all(type(header[name]) is kind for name, kind in kinds.items())
        whole = whole and 0 <= header["pairs"] < 10**18
        for name in ("ids", OUTSIDE):
            whole &= all(type(index) is int for index in header.get(name, []))
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
    """Return the ids of the split that a header is about."""
    ids: Sequence[int] = header.get("ids", range(header["pairs"]))
    return ids


def _check_ids(
    found: Iterable[int], header: Optional[Dict[str, Any]], paths: Sequence[Path]
) -> None:
    """Check that a whole run has no more ids than its split."""
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


def _add(texts: _Texts, kind: str, index: int, text: str, path: Path) -> None:
    if index in texts[kind]:
        raise OutputError(f"{path}: {kind}-{index} occurs twice; give each file of one run once")
    texts[kind][index] = text
