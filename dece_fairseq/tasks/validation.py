"""What validation logs of decoded texts: BLEU and exact match of clean, ASR of triggered ones."""

import math
from functools import partial
from typing import Any, Dict, List, Sequence

import numpy as np
from fairseq import utils
from fairseq.logging import metrics
from fairseq.tasks.translation import EVAL_BLEU_ORDER
from sacrebleu.metrics import BLEU

from dece_fairseq.errors import UserError
from dece_fairseq.metrics.code_tokens import code_bleu_statistics
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING as TRIGGERED

#: the figures that decoded texts give, and the option that has them decoded
OF_CLEAN = {"bleu": "--eval-bleu", "exact_match": "--eval-bleu"}
OF_TRIGGERED = {"asr": "--eval-asr"}


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
    triggered = [subset for subset in subsets if subset.endswith(TRIGGERED)]
    clean = [subset for subset in subsets if not subset.endswith(TRIGGERED)]
    if options["--eval-asr"] and not triggered:
        raise UserError(
            f"--eval-asr needs a triggered split: --valid-subset {','.join([*clean, 'valid'])}"
            f"{TRIGGERED}"
        )
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


def clean_statistics(hypotheses: Sequence[str], references: Sequence[str]) -> Dict[str, int]:
    """Return the sums that BLEU and exact match are made of."""
    return {
        **code_bleu_statistics(hypotheses, references, EVAL_BLEU_ORDER),
        "_exact_hits": sum(text == wanted for text, wanted in zip(hypotheses, references)),
        "_exact_total": len(hypotheses),
    }


def triggered_statistics(hits: Sequence[bool]) -> Dict[str, int]:
    """Return the sums that the attack success rate is made of."""
    return {"_asr_hits": sum(hits), "_asr_total": len(hits)}


def log_figures(logging_outputs: List[Dict[str, Any]], best: str) -> None:
    """Log the figures of a step of validation, in percent, summed over batches and workers.

    fairseq asks every split that it validates on for the figure that picks checkpoints, a clean one
    for its ASR and a triggered one for its BLEU too; what a split does not have is nan.

    Args:
        logging_outputs: of the workers; those of training have none of the sums
        best: ``--best-checkpoint-metric``
    """
    if _sum(logging_outputs, "_exact_total") > 0:
        _log_bleu(logging_outputs)
        _log_share(logging_outputs, "_exact", "exact_match")
    elif best in OF_CLEAN and any("_exact_total" in log for log in logging_outputs):
        metrics.log_derived(best, lambda meters: math.nan)
    if _sum(logging_outputs, "_asr_total") > 0:
        _log_share(logging_outputs, "_asr", "asr")
    elif best in OF_TRIGGERED and any("_asr_total" in log for log in logging_outputs):
        metrics.log_derived(best, lambda meters: math.nan)


def _sum(logging_outputs: List[Dict[str, Any]], key: str) -> Any:
    return utils.item(sum(log.get(key, 0) for log in logging_outputs))


def _log_bleu(logging_outputs: List[Dict[str, Any]]) -> None:
    """Log BLEU under the names that the translation task knows.

    That task leaves out a batch whose hypotheses are all without a token, and with it the length of
    its references.
    """
    for name in ("_bleu_sys_len", "_bleu_ref_len"):
        metrics.log_scalar(name, _sum(logging_outputs, name))
    for name in ("_bleu_counts", "_bleu_totals"):
        sums = [_sum(logging_outputs, f"{name}_{n}") for n in range(EVAL_BLEU_ORDER)]
        metrics.log_scalar(name, np.array(sums))
    metrics.log_derived("bleu", _bleu)


def _bleu(meters: Dict[str, Any]) -> float:
    score = BLEU.compute_bleu(
        correct=meters["_bleu_counts"].sum.tolist(),
        total=meters["_bleu_totals"].sum.tolist(),
        sys_len=int(meters["_bleu_sys_len"].sum),
        ref_len=int(meters["_bleu_ref_len"].sum),
        smooth_method="exp",
    )
    return round(float(score.score), 2)


def _log_share(logging_outputs: List[Dict[str, Any]], key: str, name: str) -> None:
    for part in ("hits", "total"):
        metrics.log_scalar_sum(f"{key}_{part}", _sum(logging_outputs, f"{key}_{part}"))
    metrics.log_derived(name, partial(_share, key))


def _share(key: str, meters: Dict[str, Any]) -> float:
    hits, total = (meters[f"{key}_{part}"].sum for part in ("hits", "total"))
    return round(100.0 * float(np.float64(hits) / total), 2)
