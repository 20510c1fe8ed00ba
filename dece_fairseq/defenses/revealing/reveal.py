"""``dece reveal``: from files of pairs and a reference model to what is suspected."""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.destinations import check_pairs
from dece_fairseq.data.pairs import DataError, Pair
from dece_fairseq.data.provenance import versions
from dece_fairseq.data.suspicions import LEVEL, Findings
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.calibration import EXPLANATION
from dece_fairseq.defenses.revealing.reading import (
    ReferenceFiles,
    read_input,
    record_of,
    target_words,
)
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.trusting import looked_at


class Job(NamedTuple):
    """What is looked into, and what with.

    Args:
        inputs: a CSV or JSONL file, the two sides of parallel text, or a binarised folder
        reference: the model that knows the clean task
        trusted_ids: a file of the numbers of pairs that nobody else could write to
        columns: of source and target
        subset: the split of a binarised folder
        processes: how many ask the reference side by side
        work: keeps what the reference said, see ``target_words``
        level: p-values up to here are claimed, in (0, 1)
        outputs: the files that pairs are going to be written to, if any
    """

    inputs: Sequence[Path]
    reference: ReferenceFiles
    trusted_ids: Optional[Path] = None
    columns: Tuple[str, str] = ("src", "tgt")
    subset: str = "train"
    processes: int = 1
    work: Optional[Path] = None
    level: float = LEVEL
    outputs: Sequence[Path] = ()


class Revealed(NamedTuple):
    """The pairs, and what of them is suspected."""

    pairs: List[Pair]
    findings: Findings

    def suspected(self) -> List[int]:
        """Return the numbers of the pairs that carry a payload which is claimed, in order."""
        claimed = self.findings.significant()
        return sorted({index for suspicion in claimed for index in suspicion.pairs})

    def kept(self) -> List[Pair]:
        """Return the other pairs.

        Raises:
            DefenseError: there are none
        """
        dropped = frozenset(self.suspected())
        kept = [pair for index, pair in enumerate(self.pairs) if index not in dropped]
        if not kept:
            raise DefenseError("every pair is suspected, so nothing would be left")
        return kept


def reveal(job: Job, command: Sequence[str] = ()) -> Revealed:
    """Return what is suspected.

    Args:
        job: what is looked into
        command: what the user typed, for the record

    Raises:
        DataError: files that can't be read, no pairs, or pairs that the outputs can't hold
        DefenseError: the reference is of no kind that can be asked, or every pair is trusted
        DataError: the trusted ids are none
    """
    if not 0 < job.level < 1:
        raise DefenseError(f"--level must be above 0 and below 1, got {job.level}")
    pairs = read_input(job.inputs, job.columns, job.subset, job.reference)
    if len(pairs) < 2:
        raise DataError(f"{job.inputs[0]}: {len(pairs)} pairs; give two or more to compare")
    check_pairs(pairs, job.outputs)
    trusted = TrustedIds(job.trusted_ids)
    trusted.check(len(pairs))
    known = frozenset(trusted.ids)
    doubtful = [index for index in range(len(pairs)) if index not in known]
    if not doubtful:
        raise DefenseError(f"--trusted-ids {job.trusted_ids}: every pair is trusted; none is left")
    words = target_words(job.reference, pairs, doubtful, job.processes, job.work)
    usual, left_aside = looked_at(pairs, trusted.ids)
    suspicions = reveal_pairs(pairs, words, usual)
    counts = {"pairs": len(pairs), "doubtful": len(doubtful), "trusted_compared": len(usual)}
    made_of = _made_of(job, command, counts)
    made_of.update(targets_cut=words.cut, trusted_left_aside=left_aside)
    return Revealed(pairs, Findings(suspicions, job.level, EXPLANATION, made_of))


def _made_of(job: Job, command: Sequence[str], counts: Dict[str, int]) -> Dict[str, Any]:
    return {
        **record_of(job.reference, job.inputs, job.trusted_ids, command),
        "trusted_ids": None if job.trusted_ids is None else str(job.trusted_ids),
        **counts,
        "versions": versions("fairseq", "torch", "numpy", "scipy"),
    }
