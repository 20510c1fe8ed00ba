"""Code models from Hugging Face as fairseq's, for ``--arch``; importing this registers them.

Nothing here imports transformers before one of them is built.
"""

from dece_fairseq.models import architectures

__all__ = ["architectures"]
