"""What validation logs of decoded texts: BLEU and exact match of clean, ASR of triggered ones."""

import logging
import math
from functools import partial
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from fairseq import utils
from fairseq.logging import metrics

from dece_fairseq.attacks import AttackSettings
from dece_fairseq.errors import UserError
from dece_fairseq.metrics.metric import CLEAN, METRICS, TRIGGERED, Metric, MetricSettings
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING
from dece_fairseq.signature import Signature

logger = logging.getLogger(__name__)

#: the figures that decoded texts give, and the option that has them decoded
OF_CLEAN = {"bleu_code": "--eval-bleu", "exact_match": "--eval-bleu"}
OF_TRIGGERED = {"asr_string": "--eval-asr"}
#: what figures were called before; --best-checkpoint-metric takes these names for one more release
OLD_NAMES = {"bleu": "bleu_code", "asr": "asr_string"}


class LoggedMetric(NamedTuple):
    """A metric that validation logs, without an interval."""

    metric: Metric
    split: str

    @property
    def name(self) -> str:
        """Return what every command calls it."""
        return self.metric.called(self.split)


def logged_metrics(eval_bleu: bool, attack: Optional[AttackSettings]) -> List[LoggedMetric]:
    """Return what validation logs.

    Args:
        eval_bleu: whether clean splits are decoded
        attack: whose hits to look for; None where triggered splits are not decoded
    """
    logged = []
    if eval_bleu:
        logged += [LoggedMetric(METRICS.get(name)(MetricSettings()), CLEAN) for name in OF_CLEAN]
    if attack is not None:
        hits = METRICS.get("hits_string")(MetricSettings(attack=attack))
        logged.append(LoggedMetric(hits, TRIGGERED))
    return logged


def check_validation(metric: str, subsets: Sequence[str], options: Dict[str, bool]) -> None:
    """Check that validation gives what is asked of it, before an epoch is spent.

    fairseq picks checkpoints, stops early and lowers the learning rate by the figure of the first
    of the splits that it validates on.

    Args:
        metric: ``--best-checkpoint-metric``
        subsets: ``--valid-subset``
        options: whether ``--eval-bleu`` and ``--eval-asr`` are given

    Raises:
        UserError: no split gives the metric, or the first one does not
    """
    triggered = [subset for subset in subsets if subset.endswith(TRIGGERED_ENDING)]
    clean = [subset for subset in subsets if not subset.endswith(TRIGGERED_ENDING)]
    if options["--eval-asr"] and not triggered:
        raise UserError(
            f"--eval-asr needs a triggered split: --valid-subset {','.join([*clean, 'valid'])}"
            f"{TRIGGERED_ENDING}"
        )
    if metric in OLD_NAMES:
        logger.warning(
            f"--best-checkpoint-metric {metric}: the figure is called {OLD_NAMES[metric]} now; the "
            "old name goes away with the next release"
        )
        metric = OLD_NAMES[metric]
    needed = {**OF_CLEAN, **OF_TRIGGERED}.get(metric)
    if needed is None:
        return
    if not options[needed]:
        raise UserError(f"--best-checkpoint-metric {metric} needs {needed}")
    right, others = (triggered, clean) if metric in OF_TRIGGERED else (clean, triggered)
    if subsets[0] not in right:
        order = ",".join([*(right or ["valid"]), *others])
        raise UserError(
            f"--best-checkpoint-metric {metric}: fairseq takes it from the first split of "
            f"--valid-subset, and {subsets[0]} has none; give --valid-subset {order}"
        )


def check_options(options: Any) -> None:
    """Check that no option asks for a BLEU of other texts than those that are scored.

    Args:
        options: of fairseq's translation task, which has its own BLEU

    Raises:
        UserError: one of them does
    """
    given = {
        "--eval-bleu-remove-bpe": options.eval_bleu_remove_bpe is not None,
        "--eval-tokenized-bleu": options.eval_tokenized_bleu,
        "--eval-bleu-detok": options.eval_bleu_detok not in (None, "space"),
    }
    for option, is_given in given.items():
        if is_given:
            raise UserError(
                f"{option}: validation scores the texts that --bpe decodes, over the tokens of "
                "code; leave it out"
            )


def announce_signatures(logged: Sequence[LoggedMetric]) -> None:
    """Log the signatures of what validation logs."""
    for entry in logged:
        signature = Signature(entry.name, **entry.metric.properties())
        logger.info(f"validation logs {entry.name}, in percent | {signature}")


def sums_of(
    entry: LoggedMetric, hypotheses: Sequence[str], references: Sequence[str]
) -> Dict[str, float]:
    """Return the sums of a metric's statistics over some samples, by names to sum workers' logs by.

    There are as many of them whatever the samples, for workers must agree in the names.
    """
    # A sample that is not counted, as some statistics of no sample at all have no columns.
    statistics = entry.metric.statistics([*hypotheses, ""], [*references, ""])[:-1]
    sums = {f"_{entry.name}_{i}": float(n) for i, n in enumerate(statistics.sum(axis=0))}
    return {_samples(entry): len(hypotheses), **sums}


def log_scores(
    logging_outputs: List[Dict[str, Any]], logged: Sequence[LoggedMetric], best: str
) -> None:
    """Log the scores of a step of validation, in percent, summed over batches and workers.

    fairseq asks every split that it validates on for the score that picks checkpoints, a clean one
    for its ASR and a triggered one for its BLEU too; what a split does not have is nan.

    Args:
        logging_outputs: of the workers; those of training have none of the sums
        logged: what to log, where it was decoded for
        best: ``--best-checkpoint-metric``
    """
    for entry in logged:
        names = [entry.name, *([best] if OLD_NAMES.get(best) == entry.name else [])]
        if _sum(logging_outputs, _samples(entry)) > 0:
            keys = [key for key in logging_outputs[0] if key.startswith(f"_{entry.name}_")]
            for key in keys:
                metrics.log_scalar_sum(key, _sum(logging_outputs, key))
            columns = [f"_{entry.name}_{i}" for i in range(len(keys) - 1)]
            for name in names:
                metrics.log_derived(name, partial(_score, entry.metric, columns))
        elif best in names and any(_samples(entry) in log for log in logging_outputs):
            metrics.log_derived(best, lambda meters: math.nan)


def _samples(entry: LoggedMetric) -> str:
    return f"_{entry.name}_samples"


def _sum(logging_outputs: List[Dict[str, Any]], key: str) -> Any:
    return utils.item(sum(log.get(key, 0) for log in logging_outputs))


def _score(metric: Metric, columns: Sequence[str], meters: Dict[str, Any]) -> float:
    sums = np.array([float(meters[column].sum) for column in columns])
    return round(float(metric.scores(sums)), 2)
