"""Outputs of fairseq-generate, written by hand."""

from support.written_outputs import write_output

__all__ = ["write_output"]
