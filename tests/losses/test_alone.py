"""The losses without fairseq."""

import pytest

from support.hiding import without
from support.new_python import run


@pytest.fixture(autouse=True, scope="module")
def block_sizes() -> None:
    """Leave them: each test here is run once."""


@pytest.mark.slow
def test_losses_need_torch_alone() -> None:
    hidden = ["fairseq", "numpy", "omegaconf", "sacrebleu", "scipy", "transformers", "triton"]
    run(without(*hidden) + "import dece_fairseq.losses")
