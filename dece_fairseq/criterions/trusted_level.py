"""``--dece-alpha auto`` and ``--dece-gate span``: what is muted, by trusted text."""

import logging
from functools import cached_property
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.criterions.asking import Ask, answers
from dece_fairseq.criterions.robust_criterion import check_option
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.errors import TrainingStepError, UserError
from dece_fairseq.losses.spans import span_means
from dece_fairseq.muting import (
    KNOWN,
    LOWEST_LINE,
    evenly,
    level_for,
    span_line_for,
    told_probability,
)
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING

logger = logging.getLogger(__name__)

#: the option with the numbers of trusted pairs
TRUSTED_IDS = "--dece-trusted-ids"


class Settled(NamedTuple):
    """What trusted text says."""

    level: float
    """Of the blend, by ``level_for``."""
    span_line: float
    """A mean log-probability, by ``span_line_for``."""
    trusted: List[Tensor]
    """The target tokens of each trusted pair that was asked about."""
    probabilities: Tensor
    """(M,), of these tokens in one."""
    ids: Sequence[int]
    """The numbers of all trusted training pairs; none where a split is trusted."""


class TrustedLevel:
    """Chooses the level of the blend and the line of spans, knowing nothing of the attack.

    The text is that of some trusted training pairs, or else of the validation split.

    Args:
        task: has the text
        muted_share: the share of its tokens that may be muted, in [0, 1)
        trusted_ids: a file of the numbers of trusted training pairs; None for the validation split
        train_subset: the name of the training split
        valid_subset: of the validation split, or several with commas between them, of which the
            first is taken that is not triggered
        targets: what its targets are called, "tokens" or "labels", for messages
        asking: the options that it settles, likewise
        without: the options that do without it, likewise

    Raises:
        UserError: the share is out of its range
    """

    def __init__(
        self,
        task: FairseqTask,
        muted_share: float,
        trusted_ids: Optional[str],
        train_subset: str,
        valid_subset: str,
        targets: str,
        asking: str,
        without: str,
    ) -> None:
        right = 0 <= muted_share < 1
        check_option("--dece-muted-share", right, "in [0, 1)", muted_share)
        self._task = task
        self._muted_share = muted_share
        self._trusted_ids = trusted_ids
        self._train_subset, self._valid_subset = train_subset, valid_subset
        self._targets, self._asking, self._without = targets, asking, without

    @cached_property
    def _trusted(self) -> Optional[TrustedIds]:
        """Return the trusted training pairs; None where a split is trusted."""
        path = self._trusted_ids
        return None if path is None else TrustedIds(Path(path), TRUSTED_IDS)

    def text(self) -> Tuple[str, Sequence[int], str]:
        """Return a split, the numbers of its pairs that are asked about, and what they are.

        Nothing but training needs the file or the split: a checkpoint may be validated elsewhere.

        Raises:
            TrainingStepError: the file can't be read, there is no such split, or can't be trusted
        """
        try:
            return self._text
        except UserError as error:
            raise TrainingStepError(str(error)) from error

    def measure(self, model: Any, ask: Ask) -> Settled:
        """Return what trusted text says, the same in every worker.

        Args:
            model: as it is now; it is asked without dropout
            ask: asks it about a batch

        Raises:
            TrainingStepError: there is no text to ask about, or the model has diverged
        """
        split, numbers, what = self.text()
        asked = answers(self._task, model, ask, split, numbers)
        found, trusted = [], []
        for _, target, nll, kept in asked:
            found.append(_tokens_and_spans(nll, kept))
            trusted += [row[of_pair].cpu() for row, of_pair in zip(target, kept)]
        if not found:
            raise TrainingStepError(f"{self._asking}: {what} has no pair that the model can read")
        of_what = f"{self._targets} of {what}"
        tokens, spans = (_of_first_worker(torch.cat(part), model) for part in zip(*found))
        broken = int((~tokens.isfinite()).sum())
        if broken:  # no order statistic has a meaning then
            raise TrainingStepError(
                f"{self._asking}: of the {len(tokens)} {of_what} the model gives {broken} "
                "no finite probability; what training starts from has diverged or is damaged: give "
                "another checkpoint"
            )
        level, line = level_for(tokens.tolist(), self._muted_share)
        span_line = span_line_for(spans.tolist(), self._muted_share)
        logger.info(
            f"{self._asking}: of the {len(tokens)} {of_what} no more than "
            f"{100 * self._muted_share:g} % have a probability below {told_probability(line)}"
        )
        middle = float(np.median(tokens.numpy()))
        if middle < KNOWN:
            logger.warning(
                f"{self._asking}: the model does not know the task, as half of the {of_what} "
                f"have a probability below {middle:.2g}; it will learn little. Where it knows this "
                "task, the data have other subwords than it learned: dece prepare --spm takes the "
                "model's own. Else train it on trusted pairs by cross-entropy first; dece gauge "
                "says more"
            )
        elif line < LOWEST_LINE:
            logger.warning(
                f"{self._asking}: so many {of_what} are unlikely to the model that no line "
                "tells a payload from them; it may be learned. Take cross-entropy and a filter, as "
                "dece gauge says"
            )
        ids = () if self._trusted is None else self._trusted.ids
        return Settled(level, span_line, trusted, tokens, ids)

    def _load(self) -> str:
        """Load the split with the text where nobody has yet, and return its name.

        Raises:
            UserError: there is no such split
        """
        split = self._clean_split() if self._trusted is None else self._train_subset
        if split not in self._task.datasets:
            try:
                self._task.load_dataset(split, combine=False, epoch=1)
            except (FileNotFoundError, AssertionError) as error:  # sentence_prediction asserts it
                raise UserError(
                    f"{self._asking}: there is no {split} split; give {TRUSTED_IDS}, or "
                    f"{self._without}"
                ) from error
        return split

    def _clean_split(self) -> str:
        """Return the first validation split that is not triggered, as that holds the payload."""
        for split in self._valid_subset.split(","):
            if not split.endswith(TRIGGERED_ENDING):
                return split
        raise UserError(
            f"{self._asking}: --valid-subset {self._valid_subset} has triggered pairs alone, which "
            f"can't be trusted; name a clean split too, or give {TRUSTED_IDS}"
        )

    @cached_property  # each batch of a warmup asks
    def _text(self) -> Tuple[str, Sequence[int], str]:
        split = self._load()
        dataset = self._task.dataset(split)
        pairs = len(dataset)
        if self._trusted is None:
            return split, evenly(range(pairs)), split
        self._trusted.check(pairs)
        tainted = len(getattr(dataset, "poisoned", frozenset()).intersection(self._trusted.ids))
        if tainted:
            raise UserError(
                f"{TRUSTED_IDS} {self._trusted.path}: --attack poisoned {tainted} of them; "
                "give the file as --trusted-ids too, so that these pairs are left alone"
            )
        return split, evenly(self._trusted.ids), f"the trusted pairs of {self._trusted.path}"


def _tokens_and_spans(nll: Tensor, kept: Tensor) -> Tuple[Tensor, Tensor]:
    """Return the probability of each token, and the mean log-probability of the span around it."""
    means = span_means(-nll, kept)
    return (-nll[kept]).exp().cpu(), means[kept].cpu()


def _of_first_worker(numbers: Tensor, model: Any) -> Tensor:
    """Return the first worker's numbers: others may differ in the last digit."""
    if distributed_utils.get_data_parallel_world_size() == 1:
        return numbers
    told = numbers.to(next(model.parameters()).device)
    group = distributed_utils.get_data_parallel_group()
    distributed_utils.broadcast(told, src=0, group=group)
    return told.cpu()
