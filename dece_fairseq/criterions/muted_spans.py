"""``--dece-gate span``: target tokens that are never learned, as the starting model says."""

import logging
import math
from pathlib import Path
from typing import Any, List, Sequence, Tuple

import numpy as np
import torch
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask
from torch import Tensor
from tqdm import tqdm

from dece_fairseq.criterions.asking import Ask, answers
from dece_fairseq.criterions.pair_numbers import check_one_folder
from dece_fairseq.criterions.training_clock import TrainingClock
from dece_fairseq.criterions.trusted_level import Settled
from dece_fairseq.encoders.text_codec import TextCodec, codec_beside
from dece_fairseq.errors import TrainingStepError
from dece_fairseq.losses.frequent_texts import frequent_texts
from dece_fairseq.losses.spans import muted_spans, new_tokens
from dece_fairseq.muting import FAR_TOO_MUCH, told_probability, told_texts

logger = logging.getLogger(__name__)

#: the name of what is muted in what checkpoints keep
MUTED = "dece_muted"


class MutedSpans:
    """Knows of every training pair which target tokens are muted.

    They are those in spans that the model finds unlikely, and that trusted text has not, or seldom:
    a wording that is new to the model alone is learned. They are found once, before the model meets
    the doubtful pairs. A gate by the running model would have a token that the model unlearns by
    chance muted too, and so never learned again. Checkpoints keep a bit a token, so that a resumed
    training mutes the same ones.

    Args:
        task: has the training pairs
        train_subset: the name of their split

    Raises:
        UserError: the training data are several folders, whose pairs have the same numbers
    """

    def __init__(self, task: FairseqTask, train_subset: str) -> None:
        way_out = "train on one folder, or give --dece-gate token"
        check_one_folder(task, "--dece-gate span", way_out)
        self._task = task
        self._split = train_subset
        self._clock = TrainingClock.of(task)
        self._bits = np.zeros(0, bool)  # of all pairs, and where each ends; read from what is kept
        self._ends: List[int] = []

    def measure(self, model: Any, ask: Ask, settled: Settled) -> None:
        """Find what is muted, each worker a part; all know the whole then.

        Args:
            model: as it is now; it is asked without dropout
            ask: asks it about a batch
            settled: what trusted text says; in trusted training pairs nothing is muted
        """
        lengths, targets, unlikely = self._asked(model, ask, settled.span_line)
        is_trusted = torch.zeros(len(lengths), dtype=torch.bool)
        is_trusted[list(settled.ids)] = True
        doubtful = torch.repeat_interleave(~is_trusted, lengths)
        is_new = new_tokens(targets[doubtful], lengths[~is_trusted], settled.trusted)
        muted = torch.zeros_like(doubtful)
        muted[doubtful] = unlikely[doubtful] & is_new
        bits = muted.numpy()
        count = int(bits.sum(dtype=int))
        packed = torch.from_numpy(np.packbits(bits))
        self._clock.kept[MUTED] = {"lengths": lengths.int(), "bits": packed}
        logger.info(
            f"--dece-gate span: of {len(lengths)} training pairs {count} of {len(bits)} target "
            "tokens are never learned: those around have a probability below "
            f"{told_probability(math.exp(settled.span_line))} on average, and trusted text has "
            "them seldom or not"
        )
        codec = codec_beside(Path(self._task.cfg.data)) or TextCodec()
        texts = [
            (codec.decode(text.tokens, self._task.target_dictionary), text.sequences)
            for text in frequent_texts(targets, lengths, muted)
        ]
        if texts:
            logger.info(
                f"--dece-gate span: most often that is {told_texts(texts)}: a payload, or a "
                "wording that trusted text has not. dece reveal tells more"
            )
        if count > FAR_TOO_MUCH * len(bits):
            logger.warning(
                "--dece-gate span: that is most of the data, so the trusted text is of another "
                "kind; give --dece-trusted-ids of the same data, or --dece-gate token"
            )

    def _asked(self, model: Any, ask: Ask, line: float) -> Tuple[Tensor, Tensor, Tensor]:
        """Return what the model says of all pairs, of which each worker asks a part.

        Returns:
            how many target tokens each pair has, (P,), int64; the tokens of all pairs in one, (N,),
            int32; which of them are in a span whose mean log-probability is below the line, (N,)
        """
        size = distributed_utils.get_data_parallel_world_size()
        rank = distributed_utils.get_data_parallel_rank() if size > 1 else 0
        pairs = len(self._task.dataset(self._split))
        numbers = range(rank, pairs, size)
        lengths = torch.zeros(pairs, dtype=torch.int32)
        found: List[Tuple[Tensor, Tensor, Tensor]] = []
        with tqdm(total=len(numbers), desc="spans", unit=" pairs", delay=2) as bar:
            for ids, target, nll, kept in answers(self._task, model, ask, self._split, numbers):
                unlikely = muted_spans(nll, kept, line)
                ids = ids.cpu()
                lengths[ids] = kept.sum(1, dtype=torch.int32).cpu()
                found.append((ids, target[kept].int().cpu(), unlikely[kept].cpu()))
                bar.update(len(ids))
        device = next(model.parameters()).device
        sizes = _summed(lengths, device).long()
        starts = sizes.cumsum(0) - sizes
        targets = torch.zeros(int(sizes.sum()), dtype=torch.int32)
        flags = torch.zeros(len(targets), dtype=torch.uint8)
        for ids, tokens, unlikely in found:
            own = sizes[ids]
            moved = starts[ids] - (own.cumsum(0) - own)  # from the place in the batch
            places = torch.arange(len(tokens)) + torch.repeat_interleave(moved, own)
            targets[places] = tokens
            flags[places] = unlikely.to(torch.uint8)
        return sizes, _summed(targets, device), _summed(flags, device).bool()

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
