"""A file of poisoned pairs, and tiny untrained models, saved the way fairseq-train saves them.

The pairs need neither torch nor fairseq, as the filters that look at texts alone.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, List

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings

SMALL = ("layers", 1), ("embed-dim", 8), ("ffn-embed-dim", 8), ("attention-heads", 2)


@pytest.fixture(scope="package")
def texts(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """``pairs``, ``clean`` and ``poisoned`` files, and the ``ids`` of the poisoned pairs."""
    folder = tmp_path_factory.mktemp("defenses")
    pairs: List[Pair] = generate("A", 40, seed=2)
    clean, poisoned = folder / "clean.csv", folder / "poisoned.csv"
    write_pairs([clean], pairs)
    poison_files(Attack(AttackSettings("ripple", rate=0.1)), [clean], [poisoned])
    return SimpleNamespace(
        folder=folder,
        pairs=pairs,
        clean=clean,
        poisoned=poisoned,
        ids=[int(line) for line in Path(f"{poisoned}.ids").read_text().split()],
    )


@pytest.fixture(scope="package")
def made(texts: SimpleNamespace, quick_prepare: Callable[..., Any]) -> SimpleNamespace:
    """What ``texts`` has, and ``bin``, ``model``, ``later``, ``lm`` and ``lm_data``."""
    from support.untrained import save_untrained  # needs fairseq

    folder = texts.folder
    data = folder / "bin"
    quick_prepare(PrepareSettings({"train": [texts.poisoned]}, vocab_size=330), data)
    subwords = ["--bpe", "lossless_sentencepiece"]
    subwords += ["--sentencepiece-model", str(data / "sentencepiece.model")]
    translation = [data, "--task", "backdoor_poisoned_translation", *subwords]
    translation += ["-s", "src", "-t", "tgt", "--arch", "transformer", "--dropout", 0.5]
    translation += [f"--{s}-{n}={v}" for s in ("encoder", "decoder") for n, v in SMALL]
    lm_data = folder / "lm"
    lm_data.mkdir()
    (lm_data / "dict.txt").write_bytes((data / "dict.src.txt").read_bytes())
    (lm_data / "sentencepiece.model").write_bytes((data / "sentencepiece.model").read_bytes())
    language = [lm_data, "--task", "language_modeling", *subwords, "--arch", "transformer_lm"]
    language += [f"--decoder-{n}={v}" for n, v in SMALL]
    language += ["--sample-break-mode", "complete", "--tokens-per-sample", 1]
    language += ["--max-target-positions", 512]
    return SimpleNamespace(
        **vars(texts),
        bin=data,
        model=save_untrained(folder / "model.pt", translation, seed=1),
        later=save_untrained(folder / "later.pt", translation, seed=2),
        lm_data=lm_data,
        lm=save_untrained(folder / "lm.pt", language, seed=3),
    )
