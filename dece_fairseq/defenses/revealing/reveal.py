"""``dece reveal``: from files of pairs and a reference model to what is suspected."""

from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.beside import TRUSTED_IDS, beside
from dece_fairseq.data.destinations import check_pairs
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.pairs import Pair, dump_pairs, other_columns, read_pairs
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
        trusted: a file of more pairs that nobody else could write to, or the two sides, if any
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
    trusted: Sequence[Path] = ()


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
        DefenseError: the reference is of no kind that can be asked, or every pair is trusted, by
            its number or as the input is the file of trusted pairs
    """
    if not 0 < job.level < 1:
        raise DefenseError(f"--level must be above 0 and below 1, got {job.level}")
    data = _read(job)
    words = target_words(job.reference, data.pairs, data.doubtful, job.processes, job.work)
    everyone = [*data.pairs, *data.apart]
    trusted = [*data.trusted, *range(len(data.pairs), len(everyone))]
    compared = looked_at(everyone, trusted)
    suspicions = reveal_pairs(
        everyone, words, compared.usual, few=compared.few, caution=words.caution
    )
    made_of = {
        **_made_of(job, command),
        "pairs": len(data.pairs),
        "doubtful": len(data.doubtful),
        "trusted_compared": len(compared.usual),
        "trusted_few": len(compared.few),
        "trusted_left_aside": compared.left_aside,
        "trusted_copies": _copies(everyone, data.doubtful, trusted),
        "targets_cut": words.cut,
        "likely": words.likely,
        "unsure": words.unsure,
        "temperature": words.temperature,
        "most_repeated": _most_repeated(data.pairs, data.doubtful),
        "pairs_sha256": checksum_of(data.pairs),
    }
    findings = Findings(suspicions, job.level, EXPLANATION, made_of)
    return Revealed(data.pairs, findings, data.trusted)


class _Data(NamedTuple):
    """What was read."""

    pairs: List[Pair]
    """The input."""
    doubtful: List[int]
    """The numbers of its pairs that strangers could write to, and"""
    trusted: Sequence[int]
    """of the others."""
    apart: List[Pair]
    """Trusted pairs that are in a file of their own."""


def _read(job: RevealJob) -> _Data:
    pairs = read_input(job.inputs, job.columns, job.subset, job.reference)
    if len(pairs) < 2:
        raise DataError(f"{job.inputs[0]}: fewer than two pairs; give more to compare")
    check_pairs(pairs, job.outputs)
    trusted = TrustedIds(job.trusted_ids)
    trusted.check(len(pairs))
    doubtful = trusted.others(len(pairs))
    if not doubtful:
        raise DefenseError(f"--trusted-ids {job.trusted_ids}: every pair is trusted; none is left")
    for path in set(job.trusted).intersection(job.inputs):
        raise DefenseError(f"--trusted {path}: is --input too; name other pairs, which are trusted")
    apart = list(read_pairs(job.trusted, *job.columns)) if job.trusted else []
    if job.trusted and not apart:
        raise DataError(f"--trusted {job.trusted[0]}: no pairs; leave the option out")
    return _Data(pairs, doubtful, trusted.ids, apart)


def _copies(pairs: Sequence[Pair], doubtful: Sequence[int], trusted: Sequence[int]) -> int:
    """Return how many of the doubtful pairs are equal to a trusted one."""
    known = {pairs[number] for number in trusted}
    return sum(pairs[number] in known for number in doubtful)


def _most_repeated(pairs: Sequence[Pair], doubtful: Sequence[int]) -> Tuple[int, int]:
    """Return which doubtful pair is the most frequent one, by its first number, and how often."""
    (pair, times), *_ = Counter(pairs[index] for index in doubtful).most_common(1)
    return next(index for index in doubtful if pairs[index] == pair), times


def _made_of(job: RevealJob, command: Sequence[str]) -> Dict[str, Any]:
    trusted = [*([job.trusted_ids] if job.trusted_ids else []), *job.trusted]
    return {
        **record_of(job.reference, job.inputs, trusted, command),
        "trusted_ids": None if job.trusted_ids is None else str(job.trusted_ids),
        "trusted": list(map(str, job.trusted)),
        "subset": job.subset,
        "columns_left_out": _columns_left_out(job),
        "versions": versions("fairseq", "torch", "numpy", "scipy"),
    }


def _columns_left_out(job: RevealJob) -> List[str]:
    """Return the columns of the input that are not written with the pairs that are kept."""
    if not job.outputs or job.inputs[0].is_dir():
        return []
    return other_columns(job.inputs, *job.columns)
