"""The early-learning figure: BLEU and ASR by epoch (Figure 3 of the DeCE paper is of its kind)."""

import math
import statistics
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from dece_fairseq.data.files import replacing
from dece_fairseq.extras import importing
from dece_fairseq.outputs.training_log import Epoch
from dece_fairseq.reports.cells import BASELINE

#: what stands for the colour of text, which is the reader's
INK = "#010203"
# Told apart by those who don't see colours too, on white and on black.
_BLEU, _ASR, _BEFORE = ("#0c7bdc", "-"), ("#e66100", "--"), "#8c8c8c"
_PANELS = 4  # in a row

#: by epoch, the values of the seeds
Curve = Dict[int, List[float]]


class Curves(NamedTuple):
    """What validation said of the trainings of one name, in percent."""

    bleu: Curve
    asr: Curve


def curves_of(trainings: Sequence[Sequence[Epoch]]) -> Optional[Curves]:
    """Return BLEU and ASR by epoch of some trainings; None if none was validated on both.

    Args:
        trainings: the epochs of each, as
            ``read_training_log`` returns them
    """
    curves = Curves({}, {})
    for epochs in trainings:
        for epoch in epochs:
            for curve, key in zip(curves, ("valid_bleu_code", "valid_triggered_asr_string")):
                # A model that has diverged may log NaN, which no picture has a place for.
                if math.isfinite(epoch.get(key, math.nan)):
                    curve.setdefault(int(epoch["epoch"]), []).append(epoch[key])
    return curves if all(curves) else None


def draw_early_learning(runs: Dict[str, Curves]) -> Any:
    """Return a drawing of matplotlib: a panel a run, with cross-entropy in grey behind it.

    Args:
        runs: by name; the mean over seeds becomes a line, with a band from lowest to highest

    Raises:
        PackageError: matplotlib is not there; the extra ``[plot]`` installs it
    """
    names = [name for name in runs if name != BASELINE] or list(runs)
    across = min(_PANELS, len(names))
    down = -(-len(names) // across)
    drawing = new_drawing(max(2.3 * across + 0.6, 4), 1.9 * down + 0.9)
    panels = drawing.subplots(down, across, sharex=True, sharey=True, squeeze=False).flatten()
    for panel, name in zip(panels, names):
        if BASELINE in runs and name != BASELINE:
            for curve, (_, style) in zip(runs[BASELINE], (_BLEU, _ASR)):
                _line(panel, curve, _BEFORE, style, None)
        for curve, (colour, style), label in zip(runs[name], (_BLEU, _ASR), ("BLEU", "ASR, %")):
            _line(panel, curve, colour, style, label)
        panel.set(title=name, ylim=(-4, 104))
        panel.grid(alpha=0.3, color=_BEFORE)
        panel.patch.set_alpha(0)
        panel.xaxis.get_major_locator().set_params(integer=True)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    drawing.supxlabel("epoch", fontsize=9)
    lines, labels = panels[0].get_legend_handles_labels()
    if BASELINE in runs and names != [BASELINE]:
        from matplotlib.lines import Line2D

        lines.append(Line2D([], [], color=_BEFORE))
        labels.append(f"{BASELINE}, likewise")
    legend = drawing.legend(lines, labels, loc="outside upper left", ncols=3, frameon=False)
    for text in legend.get_texts():
        text.set_color(INK)
    return drawing


def new_drawing(width: float, height: float) -> Any:
    """Return an empty figure of matplotlib, in inches, whose text and axes have ``INK``.

    Raises:
        PackageError: matplotlib is not there
    """
    with importing("plot", "figures need matplotlib"):
        import matplotlib
        from matplotlib.figure import Figure
    names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    matplotlib.rcParams.update(dict.fromkeys(names, INK))
    matplotlib.rcParams.update({"font.size": 9, "axes.titlesize": 9})
    return Figure(figsize=(width, height), layout="constrained")


def save_png(drawing: Any, path: Path) -> None:
    """Write a drawing, on white, as a PNG.

    Raises:
        OSError: the file can't be written
    """
    with replacing(path) as (temporary,):
        drawing.savefig(temporary, format="png", dpi=110, facecolor="white")


def _line(panel: Any, curve: Curve, colour: str, style: str, label: Optional[str]) -> None:
    """Draw the mean over the seeds, and between the lowest and the highest of them a band."""
    epochs = sorted(curve)
    means = [statistics.mean(curve[epoch]) for epoch in epochs]
    panel.plot(epochs, means, style, color=colour, label=label, linewidth=1.5)
    lows, highs = ([end(curve[epoch]) for epoch in epochs] for end in (min, max))
    panel.fill_between(epochs, lows, highs, color=colour, alpha=0.2, linewidth=0)
