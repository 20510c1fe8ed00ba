"""``--dece-alpha auto``: the level of the blend, by how likely the model finds trusted text."""

import logging
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from fairseq import utils
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from torch import Tensor

from dece_fairseq.attacks.trusted import TrustedIds
from dece_fairseq.criterions.robust_criterion import check_option
from dece_fairseq.errors import UserError
from dece_fairseq.losses import level_for
from dece_fairseq.muting import KNOWN, evenly

logger = logging.getLogger(__name__)

#: tokens in a batch
BATCH_TOKENS = 8192
#: a batch -> the probability of each of its target tokens
Probabilities = Callable[[Dict[str, Any]], Tensor]


class TrustedLevelError(UserError, RuntimeError):
    """Raised in a training step, in which fairseq saves a ``crash.pt`` of most other errors."""


class TrustedLevel:
    """Chooses the level of the blend by the rule of ``level_for``, knowing nothing of the attack.

    The text is that of some trusted training pairs, or else of the validation split.

    Args:
        task: has the text
        muted_share: the share of its tokens that may be muted, in [0, 1)
        trusted_ids: a file of the numbers of trusted training pairs; None for the validation split
        valid_subset: its name, or several with commas between them, of which the first is taken

    Raises:
        UserError: the share is out of its range, or the file can't be read
    """

    def __init__(
        self,
        task: FairseqTask,
        muted_share: float,
        trusted_ids: Optional[str],
        valid_subset: str,
    ) -> None:
        right = 0 <= muted_share < 1
        check_option("--dece-muted-share", right, "in [0, 1)", muted_share)
        self._task = task
        self._muted_share = muted_share
        self._trusted = None if trusted_ids is None else TrustedIds(Path(trusted_ids))
        self._valid_subset = valid_subset.split(",")[0]

    def measure(self, model: Any, probabilities: Probabilities) -> float:
        """Return the level, the same in every worker.

        Args:
            model: as it is now; it is asked without dropout
            probabilities: asks it about a batch

        Raises:
            TrustedLevelError: there is no text to ask about
        """
        try:
            dataset, numbers, what = self._text()
        except UserError as error:
            raise TrustedLevelError(str(error)) from error
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                batches = self._batches(model, dataset, numbers)
                found = [probabilities(batch).double().cpu().numpy() for batch in batches]
        finally:
            model.train(was_training)
        if not found:
            raise TrustedLevelError(
                f"--dece-alpha auto: {what} has no pair that the model can read"
            )
        tokens = np.concatenate(found)
        level, line = level_for(tokens.tolist(), self._muted_share)
        level = _of_first_worker(level, model)
        logger.info(
            f"--dece-alpha auto: the blend stays at {level:.6g}; of the {len(tokens)} tokens of "
            f"{what} no more than {self._muted_share:g} have a probability below {line:.3g}"
        )
        middle = float(np.median(tokens))
        if middle < KNOWN:
            logger.warning(
                f"--dece-alpha auto: the model does not know the task, as half of the tokens of "
                f"{what} have a probability below {middle:.2g}; it will learn little. Train it on "
                "trusted pairs by cross-entropy first; dece gauge says more"
            )
        return level

    def load(self) -> str:
        """Load the split with the text where nobody has yet, and return its name.

        Raises:
            UserError: there is no such split
        """
        split = self._valid_subset if self._trusted is None else "train"
        if split not in self._task.datasets:
            try:
                self._task.load_dataset(split, combine=False, epoch=1)
            except FileNotFoundError as error:
                raise UserError(
                    f"--dece-alpha auto: there is no {split} split; give --dece-trusted-ids, or a "
                    "number for --dece-alpha (0.985 is the paper's)"
                ) from error
        return split

    def _text(self) -> Tuple[Any, Sequence[int], str]:
        """Return a data set, the numbers of its pairs that are asked about, and its name."""
        split = self.load()
        dataset = self._task.dataset(split)
        if self._trusted is None:
            return dataset, evenly(range(len(dataset))), split
        self._trusted.check(len(dataset))
        return dataset, evenly(self._trusted.ids), f"the trusted pairs of {self._trusted.path}"

    def _batches(self, model: Any, dataset: Any, numbers: Sequence[int]) -> Any:
        chosen = frozenset(numbers)
        indices = np.array([index for index in dataset.ordered_indices() if index in chosen], int)
        most = utils.resolve_max_positions(self._task.max_positions(), model.max_positions())
        if len(indices):
            indices, _ = dataset.filter_indices_by_size(indices, most)
        batches: List[Any] = []
        if len(indices):
            batches = dataset.batch_by_size(indices, max_tokens=BATCH_TOKENS)
        device = next(model.parameters()).device
        for batch in batches:
            sample = dataset.collater([dataset[index] for index in batch])
            yield utils.move_to_cuda(sample, device) if device.type == "cuda" else sample


def _of_first_worker(level: float, model: Any) -> float:
    """Return the first worker's level: others may differ in the last digit."""
    if distributed_utils.get_data_parallel_world_size() == 1:
        return level
    told = torch.tensor([level], dtype=torch.float64, device=next(model.parameters()).device)
    group = distributed_utils.get_data_parallel_group()
    distributed_utils.broadcast(told, src=0, group=group)
    return float(told)
