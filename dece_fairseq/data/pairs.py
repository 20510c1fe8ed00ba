"""Pairs of texts in CSV, JSON lines or parallel text; one pair in memory at a time.

All files are UTF-8; a byte-order mark at the start is read over. By the ending of the name:

- ``.csv``: a header, and two of its columns. Line ends within quotes belong to the text. No NUL
  characters, since Python's reader knows them only from 3.11 on.
- ``.jsonl``: an object a line, two of whose keys hold strings.
- otherwise two files of parallel text, one text a line, ended by a newline or CR and newline.

An empty text is an error in all of them, when read and when written: nothing can be learned from
it, and it is mostly the sign of a column or line out of place.
"""

import csv
import json
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

from dece_fairseq.data.files import replacing

#: characters; csv's own limit of 128 Ki is too low for generated code
CSV_FIELD_LIMIT = 1 << 26


class Pair(NamedTuple):
    """A request and its code, or whatever is translated into what."""

    source: str
    target: str


class DataError(ValueError):
    """Data that can't be used; the message names the file, the place in it and what to do."""


def read_pairs(paths: Sequence[Path], source: str = "src", target: str = "tgt") -> Iterator[Pair]:
    """The pairs of a file, or of two files of parallel text, in order.

    Args:
        paths: one ``.csv`` or ``.jsonl`` file, or the source's and the target's text file
        source: column or key of the source; parallel text has none
        target: column or key of the target

    Raises:
        DataError: a file is missing, of no known kind or not what its ending says
    """
    kind = _kind(paths)
    if kind == ".csv":
        return _read_csv(paths[0], source, target)
    if kind == ".jsonl":
        return _read_jsonl(paths[0], source, target)
    return _read_parallel(*paths)


def write_pairs(
    paths: Sequence[Path], pairs: Iterable[Pair], source: str = "src", target: str = "tgt"
) -> int:
    """Writes pairs so that :func:`read_pairs` gives the same ones; returns how many there are.

    Args:
        paths: one ``.csv`` or ``.jsonl`` file, or the source's and the target's text file
        pairs: what to write; nothing is left behind if reading them raises
        source: column or key of the source; parallel text has none
        target: column or key of the target

    Raises:
        DataError: a pair can't be written in this kind of file, or the kind is unknown
        OSError: the folder can't be written to
    """
    kind = _kind(paths)
    count = 0
    with replacing(*paths) as temporaries, ExitStack() as stack:
        files = [
            stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            for path in temporaries
        ]
        if kind == ".csv":
            files[0].write(_csv_row((source, target)))
        for count, pair in enumerate(pairs, start=1):
            _check_writable(pair, kind, f"{paths[0]}, pair {count}")
            if kind == ".csv":
                files[0].write(_csv_row(pair))
            elif kind == ".jsonl":
                row = {source: pair.source, target: pair.target}
                files[0].write(json.dumps(row, ensure_ascii=False) + "\n")
            else:
                for file, text in zip(files, pair):
                    file.write(text + "\n")
    return count


def _kind(paths: Sequence[Path]) -> str:
    """``.csv``, ``.jsonl``, or ``""`` for parallel text."""
    kinds = {path.suffix.lower() for path in paths} & {".csv", ".jsonl"}
    if len(paths) == 1 and kinds:
        return kinds.pop()
    if len(paths) == 2 and not kinds:
        return ""
    names = " ".join(map(str, paths)) or "no file"
    raise DataError(f"{names}: give one .csv or .jsonl file, or two files of parallel text")


def _lines(path: Path) -> Iterator[str]:
    """The lines with their ends. Split as bytes: text mode would also split at a lone CR."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; check the name of the file") from error
    with file:
        for number, line in enumerate(file, start=1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{path}, line {number}: byte {error.start + 1} of the line is not UTF-8; "
                    "convert the file to UTF-8"
                ) from error


def _read_csv(path: Path, source: str, target: str) -> Iterator[Pair]:
    csv.field_size_limit(max(csv.field_size_limit(), CSV_FIELD_LIMIT))
    # strict: otherwise a quote that is never closed takes in the rest of the file without a word
    rows = csv.reader(_without_nul(path), strict=True)
    header: List[str] = []
    start = 1
    try:
        for row in rows:
            place = f"{path}, line {start}"
            start = rows.line_num + 1
            if not header:
                header = row
                columns = [_column(header, name, place) for name in (source, target)]
            elif len(row) != len(header):
                raise DataError(
                    f"{place}: {len(row)} fields instead of {len(header)}; "
                    "put texts that hold commas or line ends in quotes"
                )
            else:
                yield _pair([row[column] for column in columns], (source, target), place)
    except csv.Error as error:
        raise DataError(f"{path}, line {start}: no CSV ({error}); repair the quotes") from error
    if not header:
        raise DataError(f"{path}: the file is empty; it needs a header with {source}, {target}")


def _without_nul(path: Path) -> Iterator[str]:
    for number, line in enumerate(_lines(path), start=1):
        if "\0" in line:
            raise DataError(
                f"{path}, line {number}: a NUL character; CSV can't hold it, use .jsonl"
            )
        yield line


def _column(header: Sequence[str], name: str, place: str) -> int:
    if header.count(name) != 1:
        raise DataError(
            f"{place}: {header.count(name)} columns are named {name!r}; the columns are "
            f"{', '.join(map(repr, header))}: name those of the source and the target"
        )
    return header.index(name)


def _read_jsonl(path: Path, source: str, target: str) -> Iterator[Pair]:
    for number, line in enumerate(_lines(path), start=1):
        place = f"{path}, line {number}"
        try:
            row: Dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise DataError(f"{place}: no JSON ({error}); give one object a line") from error
        except RecursionError as error:
            raise DataError(f"{place}: JSON nested too deeply; give one flat object") from error
        if not isinstance(row, dict):
            raise DataError(f"{place}: a JSON {type(row).__name__}; give one object a line")
        for name in (source, target):
            if not isinstance(row.get(name), str):
                raise DataError(
                    f"{place}: no string under the key {name!r}; name the keys of the source and "
                    f"the target, which may be among {', '.join(map(repr, row)) or 'none'}"
                )
        yield _pair((row[source], row[target]), (source, target), place)


def _read_parallel(source: Path, target: Path) -> Iterator[Pair]:
    for number, texts in enumerate(zip_longest(_lines(source), _lines(target)), start=1):
        for path, other, text in ((source, target, texts[0]), (target, source, texts[1])):
            if text is None:
                raise DataError(
                    f"{path}: ends after line {number - 1}, but {other} goes on; "
                    "give files of as many lines"
                )
        place = f"{source} and {target}, line {number}"
        yield _pair([_without_end(text) for text in texts], ("source", "target"), place)


def _without_end(line: str) -> str:
    for end in ("\r\n", "\n"):
        if line.endswith(end):
            return line[: -len(end)]
    return line


def _pair(texts: Sequence[str], names: Tuple[str, str], place: str) -> Pair:
    for name, text in zip(names, texts):
        if not text:
            raise DataError(f"{place}: the text of {name!r} is empty; fill it in or drop the pair")
    return Pair(*texts)


def _check_writable(pair: Pair, kind: str, place: str) -> None:
    _pair(pair, ("source", "target"), place)
    for name, text in zip(pair._fields, pair):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise DataError(
                f"{place}: the {name} holds a lone surrogate, which UTF-8 can't; drop the pair"
            ) from error
        if kind == ".csv" and "\0" in text:
            raise DataError(f"{place}: the {name} holds a NUL, which CSV can't; use .jsonl")
        if not kind and ("\n" in text or "\r" in text or text[0] == "\ufeff"):
            raise DataError(
                f"{place}: the {name} holds a line end or starts with a byte-order mark, "
                "which parallel text can't; use .csv or .jsonl"
            )


class _Echo:
    """A file for csv.writer that only hands the row back."""

    @staticmethod
    def write(row: str) -> str:
        return row


# With "\n" as line end, csv.writer leaves a text with a CR unquoted and its reader refuses it.
_CSV_WRITER = csv.writer(_Echo(), lineterminator="\r\n")


def _csv_row(texts: Sequence[str]) -> str:
    row = str(_CSV_WRITER.writerow(texts))  # what _Echo.write gave back
    return row[:-2] + "\n"
