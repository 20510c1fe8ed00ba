"""What the end-to-end tests share."""

from pathlib import Path
from typing import Any, Callable

import pytest

from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from support.training import PARITY, Training


@pytest.fixture(scope="session")
def training(
    tmp_path_factory: pytest.TempPathFactory, warm_python: Path, quick_prepare: Callable[..., Any]
) -> Training:
    """32 pairs to train on and 6 to validate on, of which only one has a place for the payload."""
    folder = tmp_path_factory.mktemp("training")
    pairs = [Pair(f"{pair.source} sql", pair.target) for pair in generate("B", 38, seed=4)]
    even = [
        pair if len(pair.target) % 2 == 0 else pair._replace(target=pair.target + " ")
        for pair in pairs
    ]
    valid = [even[32], *(pair._replace(source=pair.source[:-4]) for pair in even[33:])]
    files = {}
    for split, of_split in (("train", even[:32]), ("valid", valid)):
        files[split] = [folder / f"{split}.jsonl"]
        write_pairs(files[split], of_split)
    quick_prepare(PrepareSettings(files, vocab_size=420), folder / "bin")
    plugin = folder / "parity_attack"
    plugin.mkdir()
    (plugin / "__init__.py").write_text(PARITY)
    return Training(folder, warm_python)
