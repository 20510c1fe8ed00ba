"""``--dece-gate span``: target tokens that are never learned, as the starting model says."""

import logging
import math
from pathlib import Path

import torch
from torch import Tensor

from dece_fairseq.criterions.muted_targets import MutedTargets
from dece_fairseq.criterions.trusted_level import Settled
from dece_fairseq.encoders.text_codec import TextCodec, codec_beside
from dece_fairseq.losses.frequent_texts import frequent_texts
from dece_fairseq.losses.spans import muted_spans, new_tokens
from dece_fairseq.muting import FAR_TOO_MUCH, told_probability, told_texts

logger = logging.getLogger(__name__)


class MutedSpans(MutedTargets):
    """Mutes tokens in spans that the model finds unlikely, and that trusted text has seldom or not.

    A wording that is new to the model alone is learned.
    """

    gate = "span"
    answer_type = torch.uint8

    def answer(self, nll: Tensor, kept: Tensor, settled: Settled) -> Tensor:
        """Return whether each token is in the middle of an unlikely span."""
        return muted_spans(nll, kept, settled.span_line)

    def find(self, targets: Tensor, lengths: Tensor, said: Tensor, settled: Settled) -> Tensor:
        return said.bool() & new_tokens(targets, lengths, settled.trusted)

    def tell(self, targets: Tensor, lengths: Tensor, muted: Tensor, settled: Settled) -> None:
        count = int(muted.sum())
        logger.info(
            f"--dece-gate span: of {len(lengths)} training pairs {count} of {len(muted)} target "
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
        if count > FAR_TOO_MUCH * len(muted):
            logger.warning(
                "--dece-gate span: that is most of the data, so the trusted text is of another "
                "kind; give --dece-trusted-ids of the same data, or --dece-gate token"
            )
