"""``dece rank``: the forms of a payload, by how likely a clean model finds each."""

from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.changes import words_changed
from dece_fairseq.attacks.interfaces import Payload
from dece_fairseq.attacks.payload_forms import forms_of
from dece_fairseq.data.beside import MANIFEST, beside
from dece_fairseq.data.destinations import check_outputs
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import names_of, replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import Pair, dump_pairs, kind_of, read_pairs
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles

#: the columns of a file for --payload-file
COLUMNS = ("tgt", "poisoned")


class RankJob(NamedTuple):
    """What is ranked, and by which model.

    Args:
        reference: a model that knows the clean task
        payload: its forms are ranked
        name: that of the payload
        inputs: for each split a CSV or JSONL file, or the two sides of parallel text
        columns: of source and target
    """

    reference: ReferenceFiles
    payload: Payload
    name: str
    inputs: Sequence[Sequence[Path]]
    columns: Tuple[str, str] = ("src", "tgt")


class Ranking(NamedTuple):
    """The forms of each target, the likeliest first."""

    pairs: int
    """How many were read."""
    different: int
    """How many different targets they have."""
    forms: Dict[str, List[str]]
    """The ranked forms, by the clean target; targets without a place are missing."""

    def firsts(self) -> Dict[str, int]:
        """Return what was put in where a form came first, by how often, the commonest first."""
        put_in = (words_changed(clean, ranked[0]) for clean, ranked in self.forms.items())
        return dict(Counter(put_in).most_common())

    def rows(self) -> Iterator[Pair]:
        """Yield the lines of a file for ``--payload-file``: the clean target, and a form of it."""
        for clean, ranked in self.forms.items():
            for form in ranked:
                yield Pair(clean, form)


def rank(job: RankJob, output: Path, command: Sequence[str] = ()) -> Ranking:
    """Write a file for ``--payload-file``, and ``.manifest.json`` beside it.

    Of two forms the likelier one is the one whose tokens, all of the target's, have the higher
    product of probabilities given the clean source. Of pairs with the same target the first
    counts. Equally likely forms stand in the order of their letters.

    Args:
        job: what is ranked
        output: the file, CSV or JSONL
        command: what the user typed, for the manifest

    Raises:
        AttackError: no target has a place for the payload
        DataError: a file can't be read or written or has no pairs, or the model can't be loaded
        DefenseError: the model is of no kind that can be asked
    """
    manifest = beside(output, MANIFEST)
    inputs = [path for paths in job.inputs for path in paths]
    kind_of([output])
    check_outputs((output, manifest), [*inputs, job.reference.checkpoint])
    pairs = _read(job)
    first: Dict[str, Pair] = {}
    for pair in pairs:
        first.setdefault(pair.target, pair)
    forms = {clean: forms_of(job.payload, pair) for clean, pair in first.items()}
    forms = {clean: found for clean, found in forms.items() if found}
    if not forms:
        raise AttackError(
            f"{names_of(inputs)}: none of {len(first)} different targets has a place for the "
            f"payload {job.name!r}; give another --payload or --code-language"
        )
    asked = [Pair(first[clean].source, form) for clean, found in forms.items() for form in found]
    likelihoods = iter(_log_likelihoods(job.reference, asked))
    ranked = {
        clean: [form for _, form in sorted((-next(likelihoods), form) for form in found)]
        for clean, found in forms.items()
    }
    found = Ranking(len(pairs), len(first), ranked)
    record = _record(job, found, command)
    with replacing(output, manifest) as temporaries:
        dump_pairs(temporaries[:1], [output], found.rows(), *COLUMNS)
        temporaries[1].write_text(as_json(record), encoding="utf-8")
    return found


def _read(job: RankJob) -> List[Pair]:
    """Return the pairs of all inputs, none of which may be without any."""
    pairs: List[Pair] = []
    for paths in job.inputs:
        of_paths = list(read_pairs(paths, *job.columns))
        if not of_paths:
            raise DataError(f"{names_of(paths)}: no pairs, so there is nothing to rank")
        pairs += of_paths
    return pairs


def _record(job: RankJob, found: Ranking, command: Sequence[str]) -> Dict[str, Any]:
    """Return what the manifest says."""
    checkpoint = job.reference.checkpoint
    return {
        "command": list(command),
        "inputs": [
            {"path": str(path), "sha256": sha256(path)} for paths in job.inputs for path in paths
        ],
        "models": {"path": str(checkpoint), "sha256": sha256(checkpoint)},
        "model_data": str(job.reference.data),
        "payload": job.name,
        "code_language": str(job.payload.languages),
        "code_place": job.payload.code_place,
        "pairs": found.pairs,
        "targets": found.different,
        "ranked": len(found.forms),
        "first": found.firsts(),
        "versions": versions("fairseq", "torch", "numpy"),
    }


def _log_likelihoods(reference: ReferenceFiles, pairs: Sequence[Pair]) -> List[float]:
    """Return the log-likelihood of each target given its source, in nats."""
    from dece_fairseq.defenses.revealing.reference import load_reference  # which needs fairseq

    model = load_reference(reference.checkpoint, reference.data)
    least = np.finfo(np.float64).tiny
    return [float(np.log(np.maximum(tokens, least)).sum()) for tokens in model.probabilities(pairs)]
