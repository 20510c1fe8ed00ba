"""What a data-side defence is."""

import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Dict, List, NamedTuple, Optional, Sequence, Tuple, Type

from dece_fairseq.data.pairs import Pair
from dece_fairseq.errors import UserError
from dece_fairseq.registry import Registry


class DefenseError(UserError):
    """A defence that can't be carried out as asked; the message names the option and what to do."""


@dataclass(frozen=True)
class DefenseSettings:
    """What defences work with; each takes what it needs of it.

    Args:
        models: checkpoints of translation models, in the order in which they were saved
        model_data: the data folder of the models, for dictionaries and subwords
        language_model: checkpoint of a fairseq language model of trusted sources
        language_model_data: its data folder
        trusted: trusted pairs; each item a .csv or .jsonl file or the two sides of parallel text
        trusted_ids: a file of the numbers of trusted pairs in the data set that is examined
        save_dir: of a training on the data with ``--record-probabilities``
        columns: of source and target in the files of trusted pairs, where they have columns
        rate: the share of poisoned pairs that is reckoned with, in (0, 1)
        top: how many words are taken for a trigger
        order: of n-grams
        window: tokens in a row that are judged together
        threshold: what a word's suspicion must be above
        seed: of every random choice
    """

    models: Tuple[Path, ...] = ()
    model_data: Optional[Path] = None
    language_model: Optional[Path] = None
    language_model_data: Optional[Path] = None
    trusted: Tuple[Tuple[Path, ...], ...] = ()
    trusted_ids: Optional[Path] = None
    save_dir: Optional[Path] = None
    columns: Tuple[str, str] = ("src", "tgt")
    rate: float = 0.05
    top: int = 1
    order: int = 4
    window: int = 13
    threshold: float = 0.0
    seed: int = 1

    def as_dict(self) -> Dict[str, Any]:
        """Return the settings as plain values, for reports."""

        def plain(value: Any) -> Any:
            if isinstance(value, (tuple, list)):
                return [plain(item) for item in value]
            return str(value) if isinstance(value, Path) else value

        return {name: plain(value) for name, value in asdict(self).items()}


class Verdict(NamedTuple):
    """What a defence says of a data set."""

    scores: Sequence[float]
    """How suspicious each pair is, by the defence's own measure: the more, the higher."""
    suspicious: Sequence[bool]
    """Which pairs it takes for poisoned. They are dropped, unless it cleans them."""
    details: Dict[str, Any]
    """What else there is to tell, as for JSON."""
    cleaned: Optional[Dict[int, Pair]] = None
    """By their number from 0, the suspicious pairs as they are kept; None: they are dropped."""

    def without(self, trusted: Sequence[int]) -> "Verdict":
        """Return the same result with every trusted pair cleared of suspicion."""
        known = frozenset(trusted)
        marks = [mark and index not in known for index, mark in enumerate(self.suspicious)]
        cleaned = self.cleaned
        if cleaned is not None:
            cleaned = {index: pair for index, pair in cleaned.items() if index not in known}
        return self._replace(suspicious=marks, cleaned=cleaned)

    def kept(self, pairs: Sequence[Pair]) -> Dict[int, Pair]:
        """Return the pairs to keep, by their number, in the form in which they are kept."""
        cleaned = self.cleaned or {}
        return {
            index: cleaned.get(index, pair)
            for index, pair in enumerate(pairs)
            if not self.suspicious[index] or index in cleaned
        }


class Defense(ABC):
    """Looks for poisoned pairs in a data set.

    Args:
        settings: what to work with

    Raises:
        DefenseError: it needs something that the settings don't have; its option is named
    """

    #: one line that says what it is
    summary: ClassVar[str]
    #: names of the settings that it can't do without, see ``OPTIONS``
    needs: ClassVar[Tuple[str, ...]] = ()
    #: names of the other settings that it looks at; None where it doesn't say
    takes: ClassVar[Optional[Tuple[str, ...]]] = None
    #: how many pairs it needs; 1 where it compares none with others
    least: ClassVar[int] = 2

    def __init__(self, settings: DefenseSettings) -> None:
        for name in self.needs:
            if not getattr(settings, name):
                raise DefenseError(f"--{name.replace('_', '-')} is needed: {OPTIONS[name]}")
        self.settings = settings

    @abstractmethod
    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        """Score every pair of a data set of at least ``least``."""


#: what the settings are that a defence may need, for messages and help texts
OPTIONS = {
    "models": "checkpoints of a model that was trained on the data, for surprise and "
    "gradient_entropy of the one that training starts from; the last one is looked into",
    "model_data": "the data folder of the models, with their dictionaries and subwords",
    "language_model": "checkpoint of a fairseq language model of trusted sources, see "
    "docs/language_model.md",
    "language_model_data": "the data folder of the language model",
    "trusted": "trusted pairs, a .csv or .jsonl file or the two sides of parallel text; may be "
    "given often",
    "save_dir": "fairseq's --save-dir of a training on the data with --record-probabilities",
}


class _Defenses(Registry[Type[Defense]]):
    error = DefenseError


DEFENSES = _Defenses("defence")
#: the settings that every defence is given: what is trusted is kept, whatever it says
FOR_ALL = ("columns", "seed", "trusted_ids")


def unused_options(defense: str, settings: DefenseSettings) -> List[str]:
    """Return the options that were given and that a defence does not look at.

    Args:
        defense: its name in ``DEFENSES``
        settings: those that have their defaults are not looked at
    """
    kind = DEFENSES.get(defense)
    if kind.takes is None:
        return []
    known = {*kind.needs, *kind.takes, *FOR_ALL}
    return [
        f"--{setting.name.replace('_', '-')}"
        for setting in fields(settings)
        if setting.name not in known and getattr(settings, setting.name) != setting.default
    ]


def most_suspicious(scores: Sequence[float], rate: float, pairs: int) -> Sequence[bool]:
    """Mark the pairs with the highest scores: one and a half times as many as are expected.

    The excess is that of Tran et al. 2018 (arXiv 1811.00636); equal scores go by their order.

    Args:
        scores: one a pair
        rate: the share of poisoned pairs that is reckoned with
        pairs: how many pairs there are

    Raises:
        DefenseError: a rate that is no share, or that marks everything, or scores that can't be
            ranked
    """
    if not 0 < rate < 1:
        raise DefenseError(f"--rate must be above 0 and below 1, got {rate}")
    number = round(1.5 * rate * pairs)
    if number >= pairs:
        raise DefenseError(
            f"--rate {rate} of {pairs} pairs would drop them all (one and a half times as many as "
            "are expected); give a lower one"
        )
    # Whatever is compared with nan is neither more nor less, so that a ranking would be anything.
    unranked = pairs - sum(map(math.isfinite, scores))
    if unranked:
        raise DefenseError(
            f"{unranked} of {pairs} pairs have no finite score, so they can't be ranked; what they "
            "were scored by has diverged or is damaged: look at the losses of its training, and "
            "give another checkpoint"
        )
    ranking = sorted(range(pairs), key=lambda index: -scores[index])
    marked = frozenset(ranking[:number])
    return [index in marked for index in range(pairs)]
