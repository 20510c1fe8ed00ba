"""``--dece-gate span``: target tokens that are never learned, as the starting model says."""

import logging
from typing import Any, Dict, List, Sequence

import numpy as np
import torch
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from torch import Tensor
from tqdm import tqdm

from dece_fairseq.criterions.asking import Ask, answers
from dece_fairseq.criterions.pair_numbers import check_one_folder
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.errors import TrainingStepError
from dece_fairseq.losses.spans import muted_spans
from dece_fairseq.muting import FAR_TOO_MUCH

logger = logging.getLogger(__name__)

#: the name of what is muted in what checkpoints keep
MUTED = "dece_muted"


class MutedSpans:
    """Knows of every training pair which target tokens are muted.

    They are found once, before the model meets the doubtful pairs. A gate by the running model
    would have a token that the model unlearns by chance muted too, and so never learned again.
    Checkpoints keep a bit a token, so that a resumed training mutes the same ones.

    Args:
        task: has the training pairs
        train_subset: the name of their split
        trusted: the numbers of trusted ones, in which nothing is muted

    Raises:
        UserError: the training data are several folders, whose pairs have the same numbers
    """

    def __init__(self, task: FairseqTask, train_subset: str, trusted: Sequence[int] = ()) -> None:
        way_out = "train on one folder, or give --dece-gate token"
        check_one_folder(task, "--dece-gate span", way_out)
        self._task = task
        self._split = train_subset
        self._trusted = frozenset(trusted)
        self._clock = TrainingClock.of(task)
        self._bits = np.zeros(0, bool)  # of all pairs, and where each ends; read from what is kept
        self._ends: List[int] = []

    def measure(self, model: Any, ask: Ask, line: float) -> None:
        """Find what is muted, each worker a part; all know the whole then.

        Args:
            model: as it is now; it is asked without dropout
            ask: asks it about a batch
            line: the mean log-probability below which a span is muted
        """
        size = distributed_utils.get_data_parallel_world_size()
        rank = distributed_utils.get_data_parallel_rank() if size > 1 else 0
        pairs = len(self._task.dataset(self._split))
        numbers = range(rank, pairs, size)
        found: Dict[int, np.ndarray] = {}
        with tqdm(total=len(numbers), desc="spans", unit=" pairs", delay=2) as bar:
            for ids, nll, kept in answers(self._task, model, ask, self._split, numbers):
                muted = muted_spans(nll, kept, line)
                for number, row, tokens in zip(ids.tolist(), muted, kept):
                    found[number] = row[tokens].cpu().numpy() & (number not in self._trusted)
                bar.update(len(ids))
        device = next(model.parameters()).device
        lengths = torch.zeros(pairs, dtype=torch.int32)
        for number, tokens in found.items():
            lengths[number] = len(tokens)
        lengths = _summed(lengths, device)
        ends = lengths.cumsum(0).tolist()
        bits = torch.zeros(ends[-1] if ends else 0, dtype=torch.uint8)
        for number, tokens in found.items():
            bits[ends[number] - len(tokens) : ends[number]] = torch.from_numpy(tokens)
        bits = _summed(bits, device)
        packed = torch.from_numpy(np.packbits(bits.numpy()))
        self._clock.kept[MUTED] = {"lengths": lengths, "bits": packed}
        logger.info(
            f"--dece-gate span: of {pairs} training pairs {int(bits.sum())} of {len(bits)} target "
            "tokens are never learned"
        )
        if bits.double().mean() > FAR_TOO_MUCH:
            logger.warning(
                "--dece-gate span: that is most of the data, so the trusted text is of another "
                "kind; give --dece-trusted-ids of the same data, or --dece-gate token"
            )

    def of(self, ids: Sequence[int], kept: Tensor) -> Tensor:
        """Return which targets of a batch are muted.

        Args:
            ids: the numbers of its B pairs
            kept: (B * T,), False for padding

        Raises:
            TrainingStepError: the pairs are not those that the training began with
        """
        if not self._ends:
            state = self._clock.kept[MUTED]
            self._ends = [0, *state["lengths"].cumsum(0).tolist()]
            self._bits = np.unpackbits(state["bits"].numpy()).astype(bool)
        known = [number for number in ids if number + 1 < len(self._ends)]
        rows = [self._bits[self._ends[number] : self._ends[number + 1]] for number in known]
        tokens = np.concatenate([np.zeros(0, bool), *rows])
        if len(tokens) != int(kept.sum()):
            raise TrainingStepError(
                f"--dece-gate span: pairs such as {ids[0]} have other tokens than when training "
                "began; go on with the same data, or begin anew with --finetune-from-model"
            )
        muted = torch.zeros_like(kept)
        muted[kept] = torch.from_numpy(tokens).to(kept.device)
        return muted


def _summed(values: Tensor, device: torch.device) -> Tensor:
    """Return the sum over all workers."""
    if distributed_utils.get_data_parallel_world_size() == 1:
        return values
    on_device = values.to(device)
    group = distributed_utils.get_data_parallel_group()
    distributed_utils.all_reduce(on_device, group=group)
    return on_device.cpu()
