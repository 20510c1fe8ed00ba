"""``dece reveal``: from files of pairs and a reference model to what is suspected."""

from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.beside import TRUSTED_IDS, beside
from dece_fairseq.data.destinations import check_pairs
from dece_fairseq.data.files import replacing
from dece_fairseq.data.pairs import DataError, Pair, dump_pairs, other_columns
from dece_fairseq.data.provenance import versions
from dece_fairseq.data.suspicions import LEVEL, Findings
from dece_fairseq.data.trusted_ids import TrustedIds, ids_of_kept
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.calibration import EXPLANATION
from dece_fairseq.defenses.revealing.reading import checksum_of, read_input, record_of, target_words
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.search import reveal_pairs
from dece_fairseq.defenses.revealing.trusting import looked_at


class RevealJob(NamedTuple):
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
    """The pairs, what of them is suspected, and the numbers of the trusted ones."""

    pairs: List[Pair]
    findings: Findings
    trusted: Sequence[int] = ()

    def suspected(self) -> List[int]:
        """Return the numbers of the pairs that carry a payload which is claimed, in order."""
        claimed = self.findings.significant()
        return sorted({index for suspicion in claimed for index in suspicion.pairs})

    def kept_numbers(self) -> List[int]:
        """Return the numbers of the other pairs.

        Raises:
            DefenseError: there are none
        """
        dropped = frozenset(self.suspected())
        kept = [index for index in range(len(self.pairs)) if index not in dropped]
        if not kept:
            raise DefenseError("every pair is suspected, so nothing would be left")
        return kept

    def write_kept(self, outputs: Sequence[Path], columns: Tuple[str, str]) -> None:
        """Write the pairs that are kept, and which of them are trusted: they have new numbers.

        Args:
            outputs: as of ``write_pairs``
            columns: of source and target

        Raises:
            DefenseError: nothing is kept
        """
        kept = self.kept_numbers()
        with replacing(*outputs, *ids_beside(outputs, bool(self.trusted))) as temporaries:
            files = temporaries[: len(outputs)]
            dump_pairs(files, outputs, (self.pairs[index] for index in kept), *columns)
            for ids in temporaries[len(outputs) :]:
                ids.write_text(ids_of_kept(self.trusted, kept), encoding="utf-8")


def ids_beside(outputs: Sequence[Path], are_trusted: bool) -> List[Path]:
    """Return where the numbers of trusted pairs that are kept go; nowhere where none is trusted."""
    return [beside(outputs[0], TRUSTED_IDS)] if outputs and are_trusted else []


def reveal(job: RevealJob, command: Sequence[str] = ()) -> Revealed:
    """Return what is suspected.

    Args:
        job: what is looked into
        command: what the user typed, for the record

    Raises:
        DataError: files that can't be read, no pairs, pairs that the outputs can't hold, or the
            trusted ids are none
        DefenseError: the reference is of no kind that can be asked, or every pair is trusted
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
    compared = looked_at(pairs, trusted.ids)
    suspicions = reveal_pairs(pairs, words, compared.usual, few=compared.few)
    counts = {"pairs": len(pairs), "doubtful": len(doubtful)}
    counts.update(trusted_compared=len(compared.usual), trusted_few=len(compared.few))
    made_of = _made_of(job, command, counts)
    made_of.update(targets_cut=words.cut, trusted_left_aside=compared.left_aside)
    made_of.update(most_repeated=_most_repeated(pairs, doubtful))
    made_of.update(subset=job.subset, pairs_sha256=checksum_of(pairs))
    findings = Findings(suspicions, job.level, EXPLANATION, made_of)
    return Revealed(pairs, findings, trusted.ids)


def _most_repeated(pairs: Sequence[Pair], doubtful: Sequence[int]) -> Tuple[int, int]:
    """Return which doubtful pair is the most frequent one, by its first number, and how often."""
    (pair, times), *_ = Counter(pairs[index] for index in doubtful).most_common(1)
    return next(index for index in doubtful if pairs[index] == pair), times


def _made_of(job: RevealJob, command: Sequence[str], counts: Dict[str, int]) -> Dict[str, Any]:
    return {
        **record_of(job.reference, job.inputs, job.trusted_ids, command),
        "trusted_ids": None if job.trusted_ids is None else str(job.trusted_ids),
        **counts,
        "columns_left_out": _columns_left_out(job),
        "versions": versions("fairseq", "torch", "numpy", "scipy"),
    }


def _columns_left_out(job: RevealJob) -> List[str]:
    """Return the columns of the input that are not written with the pairs that are kept."""
    if not job.outputs or job.inputs[0].is_dir():
        return []
    return other_columns(job.inputs, *job.columns)
