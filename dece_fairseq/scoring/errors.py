"""What can be wrong when outputs are scored."""

from dece_fairseq.errors import UserError


class OutputError(UserError):
    """Outputs that can't be scored; the message names the file and what to do."""


class MetricError(UserError):
    """A metric that is unknown or can't be told of these texts; the message says what to change."""
