"""Deceptive Cross-Entropy and what a study of backdoors needs, with fairseq and without it.

Importing this package is light, and needs neither torch nor fairseq. Where fairseq is loaded
already, which is so under ``--user-dir``, it registers the plug-ins;
``import dece_fairseq.plugin`` does so by hand.
"""

import sys

if sys.modules.get("fairseq") is not None:
    from dece_fairseq import plugin  # noqa: F401  registers the plug-ins


def __getattr__(name: str) -> str:
    if name == "__version__":  # when somebody asks, as a checkout asks git
        from dece_fairseq.version import version

        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
