"""Data-side defences: a data set and a trained model in, what is suspicious about it out.

One file a defence, each registered in :data:`DEFENSES`; importing this package registers them.
"""

from dece_fairseq.defenses.defense import DEFENSES, Defense, DefenseError, DefenseSettings, Verdict
from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__)

__all__ = ["DEFENSES", "Defense", "DefenseError", "DefenseSettings", "Verdict"]
