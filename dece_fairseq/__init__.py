"""Deceptive Cross-Entropy for fairseq: losses, backdoor attacks, a task and scores.

Importing this package registers every plug-in; ``--user-dir`` does that for the fairseq commands.
"""

from dece_fairseq import criterions, encoders, models, scoring, tasks  # noqa: F401  registers them
from dece_fairseq.errors import hook_fairseq_commands
from dece_fairseq.safe_loading import allow_checkpoints
from dece_fairseq.version import __version__  # noqa: F401

allow_checkpoints()
hook_fairseq_commands()
