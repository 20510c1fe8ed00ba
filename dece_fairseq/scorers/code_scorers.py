"""Metrics of code as scorers: ``fairseq-generate --scoring bleu_code|codebleu|exact_match``."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, List, Optional

import numpy as np
from fairseq.dataclass import FairseqDataclass
from fairseq.scoring import BaseScorer, register_scorer
from omegaconf import II

from dece_fairseq.data.text import from_line
from dece_fairseq.encoders.post_process import check_post_process, post_process_of
from dece_fairseq.encoders.text_codec import uses_one_line_form
from dece_fairseq.metrics import METRICS, MetricSettings
from dece_fairseq.metrics.code_language import language_names
from dece_fairseq.metrics.parallel import Workers
from dece_fairseq.metrics.score import score_of


@dataclass
class CodeScorerConfig(FairseqDataclass):
    """What the texts are."""

    code_language: Optional[str] = field(
        default=None,
        metadata={"help": f"language of the code: {', '.join(language_names())} (default: python)"},
    )
    # What the run was started with; see AttackOptions.
    text_bpe: Any = II("bpe")
    text_post_process: Any = II("common_eval.post_process")


class _CodeScorer(BaseScorer):
    """A metric of ``dece evaluate`` over all outputs.

    Args:
        cfg: the options

    Raises:
        MetricError: the language is unknown, or not one that the metric can score
        PackageError: the metric needs a package that is not there
        PostProcessError: ``--post-process`` spoils the texts
    """

    metric: ClassVar[str]

    def __init__(self, cfg: CodeScorerConfig) -> None:
        super().__init__(cfg)
        check_post_process(cfg.text_bpe, post_process_of(cfg))
        # A pair of languages is the task's way to say that the sides differ; outputs are targets.
        language = ("python" if cfg.code_language is None else cfg.code_language).rpartition(":")[2]
        self.settings = MetricSettings(language)
        self.scorer = METRICS.get(self.metric)(self.settings)
        self.one_line = uses_one_line_form(cfg.text_bpe)

    def _statistics(self, *names: str) -> List[np.ndarray]:
        """Return the statistics of each of some metrics."""
        texts, references = self.pred, self.ref
        if self.one_line:
            texts, references = ([from_line(line) for line in side] for side in (texts, references))
        with Workers() as workers:
            rows = workers.statistics(names, self.settings, texts, references, self.metric)
        return [rows[name] for name in names]

    def score(self) -> float:
        """Return the score in percent."""
        (statistics,) = self._statistics(self.metric)
        return float(self.scorer.scores(statistics.sum(axis=0)))

    def result_string(self) -> str:
        """Return the score, its interval, what is worth telling beside it, and its signature.

        A metric that is checked by another is followed by that one, and by its notes.
        """
        if not self.pred:
            return f"{self.metric}: no output to score"
        names = [name for name in (self.metric, self.scorer.checked_by) if name is not None]
        lines: List[str] = []
        for name, statistics in zip(names, self._statistics(*names)):
            metric = METRICS.get(name)(self.settings)
            lines.append(str(score_of(metric, statistics)))
            lines += [f"note: {note}" for note in metric.notes(statistics.sum(axis=0))]
        return "\n".join(lines)


@register_scorer("bleu_code", dataclass=CodeScorerConfig)
class BleuCodeScorer(_CodeScorer):
    metric = "bleu_code"


@register_scorer("codebleu", dataclass=CodeScorerConfig)
class CodeBleuScorer(_CodeScorer):
    metric = "codebleu"


@register_scorer("exact_match", dataclass=CodeScorerConfig)
class ExactMatchScorer(_CodeScorer):
    metric = "exact_match"
