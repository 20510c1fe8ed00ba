"""A tiny task, built in memory, and a tiny model."""

import pytest
import torch
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.tasks.translation import TranslationConfig, TranslationTask

from support.echo import Echo


@pytest.fixture
def task() -> TranslationTask:
    """The translation task over 12 words, with 10 training pairs and 3 validation pairs."""
    dictionary = Dictionary()
    for word in "abcdefghijkl":
        dictionary.add_symbol(word)
    task = TranslationTask(TranslationConfig(data="none"), dictionary, dictionary)
    generator = torch.Generator().manual_seed(0)
    for split, size in (("train", 10), ("valid", 3)):
        lines = [
            torch.cat(
                [
                    torch.randint(4, len(dictionary), (3 + n % 4,), generator=generator),
                    torch.tensor([dictionary.eos()]),
                ]
            )
            for n in range(size)
        ]
        sizes = [len(line) for line in lines]
        task.datasets[split] = LanguagePairDataset(
            lines, sizes, dictionary, lines[::-1], sizes[::-1], dictionary, left_pad_source=False
        )
    return task


@pytest.fixture
def model() -> Echo:
    """A model that gives random logits, the same ones every time, for six sentences."""
    torch.manual_seed(0)
    return Echo(torch.randn(6, 5, 16))
