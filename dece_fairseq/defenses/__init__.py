"""Data-side defences: a data set and a trained model in, what is suspicious about it out.

One file a defence, each registered in ``DEFENSES``; importing this package registers them. It
needs neither torch nor fairseq: a defence that looks into a model imports ``trained_models``, which
needs both, when it is made.
"""

from dece_fairseq.defenses.defense import DEFENSES, Defense, DefenseError, DefenseSettings, Verdict
from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__, without=["trained_models", "language_model"])

__all__ = ["DEFENSES", "Defense", "DefenseError", "DefenseSettings", "Verdict"]
