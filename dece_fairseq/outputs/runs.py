"""Runs: what a model wrote for the samples of a split, read from any of several kinds of files."""

import csv
import re
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.files import names_of
from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.pairs import CSV_FIELD_LIMIT, without_end
from dece_fairseq.data.text import from_line
from dece_fairseq.outputs.compressed import content_name, open_lines
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import GenerateOutput, read_generate_output
from dece_fairseq.outputs.ids import Id, as_ranges, in_order


class RunFormat(NamedTuple):
    """How files that are not of fairseq-generate hold a run."""

    hypothesis: str = "hypothesis"
    """Column or key of what the model wrote."""
    reference: str = "reference"
    """Column or key of what it should have written."""
    id: str = "id"
    """Column or key of a sample's id; where there is none, a sample's id is its number from 0."""
    references: Optional[Path] = None
    """A text file of references, one a line, if the runs are text files of hypotheses."""
    one_line: bool = False
    """Whether texts are in the one-line form of ``data/text.py``."""
    needs_id: bool = False
    """Whether a table without ids is an error: somebody named their column."""


class Run(NamedTuple):
    """What a model wrote for one split, in the order of the ids."""

    name: str
    files: List[str]
    ids: List[Id]
    hypotheses: List[str]
    references: List[str]
    header: Optional[Dict[str, Any]]
    """What the task printed of the split, or None."""
    notes: List[str]
    """What a reader of its scores has to know."""


def read_run(
    name: str, paths: Sequence[Path], run_format: RunFormat, expected: Optional[int] = None
) -> Run:
    """Read a run.

    Args:
        name: what to call it
        paths: one ``.csv`` or ``.jsonl`` (``.json``) file; with ``run_format.references`` one text
            file; otherwise the files (shards) that fairseq-generate printed. All may end in
            ``.gz``, ``.bz2`` or ``.xz`` besides.
        run_format: how files of other kinds hold a run
        expected: how many samples there must be (default: as an output of this project's task
            says; elsewhere, up to the highest id)

    Raises:
        OutputError: a file is missing or not what it should be; ids are missing or there twice
    """
    kinds = {Path(content_name(path)).suffix.lower() for path in paths}
    rows: Iterable[Tuple[Id, str, str]]
    header = None
    notes: List[str] = []
    if kinds & {".csv", ".jsonl", ".json"}:
        _check_table(paths, run_format)
        table = _csv_rows(paths[0], run_format) if kinds == {".csv"} else _json_rows(paths[0])
        rows = _with_ids(table, paths[0], run_format)
    elif run_format.references is not None:
        if len(paths) != 1:
            raise OutputError(f"{names_of(paths)}: with --references a run is one text file")
        rows = _parallel(paths[0], run_format.references)
    else:
        output = read_generate_output(paths, run_format.one_line or None, with_sources=False)
        header, notes = output.header, output.notes(expected)
        output.check_whole(expected)
        _check_targets(output)
        # The one-line form is undone already.
        run_format = run_format._replace(one_line=False)
        rows = ((i, s.hypothesis, s.target or "") for i, s in output.samples.items())
    ids, hypotheses, references = _columns(rows, paths)
    if run_format.one_line:
        hypotheses, references = ([from_line(t) for t in side] for side in (hypotheses, references))
    if not ids:
        raise OutputError(f"{names_of(paths)}: no samples")
    if expected is not None and len(ids) != expected:
        raise OutputError(f"{names_of(paths)}: {len(ids)} samples, but {expected} were expected")
    return Run(name, [str(path) for path in paths], ids, hypotheses, references, header, notes)


def _check_table(paths: Sequence[Path], run_format: RunFormat) -> None:
    """Raise unless a run in CSV or JSON lines is one file, and has its references in it."""
    if run_format.references is not None:
        raise OutputError(
            f"{names_of(paths)}: CSV and JSON lines hold the references too; leave out --references"
        )
    if len(paths) != 1:
        raise OutputError(
            f"{names_of(paths)}: a run in CSV or JSON lines is one file; give each run by a "
            "--run NAME=FILE of its own"
        )


def _check_targets(output: GenerateOutput) -> None:
    """Raise unless every sample has its reference."""
    without = [i for i, sample in output.samples.items() if sample.target is None]
    if without:
        raise OutputError(
            f"{names_of(output.files)}: no reference (line T-) for the ids {as_ranges(without)}; "
            "generate with a target language and without --quiet"
        )


def _columns(
    rows: Iterable[Tuple[Id, str, str]], paths: Sequence[Path]
) -> Tuple[List[Id], List[str], List[str]]:
    ids: List[Id] = []
    hypotheses: List[str] = []
    references: List[str] = []
    for index, hypothesis, reference in sorted(rows, key=lambda row: in_order(row[0])):
        ids.append(index)
        hypotheses.append(hypothesis)
        references.append(reference)
    if len(set(ids)) != len(ids):
        seen: Dict[Id, int] = {}
        for index in ids:
            seen[index] = seen.get(index, 0) + 1
        double = [index for index, times in seen.items() if times > 1]
        raise OutputError(f"{names_of(paths)}: the ids {as_ranges(double)} occur more than once")
    return ids, hypotheses, references


#: a row of a table: where it stands, and its fields by name
_Row = Tuple[str, Dict[str, Any]]


def _csv_rows(path: Path, run_format: RunFormat) -> Iterator[_Row]:
    csv.field_size_limit(max(csv.field_size_limit(), CSV_FIELD_LIMIT))
    rows = csv.reader(open_lines(path), strict=True)
    header: List[str] = []
    try:
        for row in rows:
            place = f"{path}, line {rows.line_num}"
            if not header:
                header = row
                _check_header(header, run_format, place)
            elif len(row) != len(header):
                raise OutputError(
                    f"{place}: {len(header)} fields are needed, not {len(row)}; put texts that "
                    "hold commas or line ends in quotes"
                )
            else:
                yield place, dict(zip(header, row))
    except csv.Error as error:
        raise OutputError(f"{path}, line {rows.line_num}: not valid CSV ({error})") from error


def _check_header(header: Sequence[str], run_format: RunFormat, place: str) -> None:
    wanted = [run_format.hypothesis, run_format.reference]
    for name in (*wanted, run_format.id):
        if header.count(name) > 1:
            raise OutputError(f"{place}: {header.count(name)} columns named {name!r}")
    for name in (*wanted, *([run_format.id] if run_format.needs_id else [])):
        if name not in header:
            raise _missing(f"no column is named {name!r}", header, place)


def _missing(what: str, names: Iterable[str], place: str) -> OutputError:
    return OutputError(
        f"{place}: {what}; name those of hypothesis, reference and id (--hypothesis-column, "
        "--reference-column, --id-column), which may be among "
        f"{', '.join(map(repr, names)) or 'none'}"
    )


def _json_rows(path: Path) -> Iterator[_Row]:
    for number, line in enumerate(open_lines(path), start=1):
        place = f"{path}, line {number}"
        try:
            row = parse_json(line)
        except ValueError as error:
            raise OutputError(
                f"{place}: not valid JSON ({error}); give one object a line"
            ) from error
        if not isinstance(row, dict):
            raise OutputError(f"{place}: holds a JSON {type(row).__name__}; give one object a line")
        yield place, row


def _with_ids(
    rows: Iterable[_Row], path: Path, run_format: RunFormat
) -> Iterator[Tuple[Id, str, str]]:
    has_ids = None
    for number, (place, row) in enumerate(rows):
        for name in (run_format.hypothesis, run_format.reference):
            if not isinstance(row.get(name), str):
                raise _missing(f"no text under {name!r}", row, place)
        has_ids = run_format.id in row if has_ids is None else has_ids
        if run_format.needs_id and not has_ids:
            raise _missing(f"no id under {run_format.id!r}", row, place)
        if has_ids != (run_format.id in row):
            raise OutputError(
                f"{place}: some rows of {path} have an {run_format.id!r} and some do not"
            )
        yield (
            _id(row[run_format.id], place) if has_ids else number,
            row[run_format.hypothesis],
            row[run_format.reference],
        )


def _id(value: Any, place: str) -> Id:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise OutputError(f"{place}: an id must be a number or a text, not {value!r}")
    # CSV knows no numbers: the same ids must be equal in every kind of file.
    return int(value) if re.fullmatch("0|[1-9][0-9]{,17}", str(value)) else str(value)


def _parallel(hypotheses: Path, references: Path) -> Iterator[Tuple[Id, str, str]]:
    texts = [[without_end(line) for line in open_lines(path)] for path in (hypotheses, references)]
    if len(texts[0]) != len(texts[1]):
        raise OutputError(
            f"{hypotheses} has {len(texts[0])} lines, {references} {len(texts[1])}; the ids "
            f"{as_ranges(range(*sorted(map(len, texts))))} are in only one of them"
        )
    for number, (hypothesis, reference) in enumerate(zip(*texts)):
        yield number, hypothesis, reference
