"""Deceptive Cross-Entropy for fairseq: losses, backdoor attacks, a task and scores.

Importing this package registers every plug-in; ``--user-dir`` does that for the fairseq commands.
"""

import argparse

import torch.serialization

from dece_fairseq.version import __version__  # noqa: F401

# Since torch 2.6 a checkpoint may hold nothing but tensors, plain values and what is named here.
# fairseq's (and so this project's) hold one thing more, the parsed command line.
if hasattr(torch.serialization, "add_safe_globals"):
    torch.serialization.add_safe_globals([argparse.Namespace])

from dece_fairseq import criterions, encoders, scoring, tasks  # noqa: E402, F401  registers them
