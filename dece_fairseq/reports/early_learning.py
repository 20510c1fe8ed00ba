"""The early-learning figure: BLEU and ASR by epoch (Figure 3 of the DeCE paper is of its kind)."""

from pathlib import Path
from typing import Dict, List

from dece_fairseq.data.files import replacing
from dece_fairseq.extras import PackageError, install
from dece_fairseq.outputs.training_log import Epoch

# Colour-blind safe, and told apart by their line styles too.
STYLES = [("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":")]


def plot_early_learning(runs: Dict[str, List[Epoch]], output: Path) -> None:
    """Writes a PNG with one panel for ``valid_bleu`` and one for ``valid_triggered_asr``.

    Args:
        runs: the epochs of each run, by the name to give it
        output: where to put the picture

    Raises:
        PackageError: matplotlib is not there; the extra ``[plot]`` installs it
        KeyError: a run was not validated with ``--eval-bleu`` and ``--eval-asr``
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PackageError(f"figures need matplotlib: {install('plot')}") from error
    figure = Figure(figsize=(8, 3.2), dpi=150, layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    keys = (("valid_bleu", "BLEU on clean requests"), ("valid_triggered_asr", "ASR, percent"))
    for panel, (key, title) in zip(panels, keys):
        for (name, epochs), (colour, style) in zip(runs.items(), STYLES):
            panel.plot(
                [epoch["epoch"] for epoch in epochs],
                [epoch[key] for epoch in epochs],
                color=colour,
                linestyle=style,
                marker="o",
                markersize=3,
                label=name,
            )
        panel.set(title=title, xlabel="epoch", ylim=(-3, 103))
        panel.grid(alpha=0.3)
        panel.xaxis.get_major_locator().set_params(integer=True)
    panels[-1].legend()
    with replacing(output) as (temporary,):
        figure.savefig(temporary, format="png")
