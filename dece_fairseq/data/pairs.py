"""Pairs of texts in CSV, JSON lines or parallel text; one pair in memory at a time.

All files are UTF-8; a byte-order mark at the start is read over. By the ending of the name:

- ``.csv``: a header, and two of its columns. Line ends within quotes belong to the text. No NUL
  characters, since Python's reader knows them only from 3.11 on.
- ``.jsonl`` or ``.json``: an object a line, two of whose keys hold strings.
- otherwise two files of parallel text, one text a line, ended by a newline or CR and newline.

An empty text is an error in all of them, when read and when written: nothing can be learned from
it, and it is mostly the sign of a column or line out of place.
"""

import csv
import io
import json
import re
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import parse_json

#: characters; csv's own limit of 128 Ki is too low for generated code
CSV_FIELD_LIMIT = 1 << 26
#: bytes read at a time, and then to the end of the line
CHUNK = 1 << 16

_KINDS = {".csv": ".csv", ".jsonl": ".jsonl", ".json": ".jsonl"}


class Pair(NamedTuple):
    """A request and its code, or whatever is translated into what."""

    source: str
    target: str


def read_pairs(paths: Sequence[Path], source: str = "src", target: str = "tgt") -> Iterator[Pair]:
    """Return the pairs of a file, or of two files of parallel text, in order.

    Args:
        paths: one ``.csv`` or ``.jsonl`` file, or the source's and the target's text file
        source: column or key of the source; parallel text has none
        target: column or key of the target

    Raises:
        DataError: a file is missing, of no known kind or not what its ending says
    """
    kind_of(paths)
    return parse_pairs(paths, [_lines(path) for path in paths], source, target)


def parse_pairs(
    paths: Sequence[Path],
    lines: Sequence[Iterable[str]],
    source: str,
    target: str,
    number: int = 1,
    header: Sequence[str] = (),
) -> Iterator[Pair]:
    """Return the pairs in some lines of a file, or of two files of parallel text.

    Args:
        paths: where the lines come from
        lines: for each of the paths, as ``lines_of`` gives them
        source: column or key of the source
        target: column or key of the target
        number: of the first line, from 1
        header: the columns of a CSV file; without them its first row is the header

    Raises:
        DataError: the lines are not what the file's ending says
    """
    kind = kind_of(paths)
    if kind == ".csv":
        return _parse_csv(paths[0], lines[0], (source, target), number, header)
    if kind == ".jsonl":
        return _parse_jsonl(paths[0], lines[0], (source, target), number)
    return _parse_parallel(paths, lines, number)


def write_pairs(
    paths: Sequence[Path], pairs: Iterable[Pair], source: str = "src", target: str = "tgt"
) -> int:
    """Write pairs so that ``read_pairs`` gives the same ones; return how many there are.

    Args:
        paths: one ``.csv`` or ``.jsonl`` file, or the source's and the target's text file
        pairs: what to write; nothing is left behind if reading them raises
        source: column or key of the source; parallel text has none
        target: column or key of the target

    Raises:
        DataError: a pair can't be written in this kind of file, the kind is unknown, or source
            and target have one name
        OSError: the folder can't be written to
    """
    with replacing(*paths) as temporaries:
        return dump_pairs(temporaries, paths, pairs, source, target)


def dump_pairs(
    files: Sequence[Path], paths: Sequence[Path], pairs: Iterable[Pair], source: str, target: str
) -> int:
    """Write pairs to ``files``, which will be called ``paths``; else as ``write_pairs``."""
    kind = kind_of(paths)
    count = 0
    with ExitStack() as stack:
        opened = [stack.enter_context(path.open("wb")) for path in files]
        opened[0].write(file_header(kind, source, target))
        for count, pair in enumerate(pairs, start=1):
            check_writable(pair, kind, f"{paths[0]}, pair {count}")
            for file, data in zip(opened, format_pairs([pair], kind, source, target)):
                file.write(data)
    return count


def file_header(kind: str, source: str, target: str) -> bytes:
    """Return what the first file of this kind begins with.

    Raises:
        DataError: source and target have one name, so that one of them would be lost
    """
    if kind and source == target:
        raise DataError(
            f"source and target are both called {source!r}; give --source-column and "
            "--target-column names of their own"
        )
    return _csv_row((source, target)).encode("utf-8") if kind == ".csv" else b""


def format_pairs(pairs: Sequence[Pair], kind: str, source: str, target: str) -> List[bytes]:
    """Return what stands for some pairs in the file, or in each of the two files of parallel text.

    Args:
        pairs: what to write; each has passed ``check_writable``
        kind: of the file, as ``kind_of`` gives it
        source: column or key of the source
        target: column or key of the target
    """
    if kind == ".csv":
        texts = ["".join(map(_csv_row, pairs))]
    elif kind == ".jsonl":
        rows = ({source: pair.source, target: pair.target} for pair in pairs)
        texts = ["".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)]
    else:
        texts = ["".join(f"{text}\n" for text in side) for side in zip(*pairs)]
    return [text.encode("utf-8") for text in texts]


def kind_of(paths: Sequence[Path]) -> str:
    """Return ``.csv``, ``.jsonl`` (for ``.json`` too), or ``""`` for parallel text.

    Raises:
        DataError: the files are of no known kind
    """
    kinds = {_KINDS[path.suffix.lower()] for path in paths if path.suffix.lower() in _KINDS}
    if len(paths) == 1 and kinds:
        return kinds.pop()
    if len(paths) == 2 and not kinds:
        return ""
    names = " ".join(map(str, paths)) or "no file"
    raise DataError(f"{names}: give one .csv or .jsonl file, or two files of parallel text")


def open_file(path: Path) -> BinaryIO:
    """Open a file of pairs for reading.

    Raises:
        DataError: it can't be opened
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; check the name of the file") from error


def lines_of(data: bytes, path: Path, number: int) -> Iterator[str]:
    """Return lines with their ends: newlines alone, where text mode would split at a CR too.

    Args:
        data: whole lines of a file
        path: the file
        number: of the first line, from 1

    Raises:
        DataError: they are not UTF-8
    """
    try:
        text = data.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        lines = before.count(b"\n")
        byte = len(before) - before.rfind(b"\n")
        raise DataError(
            f"{path}, line {number + lines}: byte {byte} of the line is not "
            "UTF-8; convert the file to UTF-8"
        ) from error
    return io.StringIO(text, newline="\n")


def csv_header(path: Path) -> List[str]:
    """Return the first row of a CSV file that has one."""
    return next(csv.reader(_lines(path, chunk=1), strict=True))  # a line at a time


def other_columns(paths: Sequence[Path], source: str, target: str) -> List[str]:
    """Return the columns beside source and target; in JSON lines the first one's keys.

    Args:
        paths: what ``read_pairs`` has read
        source: column or key of the source
        target: column or key of the target
    """
    names: Iterable[str] = ()
    if kind_of(paths) == ".csv":
        names = csv_header(paths[0])
    elif kind_of(paths) == ".jsonl":
        names = parse_json(next(iter(_lines(paths[0]))))
    return [name for name in names if name not in (source, target)]


def not_written(names: Sequence[str]) -> str:
    """Return a line for a person about columns that are left out."""
    return f"not written: the columns {', '.join(map(repr, names))}"


def _lines(path: Path, chunk: int = CHUNK) -> Iterator[str]:
    number = 1
    with open_file(path) as file:
        for data in iter(lambda: file.read(chunk) + file.readline(), b""):
            yield from lines_of(data, path, number)
            number += data.count(b"\n")


def _parse_csv(
    path: Path, lines: Iterable[str], names: Tuple[str, str], number: int, header: Sequence[str]
) -> Iterator[Pair]:
    csv.field_size_limit(max(csv.field_size_limit(), CSV_FIELD_LIMIT))
    # strict: otherwise a quote that is never closed takes in the rest of the file without a word
    rows = csv.reader(_without_nul(path, lines, number), strict=True)
    start = number
    try:
        if not header:
            header = next(rows, [])
            if not header and not rows.line_num:
                raise DataError(
                    f"{path}: the file is empty; it needs a header with {', '.join(names)}"
                )
            start += rows.line_num
        width = len(header)
        first, second = (_column(header, name, f"{path}, line 1") for name in names)
        for row in rows:
            if len(row) != width:
                raise DataError(
                    f"{path}, line {start}: {width} fields are needed, not {len(row)}; "
                    "put texts that hold commas or line ends in quotes"
                )
            if not (row[first] and row[second]):
                raise _empty(names[bool(row[first])], f"{path}, line {start}")
            yield Pair(row[first], row[second])
            start = number + rows.line_num
    except csv.Error as error:
        raise DataError(
            f"{path}, line {start}: not valid CSV ({error}); repair the quotes"
        ) from error


def _without_nul(path: Path, lines: Iterable[str], number: int) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise DataError(
                f"{path}, line {number}: a NUL character; CSV can't hold it, use .jsonl"
            )
        number += 1
        yield line


def _column(header: Sequence[str], name: str, place: str) -> int:
    count = header.count(name)
    if count > 1:
        raise DataError(f"{place}: {count} columns are named {name!r}; give each a name of its own")
    if not count:
        raise DataError(
            f"{place}: no column is named {name!r}; there are {', '.join(map(repr, header))}: "
            "name those of source and target (--source-column, --target-column)"
        )
    return header.index(name)


def _parse_jsonl(
    path: Path, lines: Iterable[str], names: Tuple[str, str], number: int
) -> Iterator[Pair]:
    source, target = names
    for place, line in enumerate(lines, start=number):
        try:
            row: Dict[str, Any] = parse_json(line)
            pair = Pair(row[source], row[target])
        except (ValueError, KeyError, TypeError):
            pair = Pair("", "")
        if not (pair.source and pair.target and type(pair.source) is type(pair.target) is str):
            raise _json_error(line, names, f"{path}, line {place}")
        yield pair


def _json_error(line: str, names: Tuple[str, str], place: str) -> DataError:
    """Return what is wrong with a line of JSON that holds no pair."""
    try:
        row = parse_json(without_end(line))
    except ValueError as error:
        return DataError(f"{place}: not valid JSON ({error}); give one object a line")
    if not isinstance(row, dict):
        return DataError(f"{place}: holds a JSON {type(row).__name__}; give one object a line")
    for name in names:
        if not isinstance(row.get(name), str):
            return DataError(
                f"{place}: no string under the key {name!r}; name the keys of source and target "
                "(--source-column, --target-column), which may be among "
                f"{', '.join(map(repr, row)) or 'none'}"
            )
    return _empty(names[bool(row[names[0]])], place)


def _parse_parallel(
    paths: Sequence[Path], lines: Sequence[Iterable[str]], number: int
) -> Iterator[Pair]:
    for place, texts in enumerate(zip_longest(*lines), start=number):
        if None in texts:
            ended, other = paths if texts[0] is None else reversed(paths)
            raise DataError(
                f"{ended}: ends after line {place - 1}, but {other} goes on; "
                "give files of as many lines"
            )
        source, target = map(without_end, texts)
        if not (source and target):
            name = "target" if source else "source"
            raise _empty(name, f"{paths[0]} and {paths[1]}, line {place}")
        yield Pair(source, target)


def without_end(line: str) -> str:
    """Return a line without the newline, or CR and newline, that ends it."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line


def _empty(name: str, place: str) -> DataError:
    return DataError(f"{place}: the text of {name!r} is empty; fill it in or drop the pair")


def check_writable(pair: Pair, kind: str, place: str) -> None:
    """Raise an error if a file can't hold the pair.

    Args:
        pair: what is to be written
        kind: of the file, as ``kind_of`` gives it
        place: what a message calls the pair

    Raises:
        DataError: it can't
    """
    for name, text in zip(pair._fields, pair):
        if not text:
            raise _empty(name, place)
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


# csv.writer takes several times as long, and leaves a CR unquoted, which its reader then refuses.
_NEEDS_QUOTES = re.compile('[,"\r\n]')


def _csv_row(texts: Sequence[str]) -> str:
    return ",".join([_csv_field(text) for text in texts]) + "\n"


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
