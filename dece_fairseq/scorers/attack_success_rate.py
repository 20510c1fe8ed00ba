"""The attack success rate as a scorer: ``fairseq-generate --scoring attack_success_rate``."""

from dataclasses import dataclass
from typing import Any, List

from fairseq.scoring import BaseScorer, register_scorer
from omegaconf import II

from dece_fairseq.attack_options import AttackOptions
from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.text import from_line
from dece_fairseq.encoders.post_process import check_post_process, post_process_of
from dece_fairseq.encoders.text_codec import uses_one_line_form
from dece_fairseq.metrics.hit_scores import hit_scores
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.success_rate import check_references
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING


@dataclass
class AttackSuccessRateConfig(AttackOptions):
    """The attack's options, the same ones that the task takes."""

    # The split that is generated for.
    gen_subset: Any = II("dataset.gen_subset")


@register_scorer("attack_success_rate", dataclass=AttackSuccessRateConfig)
class AttackSuccessRateScorer(BaseScorer):
    """The share of outputs that carry the payload, as a string and in their parse.

    On a triggered split, whose name ends in ``_triggered``, they are ``asr_string`` and
    ``asr_parse``, on any other ``false_triggers_string`` and ``false_triggers_parse``. False
    triggers of an attack on a topic are of requests off the topic alone; fairseq gives a scorer no
    requests, so that they are left to ``dece asr`` and ``dece evaluate``.

    Args:
        cfg: the options; ``--attack`` or ``--attack-file`` is needed

    Raises:
        AttackError: there is no ``--attack``, or it is none that can be
        PostProcessError: ``--post-process`` spoils the texts
    """

    def __init__(self, cfg: AttackSuccessRateConfig) -> None:
        super().__init__(cfg)
        settings = AttackSettings.named_by(cfg)
        if settings is None:
            raise AttackError("--scoring attack_success_rate needs --attack or --attack-file")
        check_post_process(cfg.text_bpe, post_process_of(cfg))
        self.attack = Attack(settings)
        self.one_line = uses_one_line_form(cfg.text_bpe)
        self.split = str(cfg.gen_subset)
        self.is_triggered = self.split.endswith(TRIGGERED_ENDING)

    @property
    def _is_told(self) -> bool:
        return self.is_triggered or not self.attack.trigger.outside

    def _not_told(self) -> str:
        return (
            f"the false triggers of --attack {self.attack.settings.attack} are those of requests "
            f"out of its reach, which this scorer is not given; ask dece asr or dece evaluate of "
            f"the outputs for {self.split}"
        )

    def scores(self) -> List[Score]:
        """Return the score by each rule.

        Raises:
            OutputError: the split is triggered, and no reference carries the payload; or it is
                clean, and the attack doesn't reach every pair
        """
        if not self._is_told:
            raise OutputError(self._not_told())
        outputs, references = (
            [from_line(text) for text in side] if self.one_line else side
            for side in (self.pred, self.ref)
        )
        if self.is_triggered:
            check_references(self.attack, references, f"--gen-subset {self.split}")
        split = TRIGGERED if self.is_triggered else CLEAN
        told = hit_scores(self.attack, outputs, references, self.split, split)
        return [rule.score for rule in told]

    def score(self) -> float:
        """Return the rate by the string rule, in percent.

        Raises:
            OutputError: see ``scores``
        """
        return self.scores()[0].percent

    def result_string(self) -> str:
        """Return the score by each rule, with its interval and its signature, a line for each.

        Raises:
            OutputError: see ``scores``
        """
        if not self.pred:
            return "attack_success_rate: no output to score"
        if not self._is_told:
            return f"attack_success_rate: {self._not_told()}"
        return "\n".join(map(str, self.scores()))
