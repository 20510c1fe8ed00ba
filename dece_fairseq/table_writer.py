"""Tables as text: the one way that commands and reports write them."""

from typing import List, Sequence

#: what a table may be written as, by tabulate's names
TEXT, LINED, MARKDOWN, LATEX = "plain", "simple", "pipe", "latex_booktabs"


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]], form: str = TEXT) -> str:
    """Return a table as text, without a line end behind it.

    Args:
        header: a name for each column
        rows: cells, which are written as they are: no number is rounded
        form: ``TEXT``, ``LINED`` (with a line below the header), ``MARKDOWN`` or
            ``LATEX``
    """
    from tabulate import tabulate  # here, so that commands without a table start sooner

    cells: List[List[str]] = [list(row) for row in rows]
    if form == MARKDOWN:
        cells = [[cell.replace("|", "\\|") for cell in row] for row in cells]
    text = tabulate(cells, list(header), tablefmt=form, disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())
