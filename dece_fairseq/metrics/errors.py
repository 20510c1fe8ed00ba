"""What can be wrong with a metric."""

from dece_fairseq.errors import UserError


class MetricError(UserError):
    """A metric that is unknown or can't be told of these texts; the message says what to change."""
