"""What can be wrong with outputs."""

from dece_fairseq.errors import UserError


class OutputError(UserError):
    """Outputs that can't be scored; the message names the file and what to do."""
