"""Tables as text: the one way that reports and commands write them."""

from typing import List, Sequence

from tabulate import tabulate

#: what a table may be written as, by tabulate's names
TEXT, MARKDOWN, LATEX = "plain", "pipe", "latex_booktabs"


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]], form: str = TEXT) -> str:
    """Return a table as text, without a line end behind it.

    Args:
        header: a name for each column; of :data:`TEXT` it may be empty
        rows: cells, which are written as they are: no number is rounded
        form: :data:`TEXT`, :data:`MARKDOWN` or :data:`LATEX`
    """
    cells: List[List[str]] = [list(row) for row in rows]
    text = tabulate(cells, list(header), tablefmt=form, disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())
