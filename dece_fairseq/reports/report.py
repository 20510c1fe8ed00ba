"""Writes the report of a folder of cells: for people, and for other programs."""

from pathlib import Path
from typing import Any, Dict, List

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.provenance import versions
from dece_fairseq.metrics.seeds import signature
from dece_fairseq.reports.cells import read_cells
from dece_fairseq.reports.figures import as_svg, figures, save_figures
from dece_fairseq.reports.pages import check_jinja, render
from dece_fairseq.reports.samples import samples
from dece_fairseq.reports.summary import as_dict, summarise
from dece_fairseq.reports.tables import as_csv, as_markdown, tables

TEMPLATE = Path(__file__).with_name("page.html")
SCRIPT = TEMPLATE.with_suffix(".js")


def write_report(folder: Path, output: Path) -> List[Path]:
    """Write ``report.md``, ``.csv``, ``.json`` and ``.html``, and the figures as PNG.

    Args:
        folder: of a plan, with its ``cells``
        output: the folder of the report; it is made

    Returns:
        what was written

    Raises:
        DataError: there is no finished cell, or one that can't be read
        PackageError: matplotlib or jinja2 is not there
        OutputError: an output of a cell can't be read
        OSError: the folder can't be written
    """
    check_jinja()
    cells = read_cells(folder)
    rows = summarise(cells)
    found = tables(rows)
    drawn = figures(cells)
    shown = samples(cells)
    installed = versions("fairseq", "torch")
    html = render(
        TEMPLATE,
        [SCRIPT],
        name=folder.name,
        cells=len(cells),
        tables=found,
        figures=[(figure.title, as_svg(figure)) for figure in drawn],
        samples=shown,
        versions=installed,
    )
    content: Dict[str, Any] = {
        "name": folder.name,
        "rows": as_dict(rows),
        "interval": signature(),
        "versions": installed,
    }
    texts = {
        "report.md": markdown(folder.name, as_markdown(found), [f.name for f in drawn]),
        "report.csv": as_csv(cells),
        "report.json": as_json(content),
        "report.html": html,
    }
    output.mkdir(parents=True, exist_ok=True)
    pictures = save_figures(drawn, output)
    paths = [output / name for name in texts]
    with replacing(*paths) as temporaries:
        for temporary, text in zip(temporaries, texts.values()):
            temporary.write_text(text, encoding="utf-8")
    return [*pictures, *paths]


def markdown(name: str, text: str, names: List[str]) -> str:
    """Return ``report.md``: a title, the tables as text and the pictures by their names."""
    pictures = "".join(f"![{figure}]({figure}.png)\n\n" for figure in names)
    return f"# {name}\n\n{text}\n{pictures}".rstrip() + "\n"
