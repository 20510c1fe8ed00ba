"""Scores of what models wrote, and the scorers for ``fairseq-generate --scoring``."""
