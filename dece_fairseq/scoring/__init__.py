"""The scorers for ``fairseq-generate --scoring``, and what they share with the scripts."""

from dece_fairseq.scoring import attack_success_rate, code_scorers  # noqa: F401  registers them
