"""Scorers for ``fairseq-generate --scoring``; importing this registers them."""

from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__)
