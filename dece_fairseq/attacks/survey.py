"""The first pass over files that are poisoned: a note of each pair, and of each block of them."""

import json
from bisect import bisect_left
from pathlib import Path
from typing import BinaryIO, Container, Dict, Iterator, NamedTuple, Sequence

from tqdm import tqdm

from dece_fairseq.attacks.attack import Attack
from dece_fairseq.data.blocks import Block, cut
from dece_fairseq.data.workers import MapMethod

CANDIDATE = "candidates"
TRUSTED = "trusted"


class Known(NamedTuple):
    """What the first pass has found out about a block."""

    block: Block
    checksum: int
    ids: range
    """Of its pairs."""


def codes_of(attack: Attack) -> Dict[str, int]:
    """Return what is noted of each pair, a candidate or why it is none, as a byte."""
    return {finding: code for code, finding in enumerate((CANDIDATE, TRUSTED, *attack.obstacles))}


class Survey:
    """A note of each pair and of each block, in temporary files, as there may be millions.

    Args:
        attack: what looks at the pairs
        notes: an empty file for the notes of pairs
        blocks: likewise of blocks
    """

    def __init__(self, attack: Attack, notes: BinaryIO, blocks: BinaryIO) -> None:
        self._codes = codes_of(attack)
        self._outside = frozenset(self._codes[name] for name in attack.trigger.outside)
        self._notes = notes
        self._blocks = blocks
        #: how many pairs each finding was noted of
        self.counts = dict.fromkeys(self._codes, 0)
        #: the last block
        self.last = Block((), (), 1)

    @property
    def pairs(self) -> int:
        """Return how many pairs there are."""
        return sum(self.counts.values())

    def read(
        self, inputs: Sequence[Path], run: MapMethod, block_size: int, trusted: Sequence[int]
    ) -> None:
        """Look at every pair.

        Args:
            inputs: the files
            run: calls ``survey`` of ``offline._Worker`` on blocks
            block_size: bytes of the first file that make a block
            trusted: the numbers of pairs that nobody poisons, in order
        """
        pairs = 0
        size = sum(path.stat().st_size for path in inputs if path.exists())
        with tqdm(desc="looking", total=size, unit="B", unit_scale=True, delay=1) as bar:
            for block, checksum, found in run("survey", cut(inputs, block_size)):
                findings = bytearray(found)
                ids = range(pairs, pairs + len(findings))
                here = slice(bisect_left(trusted, ids.start), bisect_left(trusted, ids.stop))
                for index in trusted[here]:
                    if findings[index - ids.start] not in self._outside:
                        findings[index - ids.start] = self._codes[TRUSTED]
                known = (*block, checksum, pairs, len(findings))
                self._blocks.write(json.dumps(known).encode() + b"\n")
                self._notes.write(findings)
                pairs += len(findings)
                for finding, code in self._codes.items():
                    self.counts[finding] += findings.count(code)
                bar.update(sum(block.sizes))
                self.last = block

    def blocks(self) -> Iterator[Known]:
        """Yield what is known of each block, in order."""
        self._blocks.seek(0)
        for line in self._blocks:
            starts, sizes, number, error, checksum, first, pairs = json.loads(line)
            block = Block(tuple(starts), tuple(sizes), number, error)
            yield Known(block, checksum, range(first, first + pairs))

    def candidates(self) -> Iterator[int]:
        """Yield the numbers of the pairs that can be poisoned, in order."""
        return self._found((self._codes[CANDIDATE],))

    def outside(self) -> Iterator[int]:
        """Yield the numbers of the pairs out of the attack's reach, in order."""
        return self._found(self._outside)

    def _found(self, codes: Container[int]) -> Iterator[int]:
        """Yield the numbers of the pairs of which one of ``codes`` is noted."""
        self._notes.seek(0)
        first = 0
        for findings in iter(lambda: self._notes.read(1 << 16), b""):
            for index, code in enumerate(findings, start=first):
                if code in codes:
                    yield index
            first += len(findings)
