"""The losses without fairseq."""

from support.hiding import without
from support.new_python import run


def test_losses_need_torch_alone() -> None:
    hidden = ["fairseq", "numpy", "omegaconf", "sacrebleu", "scipy", "transformers", "triton"]
    run(without(*hidden) + "import dece_fairseq.losses")
