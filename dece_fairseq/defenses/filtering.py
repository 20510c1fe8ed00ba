"""Filters files of pairs by a defence, and tells how well it did where the poisoned are known."""

import csv
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Optional, Sequence, Tuple

from dece_fairseq.data.beside import IDS, MANIFEST, TRUSTED_IDS, beside
from dece_fairseq.data.destinations import check_outputs, check_pairs
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json, parse_json
from dece_fairseq.data.pairs import (
    dump_pairs,
    kind_of,
    other_columns,
    read_pairs,
)
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.data.trusted_ids import TrustedIds, ids_of_kept
from dece_fairseq.defenses.defense import DEFENSES, DefenseError, DefenseSettings, Verdict
from dece_fairseq.metrics.success_rate import rate

REPORT, SCORES = ".report.json", ".scores.csv"


def filter_files(
    defense: str,
    settings: DefenseSettings,
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    columns: Tuple[str, str] = ("src", "tgt"),
    manifest: Optional[Path] = None,
    command: Sequence[str] = (),
) -> Dict[str, Any]:
    """Write the pairs that a defence keeps, a score for every pair, and a report.

    What is written appears at the end, all of it or nothing. Beside the first output stand the
    scores, with ``.scores.csv`` at the end of the name (one line a pair, in the order of the
    inputs), and the report with ``.report.json``. Trusted pairs are always kept; with
    ``.trusted.ids`` stand their numbers among what is kept.

    Args:
        defense: its name in ``DEFENSES``
        settings: what it works with
        inputs: a CSV or JSONL file, or the two sides of parallel text
        outputs: likewise
        columns: of source and target
        manifest: which pairs are poisoned: what ``dece poison`` wrote beside its output, or
            what the task wrote into the save dir (default: the former, if it is there)
        command: what the user typed, for the report

    Returns:
        the report

    Raises:
        DefenseError: the defence is unknown, can't do its work, or would keep nothing
        DataError: a file that can't be read, or not be written where it is asked for, or the
            trusted ids are none
        PackageError: the defence needs a package that is not there
    """
    ends = (SCORES, REPORT) if settings.trusted_ids is None else (SCORES, TRUSTED_IDS, REPORT)
    results = (*outputs, *(beside(outputs[0], end) for end in ends))
    manifest = manifest or _manifest_beside(inputs[0])
    kind_of(inputs)
    kind_of(outputs)
    check_outputs(results, _read_files(settings, inputs, manifest))
    pairs = list(read_pairs(inputs, *columns))
    check_pairs(pairs, outputs)
    poisoned = None if manifest is None else poisoned_ids(manifest, len(pairs))
    least = DEFENSES.get(defense).least
    if len(pairs) < least:
        raise DataError(
            f"{inputs[0]}: {len(pairs)} pair{'s' * (len(pairs) != 1)}; {defense} needs {least} or "
            "more"
        )
    trusted = TrustedIds(settings.trusted_ids)
    trusted.check(len(pairs))
    verdict = DEFENSES.get(defense)(settings).examine(pairs).without(trusted.ids)
    kept = verdict.kept(pairs)
    if not kept:
        raise DefenseError(f"{defense}: every pair is suspicious, so nothing would be left")
    report = {
        "command": list(command),
        "defense": defense,
        "settings": settings.as_dict(),
        "inputs": [{"path": str(path), "sha256": sha256(path)} for path in inputs],
        "outputs": [str(path) for path in outputs],
        "manifest": None if manifest is None else str(manifest),
        "columns_left_out": other_columns(inputs, *columns),
        "trusted": len(trusted.ids),
        **counts(verdict, len(kept)),
        **({} if poisoned is None else found(verdict, poisoned)),
        "details": verdict.details,
        "versions": versions("torch", "scikit-learn", "nltk"),
    }
    with replacing(*results) as temporaries:
        files, (scores, *ids, last) = temporaries[: len(outputs)], temporaries[len(outputs) :]
        dump_pairs(files, outputs, kept.values(), *columns)
        _write_scores(scores, verdict, poisoned)
        for path in ids:
            path.write_text(ids_of_kept(trusted.ids, kept), encoding="utf-8")
        last.write_text(as_json(report), encoding="utf-8")
    return report


def counts(verdict: Verdict, kept: int) -> Dict[str, Any]:
    """Count the pairs of each kind."""
    pairs = len(verdict.scores)
    return {
        "pairs": pairs,
        "suspicious": sum(map(bool, verdict.suspicious)),
        "kept": kept,
        "cleaned": len(verdict.cleaned or {}),
        "dropped": pairs - kept,
    }


def found(verdict: Verdict, poisoned: FrozenSet[int]) -> Dict[str, Any]:
    """Return how well the suspicion meets the poisoned pairs: shares in percent, None of nothing.

    Args:
        verdict: what the defence says
        poisoned: the numbers of the poisoned pairs
    """
    marked = [bool(mark) for mark in verdict.suspicious]
    hits = sum(marked[index] for index in poisoned)
    clean = len(marked) - len(poisoned)
    shares = {
        "precision": (hits, sum(marked)),
        "recall": (hits, len(poisoned)),
        "false_positive_rate": (sum(marked) - hits, clean),
    }
    return {
        "poisoned": len(poisoned),
        **{name: rate(*of).as_dict() if of[1] else None for name, of in shares.items()},
    }


def poisoned_ids(manifest: Path, pairs: int) -> FrozenSet[int]:
    """Return the numbers of the poisoned pairs.

    Args:
        manifest: of ``dece poison``, or the task's, of one data folder
        pairs: how many pairs there are

    Raises:
        DataError: it is no manifest, or one of other data, or names pairs that there are not
    """
    try:
        content = parse_json(manifest.read_text(encoding="utf-8"))
        if "shards" in content:
            (shard,) = content["shards"].values()
            ids, of = shard["ids"], shard["pairs"]
        else:
            ids_file = manifest.parent / Path(content["ids_file"]).name  # in no other folder
            text = ids_file.read_text(encoding="utf-8")
            ids, of = [int(line) for line in text.split()], content["pairs"]
            if content["keep"] != "all":
                # The poisoned pairs alone, or decoys and pairs out of reach: none of them poisoned.
                ids = range(content["poisoned"])
                of = content.get("written", content["poisoned"])
        if not all(type(index) is int for index in ids):
            raise ValueError("an id that is no number")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"--manifest {manifest}: not a manifest of dece poison, nor of the task with "
            f"one data folder: {error}"
        ) from error
    if of != pairs:
        raise DataError(
            f"--manifest {manifest}: is of {of} pairs, not of {pairs}; name that of the input"
        )
    outside = next((index for index in ids if not 0 <= index < pairs), None)
    if outside is not None:
        raise DataError(
            f"--manifest {manifest}: names pair {outside} as poisoned, but there are only {pairs} "
            "pairs; poison the data again"
        )
    return frozenset(ids)


def _read_files(
    settings: DefenseSettings, inputs: Sequence[Path], manifest: Optional[Path]
) -> List[Optional[Path]]:
    """Return every file that is read, none of which may be written to."""
    trusted = [path for paths in settings.trusted for path in paths]
    others = [*settings.models, settings.language_model, settings.trusted_ids, manifest]
    if manifest is not None and manifest.name.endswith(MANIFEST):
        others.append(beside(str(manifest)[: -len(MANIFEST)], IDS))
    return [*inputs, *trusted, *others]


def _manifest_beside(path: Path) -> Optional[Path]:
    manifest = beside(path, MANIFEST)
    return manifest if manifest.is_file() else None


def _write_scores(path: Path, verdict: Verdict, poisoned: Optional[FrozenSet[int]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = ["id", "score", "suspicious"]
        writer.writerow(names if poisoned is None else [*names, "poisoned"])
        for index, (score, mark) in enumerate(zip(verdict.scores, verdict.suspicious)):
            row = [index, f"{score:.6g}", int(mark)]
            writer.writerow(row if poisoned is None else [*row, int(index in poisoned)])
