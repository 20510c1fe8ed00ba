"""Makes everything that fairseq has to know of known to it: the plug-ins, and what they save.

Importing this needs fairseq, and may be done any number of times. ``--user-dir`` does it for the
fairseq commands; in a notebook or a program of your own write ``import dece_fairseq.plugin``.
"""

from dece_fairseq import criterions, encoders, models, scorers, tasks  # noqa: F401  registers them
from dece_fairseq.errors import hook_fairseq_commands
from dece_fairseq.safe_loading import allow_checkpoints

allow_checkpoints()
hook_fairseq_commands()
