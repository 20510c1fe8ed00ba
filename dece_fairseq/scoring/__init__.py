"""The scorers for ``fairseq-generate --scoring``, and what they share with the scripts."""

from dece_fairseq.scoring import attack_success_rate  # noqa: F401  registers it
