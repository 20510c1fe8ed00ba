"""How every script ends on an error that its user can mend."""

from contextlib import contextmanager
from typing import Iterator

from dece_fairseq.errors import UserError, end_with


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the script with status 2 and the error alone, without usage or traceback.

    Only what argparse finds on the command line itself comes with the usage.
    """
    try:
        yield
    except (UserError, OSError) as error:
        end_with(error)
