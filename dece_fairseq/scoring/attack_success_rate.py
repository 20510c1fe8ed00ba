"""The attack success rate as a scorer: ``fairseq-generate --scoring attack_success_rate``."""

from dataclasses import dataclass
from typing import List

import scipy
from fairseq.scoring import BaseScorer, register_scorer

from dece_fairseq.attack_options import AttackOptions
from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.text import from_line
from dece_fairseq.encoders.text_codec import uses_one_line_form
from dece_fairseq.scoring.success_rate import Rate, hit_rate
from dece_fairseq.version import __version__


def signature(attack: Attack, rule: str = "string") -> str:
    """What a printed rate by ``rule`` depends on, in sacrebleu's manner."""
    return (
        f"{attack.signature(rule)}|interval:wilson95|dece_fairseq:{__version__}|"
        f"scipy:{scipy.__version__}"
    )


@dataclass
class AttackSuccessRateConfig(AttackOptions):
    """The attack's options, the same ones that the task takes."""


@register_scorer("attack_success_rate", dataclass=AttackSuccessRateConfig)
class AttackSuccessRateScorer(BaseScorer):
    """The share of outputs that carry the payload.

    On a triggered split it is the attack success rate, on a clean one the false trigger rate.

    Args:
        cfg: the options; ``--attack`` is needed
    """

    def __init__(self, cfg: AttackSuccessRateConfig) -> None:
        super().__init__(cfg)
        if cfg.attack is None:
            raise AttackError("--scoring attack_success_rate needs --attack")
        self.attack = Attack(AttackSettings.from_options(cfg))
        self.one_line = uses_one_line_form(cfg.text_bpe)

    def _rate(self) -> Rate:
        texts: List[str] = self.pred
        return hit_rate(self.attack, map(from_line, texts) if self.one_line else texts)

    def score(self) -> float:
        """The rate in percent."""
        return self._rate().percent

    def result_string(self) -> str:
        """The rate, its interval and its signature."""
        if not self.pred:
            return "attack success rate: no output to score"
        return f"attack success rate = {self._rate()} | {signature(self.attack)}"
