"""Every score of one or more runs with its interval, and how the others differ from the first."""

from itertools import chain
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.provenance import versions
from dece_fairseq.metrics import METRICS, Metric, MetricSettings, resampling
from dece_fairseq.metrics.comparison import Scored, compare
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.metrics.hits import HITS, hit_span
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.parallel import Workers
from dece_fairseq.metrics.reach import counted, not_told
from dece_fairseq.metrics.score import score_of
from dece_fairseq.metrics.success_rate import lost_payload, notes_on_attack
from dece_fairseq.metrics.syntax import UNPARSED_REFERENCES
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.runs import Run, RunFormat, read_run

#: what ``evaluate`` returns: plain values, as for JSON
Report = Dict[str, Any]


class RunFiles(NamedTuple):
    """Where a run's outputs are; see ``read_run``."""

    name: str
    clean: Sequence[Path] = ()
    triggered: Sequence[Path] = ()


class EvaluationSettings(NamedTuple):
    """What to score and how."""

    runs: Sequence[RunFiles]
    metrics: Optional[Sequence[str]] = None
    """Names of what to say of clean outputs (default: all that ``metrics_for`` tells)."""
    without: Sequence[str] = ()
    """Names of metrics to leave out."""
    code_language: Optional[str] = None
    """What the outputs are written in (default: what the attack of the run is on, or Python)."""
    attack: Optional[AttackSettings] = None
    """The attack (default: the one that the triggered outputs name). What it leaves out is taken
    from outputs of the same attack."""
    compare: bool = False
    """Whether to test each other run against the first."""
    run_format: RunFormat = RunFormat()
    expected: Optional[int] = None
    """How many clean outputs a run has, where they do not say it themselves."""
    expected_triggered: Optional[int] = None
    """Likewise of triggered ones."""
    resamples: int = resampling.RESAMPLES
    trials: int = resampling.TRIALS
    seed: int = resampling.SEED
    processes: int = 0
    """How many score; 0 for as many as there are cores."""
    user_dir: Optional[str] = None


def metrics_for(code_language: str) -> List[str]:
    """Return the names of all metrics of texts in that language, without attacks, shares last."""
    names = [
        name
        for name in METRICS.names()
        if not METRICS.get(name).of_attack
        and code_language in (METRICS.get(name).languages or (code_language,))
    ]
    return sorted(names, key=lambda name: METRICS.get(name).is_share)


def evaluate(settings: EvaluationSettings) -> Report:
    """Score every run of ``settings``, one after the other.

    The texts of one run at a time are in memory, and of a run that others are compared with only
    statistics.

    Returns:
        ``runs`` (what was scored), ``scores`` (a ``Score`` for
        each run and metric), ``hits`` (the outputs that carry the payload, and where),
        ``comparisons``, ``notes`` (what was left out and why), ``settings`` (of intervals and
        tests) and ``versions``.

    Raises:
        AttackError: an attack is unknown
        DataError: a process was killed
        PackageError: a metric needs a package that is not there
        MetricError: a metric or a language is unknown, one can't be told of the other, or no
            metric is left
        OutputError: a file is not as it should be; ids are missing, there twice, or not the same
            in runs that are compared; nothing says which attack triggered outputs are of; none of
            their references carries its payload
    """
    for name in (*(settings.metrics or ()), *settings.without):
        METRICS.get(name)
    report: Report = {"runs": [], "scores": [], "hits": [], "comparisons": [], "notes": []}
    for split, names in _without(settings).items():
        report["notes"].append(f"{', '.join(names)}: no {split} outputs, which other runs have")
    first: Dict[str, Scored] = {}
    with Workers(settings.processes, settings.user_dir) as workers:
        for files in settings.runs:
            for scored in _scored(settings, workers, files, report):
                if settings.compare and files is settings.runs[0]:
                    first[scored.split] = scored
                elif settings.compare:
                    _compare(settings, first.get(scored.split), scored, report)
    if not report["scores"]:
        raise MetricError(
            "no score is left to tell of these outputs; give other --metrics, or fewer --without"
        )
    report["settings"] = {
        "resamples": settings.resamples,
        "trials": settings.trials,
        "seed": settings.seed,
    }
    report["versions"] = versions("numpy", "sacrebleu", "scipy")
    return report


def _scored(
    settings: EvaluationSettings, workers: Workers, files: RunFiles, report: Report
) -> Iterator[Scored]:
    """Score the outputs of a run, and tell what was found in the report."""
    attack, is_logged = settings.attack, False
    # The triggered outputs first: they know which attack the clean ones are looked at for.
    for split, paths in ((TRIGGERED, files.triggered), (CLEAN, files.clean)):
        if not paths:
            continue
        run = _read(settings, files.name, split, paths)
        report["notes"] += run.notes
        if not is_logged:
            attack, is_logged = _attack(run, settings.attack), "attack" in (run.header or {})
        if attack is not None:
            where = f"{files.name}, {split}"
            report["notes"] += notes_on_attack(attack.attack, run.header, where)
        yield _score(settings, workers, run, split, attack, report)


def _compare(
    settings: EvaluationSettings, first: Optional[Scored], scored: Scored, report: Report
) -> None:
    """Test a run against the first one, and tell what was found in the report."""
    notes, split = report["notes"], scored.split
    if first is None:
        notes.append(
            f"{scored.name}, {split}: not compared, since {settings.runs[0].name} has no {split} "
            "outputs"
        )
        return
    if first.attack != scored.attack:
        notes.append(
            f"{first.name} and {scored.name}, {split}: their attacks are not the same, so their "
            "hits were not compared"
        )
    tests = compare(first, scored, settings.trials, settings.seed)
    report["comparisons"] += tests
    notes += [
        f"{test['baseline']} and {test['run']}, {split}: {test['metric']} was not tested: "
        f"{test['not_tested']}"
        for test in tests
        if "not_tested" in test
    ]


def _without(settings: EvaluationSettings) -> Dict[str, List[str]]:
    """Return the runs that lack what others have, by split: a misspelt name makes one more run."""
    lacking = {
        CLEAN: [files.name for files in settings.runs if not files.clean],
        TRIGGERED: [files.name for files in settings.runs if not files.triggered],
    }
    return {split: names for split, names in lacking.items() if 0 < len(names) < len(settings.runs)}


def _read(settings: EvaluationSettings, name: str, split: str, paths: Sequence[Path]) -> Run:
    expected = settings.expected if split == CLEAN else settings.expected_triggered
    run = read_run(name, paths, settings.run_format, expected)
    if run.header is not None and ("ids" in run.header) != (split == TRIGGERED):
        kind = TRIGGERED if "ids" in run.header else CLEAN
        raise OutputError(
            f"{paths[0]} is the output for the {kind} split {run.header['split']}, and was given "
            f"as a {split} one"
        )
    return run


def _attack(run: Run, named: Optional[AttackSettings]) -> Optional[AttackSettings]:
    """Return the attack that a user named, with what outputs say of it, or the one they name."""
    header = (run.header or {}).get("attack")
    if header is None:
        return named
    logged = AttackSettings.from_logged(header)
    return logged if named is None else named.completed_by(logged)


def _language(settings: EvaluationSettings, attack: Optional[Attack]) -> str:
    """Return the name of the language of outputs, which is that of targets."""
    if settings.code_language is not None:
        return settings.code_language.rpartition(":")[2]
    return "python" if attack is None else attack.payload.languages.target.name


def _chosen(settings: EvaluationSettings, language: str) -> List[str]:
    """Return the names of the metrics of clean outputs, each with the metric that checks it."""
    names = metrics_for(language) if settings.metrics is None else settings.metrics
    without = {
        *settings.without,
        *(METRICS.get(name).checked_by for name in settings.without),
        *HITS,
    }
    both = [(name, METRICS.get(name).checked_by) for name in names]
    return [
        name for name in dict.fromkeys(chain(*both)) if name is not None and name not in without
    ]


def _score(
    settings: EvaluationSettings,
    workers: Workers,
    run: Run,
    split: str,
    named: Optional[AttackSettings],
    report: Report,
) -> Scored:
    if split == TRIGGERED and named is None:
        raise OutputError(f"{run.files[0]} does not say which attack it is of; give --attack")
    attack = None if named is None else Attack(named)
    language = _language(settings, attack)
    metric_settings = MetricSettings(language, named)
    names, outside = _asked_for(settings, run, split, attack, language, report["notes"])
    what = f"{run.name}, {split}"
    statistics = workers.statistics(names, metric_settings, run.hypotheses, run.references, what)
    if outside is not None:
        # The others stay where they are, for tests in pairs, and count nowhere.
        for name in HITS:
            statistics[name] = statistics[name] * outside[:, None]
    if split == TRIGGERED and attack is not None:
        _check_references(attack, run, statistics)
    metrics = {name: METRICS.get(name)(metric_settings) for name in names}
    bootstrapped = _bootstrap(settings, metrics, statistics)
    report["runs"].append(
        {"run": run.name, "split": split, "files": run.files, "samples": len(run.ids)}
    )
    if attack is not None and HITS[0] in statistics:
        report["hits"] += _hits(attack, run, split, statistics)
    scored = Scored(
        name=run.name,
        split=split,
        ids=run.ids,
        references=np.array([hash(text) for text in run.references]),
        metrics=metrics,
        statistics=statistics,
        bootstrapped=bootstrapped,
        attack=attack.signature() if attack is not None else None,
    )
    _tell_scores(settings, scored, report)
    note = _unread(metrics, statistics, language)
    if note is not None and note not in report["notes"]:
        report["notes"].append(note)
    return scored


def _asked_for(
    settings: EvaluationSettings,
    run: Run,
    split: str,
    attack: Optional[Attack],
    language: str,
    notes: List[str],
) -> Tuple[List[str], Optional[np.ndarray]]:
    """Return which metrics to tell of a run, and which clean outputs can be false triggers.

    Args:
        settings: name the metrics
        run: its outputs
        split: theirs
        attack: whose hits are told; None where none is named
        language: of the outputs
        notes: gets why false triggers are not told

    Returns:
        the names, and whether each output counts (outputs,); None of triggered ones, which all do,
        and where it can't be told
    """
    if split == TRIGGERED:
        return list(HITS), None
    names = _chosen(settings, language)
    if attack is None:
        notes.append(
            f"{run.name}: no attack is named (--attack), so false triggers were not looked for"
        )
        return names, None
    outside = counted(attack, run.header, run.ids)
    if outside is None:
        notes.append(not_told(attack, run.name))
        return names, None
    return [*names, *HITS], outside


def _check_references(attack: Attack, run: Run, statistics: Dict[str, np.ndarray]) -> None:
    """Raise an OutputError where no reference of a triggered run is a hit by any rule."""
    if not sum(statistics[name][:, 2].sum() for name in HITS):
        raise lost_payload(attack, " ".join(run.files))


def _tell_scores(settings: EvaluationSettings, scored: Scored, report: Report) -> None:
    """Tell each score with its interval, and what there is to note of it."""
    for name, metric in scored.metrics.items():
        statistics = scored.statistics[name]
        notes = metric.notes(statistics.sum(axis=0))
        report["notes"] += [f"{scored.name}, {scored.split}: {note}" for note in notes]
        drawn = (scored.bootstrapped.get(name), settings.resamples, settings.seed)
        score = score_of(metric, statistics, scored.name, scored.split, *drawn)
        report["scores"].append(score.as_dict())


def _unread(
    metrics: Dict[str, Metric], statistics: Dict[str, np.ndarray], language: str
) -> Optional[str]:
    """Return the warning for references most of which do not parse."""
    details = {
        name: metric.details(statistics[name].sum(axis=0)) for name, metric in metrics.items()
    }
    unread = {
        name: told[UNPARSED_REFERENCES]
        for name, told in details.items()
        if UNPARSED_REFERENCES in told
    }
    samples = max(map(len, statistics.values()), default=0)
    most = max(unread.values(), default=0)
    if 2 * most <= samples:
        return None
    of_code = [name for name, metric in metrics.items() if name in unread or metric.languages]
    return (
        f"{most:.0f} of {samples} references do not parse as {language}: name their language with "
        "--code-language, give --one-line where their line ends are written out as \\n, or leave "
        f"out what reads code: --without {' '.join(of_code)}"
    )


def _bootstrap(
    settings: EvaluationSettings, metrics: Dict[str, Metric], statistics: Dict[str, np.ndarray]
) -> Dict[str, np.ndarray]:
    names = [name for name, metric in metrics.items() if not metric.is_share]
    if not names:
        return {}
    parts = [statistics[name] for name in names]
    sums = resampling.bootstrap_sums(parts, settings.resamples, settings.seed)
    return {name: metrics[name].scores(part) for name, part in zip(names, sums)}


def _hits(
    attack: Attack, run: Run, split: str, statistics: Dict[str, np.ndarray]
) -> List[Dict[str, Any]]:
    by_string, by_parse = (statistics[name][:, 0] > 0 for name in HITS)
    hits = []
    for index in np.flatnonzero(by_string | by_parse):
        hit: Dict[str, Any] = {"run": run.name, "split": split, "id": run.ids[index]}
        span = hit_span(attack, run.hypotheses[index])
        hit.update(string=bool(by_string[index]), parse=bool(by_parse[index]))
        hits.append({**hit, "start": span and span.start, "end": span and span.end})
    return hits
