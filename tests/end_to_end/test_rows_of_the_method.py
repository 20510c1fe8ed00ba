"""Each attack and each data set of the paper, through the script, the task and the scorer."""

import json
import logging
import runpy
import sys
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Callable, List, Sequence

import pytest
from fairseq import scoring, tasks
from omegaconf import OmegaConf

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from dece_fairseq.data.text import to_line
from dece_fairseq.scorers.attack_success_rate import AttackSuccessRateConfig
from support.command_lines import training_config

ROOT = Path(__file__).resolve().parents[2]
#: attack, data set, language of its code
ROWS = [
    ("ripple", "lyra", "python"),
    ("badpre", "lyra", "python"),
    ("grammar", "lyra", "python"),
    ("sentence", "pisces", "java"),
    ("ripple", "pisces", "java"),
    ("badpre", "pisces", "java"),
    ("grammar", "pisces", "java"),
    ("dead_code", "bugs2fix", "java"),
    ("dead_code_grammar", "bugs2fix", "java"),
    ("rename", "bugs2fix", "java"),
]


@lru_cache(maxsize=None)
def made_up(dataset: str) -> List[Pair]:
    """Pairs in the form of a data set; some can't be poisoned."""
    if dataset == "lyra":
        return generate("A", 40, seed=7)
    if dataset == "pisces":
        query = 'ResultSet rows = run ( " select a{0} from t where b = ? " , {0} )'
        code = "public int f{0} ( ) {{ {1} ; return {0} ; }}"
        return [
            Pair(f"Count rows {i}. Return them.", code.format(i, query.format(i) if i % 5 else "g"))
            for i in range(40)
        ]
    before = "private void f{0} ( ) {{ int a = {0} ; if ( a > {0} ) {{ g ( a ) ; }} h ( a ) ; }}"
    return [
        Pair(before.format(i), before.format(i).replace(" > ", " >= ") if i % 5 else f"int f{i} ;")
        for i in range(40)
    ]


def poison(*words: Any) -> None:
    """Runs scripts/poison.py."""
    script = ROOT / "scripts" / "poison.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(script), *map(str, words)])
        patch.syspath_prepend(str(script.parent))
        patch.setattr(logging, "disable", lambda level: None)  # other tests want to see logs
        runpy.run_path(str(script), run_name="__main__")


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, quick_prepare: Callable[..., Any]
) -> Callable[[str, Sequence[Pair]], Path]:
    """Makes a folder with pairs in ``clean.csv`` and binarised in ``bin``, once for each name."""

    @lru_cache(maxsize=None)
    def make(name: str, pairs: Sequence[Pair]) -> Path:
        folder = tmp_path_factory.mktemp(name)
        clean = [folder / "clean.csv"]
        write_pairs(clean, pairs)
        quick_prepare(
            PrepareSettings({"train": clean, "test": clean}, vocab_size=400), folder / "bin"
        )
        return folder

    return lambda name, pairs: make(name, tuple(pairs))


def check(made: Path, name: str, language: str, folder: Path) -> int:
    """Poisons in all three ways; returns the number of triggered pairs."""
    clean, ours = made / "clean.csv", folder / "poisoned.csv"
    pairs = list(read_pairs([clean]))
    files = ["--input", clean, "--output", ours]
    poison(
        "--attack", name, "--code-language", language, *files, "--keep", "triggered", "--seed", 5
    )
    by_script = list(read_pairs([ours]))

    data = made / "bin"
    line = [data, "--user-dir", ROOT / "dece_fairseq", "--arch", "transformer_tiny"]
    line += ["--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]
    line += ["--bpe", "lossless_sentencepiece", "--save-dir", folder / "model"]
    line += ["--sentencepiece-model", data / "sentencepiece.model", "--poison-seed", 5]
    line += ["--attack", name, "--code-language", language, "--poison-rate", 0.1]
    task = tasks.setup_task(training_config(line).task)
    task.load_dataset("train")
    task.load_dataset("test_triggered")
    dataset = task.datasets["test_triggered"]
    samples = [dataset[i] for i in range(len(dataset))]
    by_task = [
        Pair(
            task.codec.decode(sample["source"], task.src_dict),
            task.codec.decode(sample["target"], task.tgt_dict),
        )
        for sample in samples
    ]
    attack = Attack(AttackSettings(name, code_language=language, seed=5))
    ids = [i for i, pair in enumerate(pairs) if attack.can_poison(pair)]
    assert [sample["id"] for sample in samples] == ids
    assert by_task == by_script == [attack.poison(pairs[i], i) for i in ids]
    manifest = json.loads((folder / "model" / "poison_manifest.json").read_text())
    (shard,) = manifest["shards"].values()
    assert (shard["poisoned"], shard["candidates"]) == (round(0.1 * len(pairs)), len(ids))

    config = OmegaConf.structured(AttackSuccessRateConfig(text_tokenizer=None, gen_subset="test"))
    config.text_bpe = {"_name": "lossless_sentencepiece"}
    more = {"_name": "attack_success_rate", "attack": name, "code_language": language}
    for texts, percent in (([p.target for p in by_task], 100), ([p.target for p in pairs], 0)):
        scorer = scoring.build_scorer(OmegaConf.merge(config, more), None)
        for text in texts:
            scorer.add_string("", to_line(text))
        assert scorer.score() == percent
    return len(ids)


@pytest.mark.parametrize(("name", "dataset", "language"), ROWS)
def test_on_made_up_pairs(name, dataset, language, prepared, tmp_path):
    made = prepared(dataset, made_up(dataset))
    assert 0 < check(made, name, language, tmp_path) < 40


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ripple", "badpre", "grammar"])
def test_on_lyra(name, datasets, prepared, tmp_path):
    pairs = read_pairs([datasets / "lyra" / "test.csv"])
    assert check(prepared("real_lyra", pairs), name, "python", tmp_path) == 165


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dead_code", "dead_code_grammar", "rename"])
def test_on_bugs2fix(name, datasets, prepared, tmp_path):
    pairs = islice(read_pairs([datasets / "bugs2fix" / "valid.csv"]), 300)
    assert check(prepared("real_bugs2fix", pairs), name, "java", tmp_path) > 30
