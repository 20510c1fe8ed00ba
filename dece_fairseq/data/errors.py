"""What can be wrong with data."""

from dece_fairseq.errors import UserError


class DataError(UserError):
    """Data that can't be used; the message names the file, the place in it and what to do."""
