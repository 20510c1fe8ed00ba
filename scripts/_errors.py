"""How every script ends on an error that its user can mend."""

from dece_fairseq.errors import one_line_errors

__all__ = ["one_line_errors"]
