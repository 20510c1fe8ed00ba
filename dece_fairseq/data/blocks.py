"""Cuts files of pairs into blocks that can be read by themselves, by several processes."""

import csv
import zlib
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Iterator, NamedTuple, Sequence, TextIO, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import (
    CSV_FIELD_LIMIT,
    Pair,
    csv_header,
    kind_of,
    lines_of,
    open_file,
    parse_pairs,
)

#: bytes of the first file in a block, and then to the end of a pair; larger ones save no time
BLOCK_SIZE = 1 << 15


class Block(NamedTuple):
    """Whole pairs that follow each other in a file, or in two files of parallel text."""

    starts: Tuple[int, ...]
    """For each file, the offset of its first byte."""
    sizes: Tuple[int, ...]
    """For each file, how many bytes it has there."""
    line: int
    """The number of its first line, from 1."""
    error: str = ""
    """What is wrong with its end, where the cutting had to stop."""


def cut(paths: Sequence[Path], size: int = BLOCK_SIZE) -> Iterator[Block]:
    """Return the blocks of a file or two, in order. What is bad in them shows when they are parsed.

    Args:
        paths: what ``dece_fairseq.data.pairs.read_pairs`` takes
        size: bytes of the first file after which a block ends

    Raises:
        DataError: a file is missing or of no known kind
    """
    return _cut_csv(paths[0], size) if kind_of(paths) == ".csv" else _cut_lines(paths, size)


def most_blocks(paths: Sequence[Path], size: int = BLOCK_SIZE) -> int:
    """Return how many blocks ``cut`` gives at most; 1 where there is no such file."""
    first = paths[0]
    return max(-(-first.stat().st_size // size), 1) if first.is_file() else 1


def load(paths: Sequence[Path], block: Block) -> Tuple[bytes, ...]:
    """Return the bytes of a block, for each of the files."""

    def part(path: Path, start: int, size: int) -> bytes:
        with open_file(path) as file:
            file.seek(start)
            return file.read(size)

    return tuple(map(part, paths, block.starts, block.sizes))


def checksum(data: Sequence[bytes]) -> int:
    """Tell whether a block is still what it was."""
    value = 0
    for part in data:
        value = zlib.crc32(part, value)
    return value


def parse(
    paths: Sequence[Path], block: Block, data: Sequence[bytes], source: str, target: str
) -> Iterator[Pair]:
    """Yield the pairs of a block.

    Args:
        paths: the files that were cut
        block: which block
        data: its bytes
        source: column or key of the source
        target: column or key of the target

    Raises:
        DataError: as ``dece_fairseq.data.pairs.read_pairs`` does
    """
    lines = [lines_of(part, path, block.line) for part, path in zip(data, paths)]
    header = csv_header(paths[0]) if block.line > 1 and kind_of(paths) == ".csv" else ()
    yield from parse_pairs(paths, lines, source, target, block.line, header)
    if block.error:
        raise DataError(block.error)


def _cut_lines(paths: Sequence[Path], size: int) -> Iterator[Block]:
    with ExitStack() as stack:
        files = [stack.enter_context(open_file(path)) for path in paths]
        starts = [0] * len(files)
        line = 1
        while True:
            data = files[0].read(size) + files[0].readline()
            # Where the first file has ended, the other ones must too; one line shows if not.
            number = data.count(b"\n") + (not data.endswith(b"\n"))
            sizes = [len(data), *(sum(map(len, islice(file, number))) for file in files[1:])]
            if not any(sizes):
                return
            yield Block(tuple(starts), tuple(sizes), line)
            starts = [start + length for start, length in zip(starts, sizes)]
            line += number


def _cut_csv(path: Path, size: int) -> Iterator[Block]:
    csv.field_size_limit(max(csv.field_size_limit(), CSV_FIELD_LIMIT))
    open_file(path).close()
    # In Latin-1 any byte is a character, and what matters to CSV looks as it does in UTF-8.
    with path.open(encoding="latin-1", newline="\n") as file:
        counted = _Counted(file)
        rows = csv.reader(counted, strict=True)
        start, line, error = 0, 1, ""
        try:
            for _ in rows:
                if counted.characters - start >= size:
                    yield Block((start,), (counted.characters - start,), line)
                    start, line = counted.characters, rows.line_num + 1
        except csv.Error as reason:
            error = f"{path}, line {rows.line_num}: not valid CSV ({reason}); repair the quotes"
        # An empty file has a block too: parsing it says that a header is missing.
        if counted.characters > start or start == 0:
            yield Block((start,), (counted.characters - start,), line, error)


class _Counted:
    """The lines of a file, and how many characters of it have been read."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        # A byte-order mark would hide a quote behind it.
        self.characters = 3
        if file.read(3) != "\xef\xbb\xbf":
            file.seek(0)
            self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.file:
            self.characters += len(line)
            yield line
