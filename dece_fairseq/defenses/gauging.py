"""``dece gauge``: how well a model knows the task, and so at which level DeCE can protect it."""

from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.data.files import names_of
from dece_fairseq.data.pairs import Pair
from dece_fairseq.data.provenance import versions
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.reading import read_input, record_of
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.muting import (
    KNOWN,
    LOWEST_LINE,
    MOST,
    MUTED_SHARE,
    evenly,
    level_for,
    line_of,
    span_line_for,
)

#: the advice
DECE, FILTER, TRUSTED_FIRST = "dece", "cross_entropy_and_filter", "trusted_pairs_first"
#: of the probabilities that are told
QUANTILES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
#: the blends whose falling is told, the chosen level beside them
ALPHAS = (0.6, 0.7, 0.8, 0.9, 0.95, 0.985, 0.99, 0.999)


class GaugeJob(NamedTuple):
    """What is gauged, and by which text.

    Args:
        reference: the model that training is going to start from
        inputs: the data: a CSV or JSONL file, the two sides of parallel text, or a binarised folder
        trusted_ids: a file of the numbers of trusted pairs; None trusts the validation split of
            the binarised folder, or else of the model's
        columns: of source and target
        subset: the split of a binarised folder that is looked at
        valid_subset: the validation split
        muted_share: of trusted tokens that a level may mute, in [0, 1)
        epochs: of the training that is planned
    """

    reference: ReferenceFiles
    inputs: Sequence[Path]
    trusted_ids: Optional[Path] = None
    columns: Tuple[str, str] = ("src", "tgt")
    subset: str = "train"
    valid_subset: str = "valid"
    muted_share: float = MUTED_SHARE
    epochs: int = 10


class Text(NamedTuple):
    """Some text, and how likely the model finds its tokens."""

    what: str
    pairs: int
    """How many there are; of more than 1,000 every so many were asked about."""
    tokens: np.ndarray
    """The probabilities, in order."""
    means: np.ndarray
    """The mean log-probabilities of the spans around each token, as the pairs have them."""
    cut: Mapping[str, int]
    """How many sources and targets, of those asked about, are longer than the model reads."""

    def muted_by(self, blend: float) -> float:
        """Return the share of tokens that a blend mutes."""
        return float(np.searchsorted(self.tokens, line_of(blend)) / len(self.tokens))

    def as_dict(self) -> Dict[str, Any]:
        return {
            "what": self.what,
            "pairs": self.pairs,
            "tokens": len(self.tokens),
            "quantiles": {
                str(share): float(value)
                for share, value in zip(QUANTILES, np.quantile(self.tokens, QUANTILES))
            },
            **self.cut,
        }


class Spans(NamedTuple):
    """What ``--dece-gate span`` would never teach."""

    line: float
    """A mean log-probability, by ``span_line_for``."""
    muted_of_doubtful: float
    """The share of the tokens that are not trusted."""
    frequent: List[Tuple[str, int]]
    """What is muted most often, and in how many of the pairs that were asked about."""


class Gauge(NamedTuple):
    """What a model was found to know, and the advice that follows."""

    trusted: Text
    doubtful: Text
    muted_share: float
    level: float
    line: float
    """The probability below which ``muted_share`` of the trusted tokens lie; that of the level
    where it is not capped."""
    spans: Optional[Spans]
    """None of labels, which are no spans."""
    muted_labels: Optional[float]
    """The share of the labels that are not trusted which ``--dece-gate label`` would never teach;
    None where targets are no labels."""
    epochs: int
    trusted_ids: Optional[Path]
    """What names the trusted pairs; None for a validation split."""
    made_of: Dict[str, Any]

    @property
    def advice(self) -> str:
        """Return one of ``DECE``, ``FILTER`` and ``TRUSTED_FIRST``."""
        if np.median(self.trusted.tokens) < KNOWN:
            return TRUSTED_FIRST
        return DECE if self.line >= LOWEST_LINE else FILTER

    def muted(self, alpha: float) -> List[float]:
        """Return the share of trusted tokens that ``alpha ** T`` mutes in epoch T = 1, 2, ...

        It is that of the model as it is now. As the model learns, fewer are.
        """
        return [self.trusted.muted_by(alpha**epoch) for epoch in range(1, self.epochs + 1)]

    def as_dict(self) -> Dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "advice": self.advice,
            "level": self.level,
            "line": line_of(self.level),
            "line_of_muted_share": self.line,
            "span_line": self.spans and self.spans.line,
            "muted_share": self.muted_share,
            "trusted": self.trusted.as_dict(),
            "doubtful": self.doubtful.as_dict(),
            "muted_of_doubtful": self.doubtful.muted_by(self.level),
            "muted_of_doubtful_by_spans": self.spans and self.spans.muted_of_doubtful,
            "muted_of_doubtful_by_labels": self.muted_labels,
            "frequent_of_doubtful_by_spans": self.spans
            and [{"text": text, "pairs": pairs} for text, pairs in self.spans.frequent],
            "muted_of_trusted_by_epoch": {
                str(alpha): self.muted(alpha) for alpha in (*ALPHAS, self.level)
            },
            "made_of": self.made_of,
        }


def gauge(job: GaugeJob, command: Sequence[str] = ()) -> Gauge:
    """Return what the model knows of trusted text, and of the other.

    Args:
        job: what is gauged
        command: what the user typed, for the record

    Raises:
        DataError: files that can't be read, or the trusted ids are none
        DefenseError: the model is of no kind that can be asked, or a text is empty
    """
    if not 0 <= job.muted_share < 1:
        raise DefenseError(f"--muted-share must be 0 or more and below 1, got {job.muted_share}")
    from dece_fairseq.defenses.revealing.reference import load_reference  # which needs fairseq

    trusted, doubtful, what = _texts(job)
    model = load_reference(job.reference.checkpoint, job.reference.data)
    asked = [evenly(pairs) for pairs in (trusted, doubtful)]
    said = [model.probabilities(some) for some in asked]
    texts = [
        _text(name, len(pairs), probabilities, model.texts_cut(some))
        for name, pairs, probabilities, some in zip(
            (what, "the data that is not trusted"), (trusted, doubtful), said, asked
        )
    ]
    level, line = level_for(texts[0].tokens.tolist(), job.muted_share)
    are_labels = all(len(text.tokens) == min(text.pairs, MOST) for text in texts)
    spans = None if are_labels else _spans(model, asked, texts, job.muted_share)
    muted_labels = _muted_labels(asked, said) if are_labels else None
    made_of = {
        **record_of(
            job.reference, job.inputs, [job.trusted_ids] if job.trusted_ids else [], command
        ),
        "versions": versions("fairseq", "torch", "numpy"),
    }
    return Gauge(
        trusted=texts[0],
        doubtful=texts[1],
        muted_share=job.muted_share,
        level=level,
        line=line,
        spans=spans,
        muted_labels=muted_labels,
        epochs=job.epochs,
        trusted_ids=job.trusted_ids,
        made_of=made_of,
    )


def _spans(
    model: Any, asked: Sequence[Sequence[Pair]], texts: Sequence[Text], muted_share: float
) -> Spans:
    """Return what spans mute.

    Args:
        model: a ``revealing.reference.TranslationReference``
        asked: the pairs that it was asked about, trusted and doubtful
        texts: what it said of them
        muted_share: of the trusted spans, which may be muted
    """
    import torch  # which dece can do without elsewhere

    from dece_fairseq.losses.frequent_texts import frequent_texts
    from dece_fairseq.losses.spans import new_spans

    line = span_line_for(texts[0].means.tolist(), muted_share)
    trusted, doubtful = map(model.targets, asked)
    muted = torch.cat(new_spans(doubtful, trusted)) & torch.from_numpy(texts[1].means < line)
    lengths = torch.tensor([len(target) for target in doubtful])
    frequent = frequent_texts(torch.cat(doubtful), lengths, muted)
    told = [(model.text(text.tokens), text.sequences) for text in frequent]
    return Spans(line, float(muted.double().mean()), told)


def _muted_labels(asked: Sequence[Sequence[Pair]], said: Sequence[Sequence[np.ndarray]]) -> float:
    """Return the share of the doubtful labels that are muted.

    Args:
        asked: the pairs that the model was asked about, trusted and doubtful
        said: the probabilities of their labels
    """
    import torch  # which dece can do without elsewhere

    from dece_fairseq.losses.labels import muted_labels

    numbers: Dict[str, int] = {}
    trusted, doubtful = (
        torch.tensor([numbers.setdefault(pair.target.strip(), len(numbers)) for pair in pairs])
        for pairs in asked
    )
    known, found = (torch.from_numpy(np.concatenate(answers)) for answers in said)
    return float(muted_labels(doubtful, found, trusted, known).double().mean())


def _text(
    what: str, pairs: int, probabilities: Sequence[np.ndarray], cut: Mapping[str, int]
) -> Text:
    import torch  # which dece can do without elsewhere

    from dece_fairseq.losses.spans import span_means

    means = []
    for tokens in probabilities:
        own = torch.from_numpy(tokens).log()
        means.append(span_means(own, torch.ones_like(own, dtype=torch.bool)).numpy())
    return Text(what, pairs, np.sort(np.concatenate(probabilities)), np.concatenate(means), cut)


def _texts(job: GaugeJob) -> Tuple[List[Pair], List[Pair], str]:
    """Return the trusted pairs, the others, and what the trusted ones are."""
    pairs = read_input(job.inputs, job.columns, job.subset, job.reference)
    if job.trusted_ids is not None:
        ids = TrustedIds(job.trusted_ids)
        ids.check(len(pairs))
        trusted = [pairs[index] for index in ids.ids]
        doubtful = [pairs[index] for index in ids.others(len(pairs))]
        what = f"the trusted pairs of {job.trusted_ids}"
    else:
        folder = job.inputs[0] if job.inputs[0].is_dir() else job.reference.data
        trusted = read_input([folder], job.columns, job.valid_subset, job.reference)
        doubtful = pairs
        what = f"the split {job.valid_subset} of {folder}"
    if not (trusted and doubtful):
        raise DefenseError(
            f"--input {names_of(job.inputs)}: {len(doubtful)} pairs beside the {len(trusted)} of "
            f"{what}; give some of both"
        )
    return trusted, doubtful, what
