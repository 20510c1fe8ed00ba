"""How well the triggers of a suite hide: what they do to a source's perplexity and to its parse."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.beside import IDS, beside
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.metrics import resampling
from dece_fairseq.metrics.success_rate import Rate, rate
from dece_fairseq.suites.build import TRIGGERED
from dece_fairseq.suites.checking import differences
from dece_fairseq.suites.data import TEST, SuiteData
from dece_fairseq.suites.suite import Suite, SuiteEntry

if TYPE_CHECKING:  # it needs fairseq
    from dece_fairseq.defenses.language_model import LanguageModel


class Growth(NamedTuple):
    """How many times as perplexing triggered sources are as the same ones clean."""

    ratio: float
    """The geometric mean over sources."""
    low: Optional[float]
    high: Optional[float]
    """Its 95 % interval, bootstrapped over sources; None where all have one ratio."""
    clean: float
    """The geometric mean of the perplexities of the clean sources."""
    sources_cut: int
    """How many triggered ones are longer than the language model reads; it misses their end."""


class Stealth(NamedTuple):
    """What an attack's trigger shows."""

    attack: str
    payload: str
    sources: int
    perplexity: Optional[Growth]
    """None where no language model was asked."""
    parses: Optional[Rate]
    """Of the sources whose clean form parses, those that do with the trigger; None of none."""

    def as_dict(self) -> Dict[str, Any]:
        """Return it as plain values, for JSON."""
        growth, parses = self.perplexity, self.parses
        return {
            **self._asdict(),
            "perplexity": None if growth is None else growth._asdict(),
            "parses": None if parses is None else parses.as_dict(),
        }


def measure(
    suite: Suite, folder: Path, data: SuiteData, model: "Optional[LanguageModel]" = None
) -> List[Stealth]:
    """Return how well each attack's trigger hides, in the triggered test file.

    Args:
        suite: what is measured
        folder: that of its files
        data: the clean pairs that it was made of
        model: of trusted sources (default: no perplexities are told)

    Raises:
        DataError: a file is not the suite's, or the clean pairs are others
        DefenseError: the model's perplexities are not finite
    """
    wrong = differences(suite, folder, data.described())
    if wrong:
        name, what = wrong[0]
        raise DataError(f"{folder}: {name} {what}; see dece suite --check")
    clean = [pair.source for pair in read_pairs(data.files[TEST], *data.columns)]
    language = Languages.named(data.code_language).source
    parses = [language.is_whole(source) for source in clean]
    of_clean = None if model is None else np.log(model.perplexities(clean, "perplexity"))
    asked: Dict[str, float] = {}  # the payloads of a trigger share sources
    found = []
    for entry in suite.entries:
        if not entry.fits:
            continue
        ids, triggered = _triggered(entry, folder, data, len(clean))
        growth = None
        if model is not None and of_clean is not None:
            of_triggered = np.log(_perplexities(model, triggered, asked))
            growth = growth_of(of_clean[ids], of_triggered, model.sources_cut(triggered))
        whole = [language.is_whole(text) for i, text in zip(ids, triggered) if parses[i]]
        share = rate(sum(whole), len(whole)) if whole else None
        found.append(Stealth(entry.attack, entry.payload, len(ids), growth, share))
    return found


def _perplexities(
    model: "LanguageModel", sources: Sequence[str], asked: Dict[str, float]
) -> np.ndarray:
    """Return the perplexity of each source (N,), and add to ``asked`` those that are not there."""
    new = [source for source in dict.fromkeys(sources) if source not in asked]
    if new:
        asked.update(zip(new, model.perplexities(new, "perplexity").tolist()))
    return np.array([asked[source] for source in sources])


def _triggered(
    entry: SuiteEntry, folder: Path, data: SuiteData, clean: int
) -> Tuple[List[int], List[str]]:
    """Return the numbers of the poisoned pairs in the clean test, and their triggered sources.

    Raises:
        DataError: they are not numbers of that many clean pairs, one for each source
    """
    path = folder / entry.files[TRIGGERED].path
    named = beside(path, IDS)
    sources = [pair.source for pair in read_pairs([path], *data.columns)]
    try:
        ids = [int(line) for line in named.read_text(encoding="utf-8").split()]
    except ValueError as error:
        raise DataError(f"{named}: not a file of ids ({error}); make the suite again") from error
    # Its checksum is right all the same, where whoever made the suite wrote this.
    if len(ids) != len(sources) or not all(0 <= index < clean for index in ids):
        raise DataError(
            f"{named}: not the numbers of {len(sources)} of the {clean} clean pairs; make the "
            "suite again"
        )
    return ids, sources


def growth_of(clean: np.ndarray, triggered: np.ndarray, sources_cut: int = 0) -> Growth:
    """Return how far perplexities grow.

    Args:
        clean: the logarithms of those of clean sources (N,)
        triggered: of the same sources with the trigger (N,)
        sources_cut: how many of those the model did not read to their end
    """
    grown = triggered - clean
    statistics = np.stack([grown, np.ones(len(grown))], axis=1)
    (sums,) = resampling.bootstrap_sums([statistics])
    low, high = resampling.interval(np.exp(sums[:, 0] / sums[:, 1]))
    return Growth(math.exp(grown.mean()), low, high, math.exp(clean.mean()), sources_cut)


def as_dict(
    found: Sequence[Stealth], suite: Suite, model: Optional[Path], command: Sequence[str]
) -> Dict[str, Any]:
    """Return everything as plain values, for JSON.

    Args:
        found: what was measured
        suite: of what
        model: the checkpoint of the language model, if one was asked
        command: what the user typed
    """
    return {
        "command": list(command),
        "data": suite.made_of["data"],
        "language_model_sha256": None if model is None else sha256(model),
        "intervals": {
            "perplexity": f"bootstrap95|bs:{resampling.RESAMPLES}|seed:{resampling.SEED}",
            "parses": "wilson95",
        },
        "versions": versions("fairseq", "torch", "numpy"),
        "triggers": [stealth.as_dict() for stealth in found],
    }
