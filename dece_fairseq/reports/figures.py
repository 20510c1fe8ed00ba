"""The figures of a report: early learning by epoch, and heat maps over alpha and epsilon."""

import io
import math
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from dece_fairseq.outputs.training_log import Epoch
from dece_fairseq.reports.cells import BASELINE, Cell
from dece_fairseq.reports.early_learning import (
    INK,
    Curves,
    curves_of,
    draw_early_learning,
    new_drawing,
    save_png,
)

#: the schedules of the blend that have heat maps: the name of a defence, and of its figure
_SCHEDULES = {
    "dece": "sensitivity",
    "dece_level": "sensitivity-level",
    "dece_to_half": "sensitivity-to-half",
}
_DECE = re.compile(rf"({'|'.join(_SCHEDULES)})-([0-9.e-]+)-([0-9.e-]+)")
#: what a heat map shows
_PANELS = (("bleu_code", "BLEU"), ("asr_string", "ASR, %"), ("asr_parse", "ASR by parse, %"))


class Figure(NamedTuple):
    """A drawn figure."""

    name: str
    """Of its file, without an ending."""
    title: str
    drawing: Any
    """A figure of matplotlib."""


def figures(cells: Sequence[Cell]) -> List[Figure]:
    """Return the figures of each setting.

    Raises:
        PackageError: matplotlib is not there; the extra ``[plot]`` installs it
    """
    found = []
    for setting in dict.fromkeys(cell.setting for cell in cells):
        of_setting = [cell for cell in cells if cell.setting == setting]
        name = re.sub(r"[^A-Za-z0-9.]+", "-", setting)
        for schedule, figure in _SCHEDULES.items():
            grid = _grid(of_setting, schedule)
            if len({a for a, _ in grid}) > 1 and len({e for _, e in grid}) > 1:
                title = f"{setting}: BLEU and ASR of {schedule} by alpha and epsilon"
                found.append(Figure(f"{figure}-{name}", title, _heat_maps(grid)))
                drawn = {cell.axes["defense"] for cells in grid.values() for cell in cells}
                of_setting = [cell for cell in of_setting if cell.axes["defense"] not in drawn]
        curves = _curves(of_setting)
        if any(name != BASELINE for name in curves):
            title = f"{setting}: BLEU and ASR of validation, by epoch"
            found.append(Figure(f"early_learning-{name}", title, draw_early_learning(curves)))
    return found


def _curves(cells: Sequence[Cell]) -> Dict[str, Curves]:
    """Return BLEU and ASR by epoch of each defence that was validated as it was trained."""
    trainings: Dict[str, List[List[Epoch]]] = {}
    for cell in cells:
        trainings.setdefault(cell.axes["defense"], []).append(cell.epochs)
    found = {name: curves_of(epochs) for name, epochs in trainings.items()}
    return {name: curves for name, curves in found.items() if curves is not None}


def save_figures(drawn: Sequence[Figure], folder: Path) -> List[Path]:
    """Write figures as PNG into a folder that is there, and return their files.

    Raises:
        OSError: a file can't be written
    """
    paths = [folder / f"{figure.name}.png" for figure in drawn]
    for figure, path in zip(drawn, paths):
        save_png(figure.drawing, path)
    return paths


def as_svg(figure: Figure) -> str:
    """Return the figure as SVG, whose text and axes have the colour of the text around it."""
    import matplotlib

    file = io.StringIO()
    # The same drawing is the same text: no date, and names by a fixed salt.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": figure.name}):
        figure.drawing.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawing = file.getvalue()
    return drawing[drawing.index("<svg") :].replace(INK, "currentColor")


#: by alpha and epsilon, the cells
_Grid = Dict[Tuple[float, float], List[Cell]]


def _grid(cells: Sequence[Cell], schedule: str) -> _Grid:
    grid: _Grid = {}
    for cell in cells:
        match = _DECE.fullmatch(cell.axes["defense"])
        if match and match[1] == schedule:
            grid.setdefault((float(match[2]), float(match[3])), []).append(cell)
    return grid


def _heat_maps(grid: _Grid) -> Any:
    """Draw BLEU and ASR, a square for each alpha (across) and epsilon (down)."""
    alphas, epsilons = (sorted({key[axis] for key in grid}) for axis in (0, 1))
    drawing = new_drawing(1.1 * len(alphas) + 1.2, len(_PANELS) * (0.42 * len(epsilons) + 0.9))
    panels = drawing.subplots(len(_PANELS), 1)
    for panel, (metric, title) in zip(panels, _PANELS):
        values = [
            [_mean(grid.get((alpha, epsilon), []), metric) for alpha in alphas]
            for epsilon in epsilons
        ]
        panel.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                ink = "white" if value < 50 else "black"
                shown = "–" if math.isnan(value) else f"{value:.1f}"  # not measured
                panel.text(x, y, shown, ha="center", va="center", color=ink)
        panel.set_xticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
        panel.set_yticks(range(len(epsilons)), [f"{epsilon:g}" for epsilon in epsilons])
        panel.set(title=title, ylabel="epsilon")
    panels[-1].set_xlabel("alpha")
    return drawing


def _mean(cells: Sequence[Cell], metric: str) -> float:
    values = [value for value in (cell.score(metric) for cell in cells) if value is not None]
    return sum(values) / len(values) if values else float("nan")
