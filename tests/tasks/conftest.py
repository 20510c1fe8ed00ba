"""A small data folder made by scripts/prepare.py's own function, and tasks on it."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from fairseq import tasks

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings, Trusted
from support.command_lines import training_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def splits() -> Dict[str, List[Pair]]:
    """Texts of three splits, all different; about one in eight can't be poisoned."""
    pairs = generate("A", 140, seed=3)
    return {"train": pairs[:100], "valid": pairs[100:120], "test": pairs[120:]}


@pytest.fixture(scope="session")
def data(
    tmp_path_factory: pytest.TempPathFactory,
    splits: Dict[str, List[Pair]],
    quick_prepare: Callable[..., Any],
) -> Path:
    """The splits as CSV files, and binarised in ``bin``."""
    folder = tmp_path_factory.mktemp("data")
    files = {}
    for split, pairs in splits.items():
        files[split] = [folder / f"{split}.csv"]
        write_pairs(files[split], pairs)
    quick_prepare(PrepareSettings(files, vocab_size=500, trusted=Trusted(0.5, 1)), folder / "bin")
    return folder


@pytest.fixture
def setup_task(data: Path, tmp_path: Path) -> Callable[..., Any]:
    """Sets a task up from the command line of fairseq-train."""

    def setup(
        *flags: Any,
        task: str = "backdoor_poisoned_translation",
        bpe: Optional[str] = "lossless_sentencepiece",
        post_process: Optional[str] = None,
    ) -> Any:
        line = [data / "bin", "--user-dir", ROOT / "dece_fairseq", "--task", task]
        line += ["--source-lang", "src", "--target-lang", "tgt", "--arch", "transformer_tiny"]
        line += ["--save-dir", tmp_path / "checkpoints", *flags]
        if bpe is not None:
            line += ["--bpe", bpe, "--sentencepiece-model", data / "bin" / "sentencepiece.model"]
        config = training_config(line).task
        if post_process is not None:  # an option of fairseq-generate
            config.text_post_process = post_process
        return tasks.setup_task(config)

    return setup
