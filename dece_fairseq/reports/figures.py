"""The figures of a report: early learning by epoch, and heat maps over alpha and epsilon."""

import io
import math
import re
import statistics
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.data.files import replacing
from dece_fairseq.extras import PackageError, install
from dece_fairseq.reports.cells import BASELINE, Cell

#: stands for the colour of text, which is the reader's
_INK = "#010203"
# Told apart by those who don't see colours too, on white and on black.
_BLEU, _ASR, _BEFORE = ("#0c7bdc", "-"), ("#e66100", "--"), "#8c8c8c"
_PANELS = 4  # in a row
_DECE = re.compile(r"dece-([0-9.e-]+)-([0-9.e-]+)")


class Figure(NamedTuple):
    """A drawn figure."""

    name: str
    """Of its file, without an ending."""
    title: str
    drawing: Any
    """A figure of matplotlib."""


def figures(cells: Sequence[Cell]) -> List[Figure]:
    """The figures of each setting.

    Raises:
        PackageError: matplotlib is not there; the extra ``[experiments]`` installs it
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise PackageError(f"figures need matplotlib: {install('experiments')}") from error
    found = []
    for setting in dict.fromkeys(cell.setting for cell in cells):
        of_setting = [cell for cell in cells if cell.setting == setting]
        name = re.sub(r"[^A-Za-z0-9.]+", "-", setting)
        grid = _grid(of_setting)
        if len({a for a, _ in grid}) > 1 and len({e for _, e in grid}) > 1:
            title = f"{setting}: BLEU and ASR by alpha and epsilon"
            found.append(Figure(f"sensitivity-{name}", title, _heat_maps(grid)))
            of_setting = [cell for cell in of_setting if not _DECE.fullmatch(cell.axes["defense"])]
        curves = _curves(of_setting)
        if any(name != BASELINE for name in curves):
            title = f"{setting}: BLEU and ASR of validation, by epoch"
            found.append(Figure(f"early_learning-{name}", title, _early_learning(curves)))
    return found


def save_png(figure: Figure, folder: Path) -> None:
    """Writes the figure, on white, as a PNG."""
    with replacing(folder / f"{figure.name}.png") as (temporary,):
        figure.drawing.savefig(temporary, format="png", dpi=110, facecolor="white")


def as_svg(figure: Figure) -> str:
    """The figure as SVG, whose text and axes have the colour of the text around it."""
    import matplotlib

    file = io.StringIO()
    # The same drawing is the same text: no date, and names by a fixed salt.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": figure.name}):
        figure.drawing.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawing = file.getvalue()
    return drawing[drawing.index("<svg") :].replace(_INK, "currentColor")


#: by epoch, the values of the seeds
_Curve = Dict[int, List[float]]


def _curves(cells: Sequence[Cell]) -> Dict[str, Tuple[_Curve, _Curve]]:
    """BLEU and ASR by epoch of each defence that was validated as it was trained."""
    found: Dict[str, Tuple[_Curve, _Curve]] = {}
    for cell in cells:
        for epoch in cell.epochs:
            bleu, asr = found.setdefault(cell.axes["defense"], ({}, {}))
            for curve, key in ((bleu, "valid_bleu"), (asr, "valid_triggered_asr")):
                # A model that has diverged may log NaN, which no picture has a place for.
                if math.isfinite(epoch.get(key, math.nan)):
                    curve.setdefault(int(epoch["epoch"]), []).append(epoch[key])
    return {name: curves for name, curves in found.items() if all(curves)}


def _new(width: float, height: float) -> Any:
    import matplotlib
    from matplotlib.figure import Figure as Drawing

    names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    matplotlib.rcParams.update(dict.fromkeys(names, _INK))
    matplotlib.rcParams.update({"font.size": 9, "axes.titlesize": 9})
    return Drawing(figsize=(width, height), layout="constrained")


def _early_learning(curves: Dict[str, Tuple[_Curve, _Curve]]) -> Any:
    """A panel a defence, with cross-entropy in grey behind it."""
    names = [name for name in curves if name != BASELINE]
    across = min(_PANELS, len(names))
    down = -(-len(names) // across)
    drawing = _new(2.3 * across + 0.6, 1.9 * down + 0.6)
    panels = drawing.subplots(down, across, sharex=True, sharey=True, squeeze=False).flatten()
    for panel, name in zip(panels, names):
        if BASELINE in curves:
            for curve, (_, style) in zip(curves[BASELINE], (_BLEU, _ASR)):
                _line(panel, curve, _BEFORE, style, None)
        for curve, (colour, style), label in zip(curves[name], (_BLEU, _ASR), ("BLEU", "ASR, %")):
            _line(panel, curve, colour, style, label)
        panel.set(title=name, ylim=(-4, 104))
        panel.grid(alpha=0.3, color=_BEFORE)
        panel.patch.set_alpha(0)
        panel.xaxis.get_major_locator().set_params(integer=True)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    drawing.supxlabel("epoch", fontsize=9)
    lines, labels = panels[0].get_legend_handles_labels()
    if BASELINE in curves:
        from matplotlib.lines import Line2D

        lines.append(Line2D([], [], color=_BEFORE))
        labels.append(f"{BASELINE}, likewise")
    legend = drawing.legend(lines, labels, loc="outside upper left", ncols=3, frameon=False)
    for text in legend.get_texts():
        text.set_color(_INK)
    return drawing


def _line(panel: Any, curve: _Curve, colour: str, style: str, label: Optional[str]) -> None:
    """The mean over the seeds, and between the lowest and the highest of them a band."""
    epochs = sorted(curve)
    means = [statistics.mean(curve[epoch]) for epoch in epochs]
    panel.plot(epochs, means, style, color=colour, label=label, linewidth=1.5)
    lows, highs = ([end(curve[epoch]) for epoch in epochs] for end in (min, max))
    panel.fill_between(epochs, lows, highs, color=colour, alpha=0.2, linewidth=0)


#: by alpha and epsilon, the cells
_Grid = Dict[Tuple[float, float], List[Cell]]


def _grid(cells: Sequence[Cell]) -> _Grid:
    grid: _Grid = {}
    for cell in cells:
        match = _DECE.fullmatch(cell.axes["defense"])
        if match:
            grid.setdefault((float(match[1]), float(match[2])), []).append(cell)
    return grid


def _heat_maps(grid: _Grid) -> Any:
    """BLEU and ASR, a square for each alpha (across) and epsilon (down)."""
    alphas, epsilons = (sorted({key[axis] for key in grid}) for axis in (0, 1))
    drawing = _new(1.1 * len(alphas) + 1.2, 2 * (0.42 * len(epsilons) + 0.9))
    panels = drawing.subplots(2, 1)
    for panel, metric, title in zip(panels, ("bleu_code", "asr_string"), ("BLEU", "ASR, %")):
        values = [
            [_mean(grid.get((alpha, epsilon), []), metric) for alpha in alphas]
            for epsilon in epsilons
        ]
        panel.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                ink = "white" if value < 50 else "black"
                panel.text(x, y, f"{value:.1f}", ha="center", va="center", color=ink)
        panel.set_xticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
        panel.set_yticks(range(len(epsilons)), [f"{epsilon:g}" for epsilon in epsilons])
        panel.set(title=title, ylabel="epsilon")
    panels[-1].set_xlabel("alpha")
    return drawing


def _mean(cells: Sequence[Cell], metric: str) -> float:
    values = [value for value in (cell.score(metric) for cell in cells) if value is not None]
    return sum(values) / len(values) if values else float("nan")
