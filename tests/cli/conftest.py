"""Outputs of fairseq-generate, written by hand."""

from support.written_outputs import runs, write_output

__all__ = ["runs", "write_output"]
