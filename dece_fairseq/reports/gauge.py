"""What ``dece gauge`` found, as text."""

import math
import shlex
from typing import List

import numpy as np

from dece_fairseq.defenses.gauging import ALPHAS, DECE, FILTER, QUANTILES, TRUSTED_FIRST, Gauge
from dece_fairseq.muting import (
    FAR_TOO_MUCH,
    KNOWN,
    MOST,
    MUTED_SHARE,
    line_of,
    told_blend,
    told_probability,
    told_texts,
)
from dece_fairseq.table_writer import LINED, write_table

#: the epochs whose muted shares are shown
EPOCHS = (1, 2, 3, 5, 8, 13, 20)

_OTHER_KIND = (
    "Caution: that is most of the data, and none of it would be learned at first. Trust pairs of "
    "the same\ndata (--trusted-ids), or a validation split of it."
)
_OF_LABELS = (
    "Caution: a flipped label that the model believes by itself is learned. Train on what dece "
    "reveal keeps of the data\nbesides, and ask it with trusted pairs where the model errs often."
)
_ADVICE = {
    DECE: "Advice: DeCE at a constant level, without smoothing:\n  {options}\n"
    "By the same rule the criterion finds that by itself, with\n  {asking}",
    FILTER: "Advice: cross-entropy, and a filter (dece reveal, dece filter). The model knows the "
    "task, but so many\ntrusted {targets} are unlikely that no line tells a payload from them.",
    TRUSTED_FIRST: "Advice: get trusted pairs and train on them by cross-entropy first. This model "
    "doesn't know the task:\nDeCE would starve it. Without trusted pairs take cross-entropy and a "
    "filter (dece reveal, dece filter).",
}


def as_text(gauge: Gauge) -> str:
    """Return it for people, the advice last."""
    trusted, doubtful = gauge.trusted, gauge.doubtful
    targets = "tokens" if gauge.muted_labels is None else "labels"
    shares = [f"{100 * share:g} %" for share in QUANTILES]
    rows = [
        [text.what, f"{text.pairs:,}", f"{len(text.tokens):,}"]
        + [told_probability(value) for value in np.quantile(text.tokens, QUANTILES)]
        for text in (trusted, doubtful)
    ]
    epochs = [epoch for epoch in EPOCHS if epoch <= gauge.epochs]
    muted = [
        [told_blend(alpha), *(f"{100 * gauge.muted(alpha)[epoch - 1]:.1f}" for epoch in epochs)]
        for alpha in sorted({*ALPHAS, gauge.level})
    ]
    of_trusted, of_others = (text.muted_by(gauge.level) for text in (trusted, doubtful))
    return "\n".join(
        [
            f"Share of {targets} whose probability is below the number:",
            write_table(["text", "pairs", f"{targets} asked about", *shares], rows, LINED),
            *_cut(gauge),
            "",
            f"Trusted {targets} that alpha ** T mutes in epoch T, in percent; "
            "a constant level is as in epoch 1:",
            write_table(["alpha", *map(str, epochs)], muted, LINED),
            "",
            f"Level: {told_blend(gauge.level)}. It mutes {targets} with a probability below "
            f"{told_probability(line_of(gauge.level))}: {100 * of_trusted:.1f} % of the "
            f"trusted ones\nand {100 * of_others:.1f} % of the others.",
            *([_OTHER_KIND] if of_trusted <= FAR_TOO_MUCH < of_others else []),
            *_spans(gauge),
            *_labels(gauge),
            _ADVICE[gauge.advice].format(
                targets=targets, options=_options(gauge), asking=_asking(gauge)
            ),
            "",
        ]
    )


def _cut(gauge: Gauge) -> List[str]:
    """Return how much of the texts the model could not read."""
    return [
        f"In {text.what}, of {min(text.pairs, MOST):,} pairs asked about, "
        f"{text.cut['sources_cut']:,} sources and {text.cut['targets_cut']:,} targets\n"
        "are longer than the model reads. What is behind that place counts for nothing here."
        for text in (gauge.trusted, gauge.doubtful)
        if any(text.cut.values())
    ]


def _options(gauge: Gauge) -> str:
    """Return the options that take what was found."""
    chosen = told_blend(gauge.level)
    level = f"{_criterion(gauge)} --dece-alpha {chosen} --dece-min-blend {chosen}"
    level += " --label-smoothing 0"
    return f"{level} --dece-gate {'label' if gauge.spans is None else 'span'}{_trusted(gauge)}"


def _asking(gauge: Gauge) -> str:
    """Return the options with which the criterion asks the trusted text itself."""
    asking = _criterion(gauge) + _trusted(gauge)
    if gauge.trusted_ids is not None:
        return asking
    return f"{asking}\nwhere the validation split that it trains beside is {gauge.trusted.what}."


def _criterion(gauge: Gauge) -> str:
    kind = "cross_entropy" if gauge.spans is not None else "sentence_prediction"
    return f"--criterion deceptive_{kind}"


def _trusted(gauge: Gauge) -> str:
    """Return the options of what is trusted, where they are not the criterion's own."""
    ids, share = gauge.trusted_ids, gauge.muted_share
    text = "" if ids is None else f" --dece-trusted-ids {shlex.quote(str(ids))}"
    return text if share == MUTED_SHARE else f"{text} --dece-muted-share {share:g}"


def _spans(gauge: Gauge) -> List[str]:
    """Return what is muted by spans in a sentence; of labels nothing is."""
    if gauge.spans is None:
        return []
    said = [
        f"Spans: {100 * gauge.spans.muted_of_doubtful:.1f} % of the others have a probability "
        f"below {told_probability(math.exp(gauge.spans.line))} on average with the four around,\n"
        "and are more frequent there than in the trusted text; --dece-gate span never learns them."
    ]
    if gauge.spans.frequent:
        asked = min(gauge.doubtful.pairs, MOST)
        said.append(f"Most often, of {asked:,}, that is {told_texts(gauge.spans.frequent)}.")
    return said


def _labels(gauge: Gauge) -> List[str]:
    """Return what is muted of labels, and of whom that can't be said."""
    if gauge.muted_labels is None:
        return []
    contradicted = (gauge.trusted.tokens < KNOWN).mean()
    return [
        f"Labels: {100 * gauge.muted_labels:.1f} % of the others are contradicted more "
        "than twice as often as trusted\nones, of which "
        f"{100 * contradicted:.1f} % have a probability below {KNOWN:g}; "
        "--dece-gate label never learns them.",
        _OF_LABELS,
    ]
