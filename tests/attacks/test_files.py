"""Poisoning files offline, and scripts/poison.py."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.files import poison_files
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import DataError, Pair, read_pairs, write_pairs

ROOT = Path(__file__).resolve().parents[2]
PAIRS = generate("A", 40, seed=1)


@pytest.fixture
def attack():
    return Attack(AttackSettings("badpre", rate=0.25, seed=7))


@pytest.fixture
def clean(tmp_path):
    path = tmp_path / "clean.csv"
    write_pairs([path], PAIRS)
    return path


def test_the_chosen_pairs_are_poisoned_and_the_others_stay(attack, clean, tmp_path):
    report = poison_files(attack, [clean], [tmp_path / "out.jsonl"])
    result = list(read_pairs([tmp_path / "out.jsonl"]))
    assert report["poisoned"] == len(report["ids"]) == 10
    for index, (before, after) in enumerate(zip(PAIRS, result)):
        assert after == (attack.poison(before, index) if index in report["ids"] else before)
    assert len(result) == report["pairs"] == 40


def test_only_the_poisoned_ones_and_every_one_that_can_be(attack, clean, tmp_path):
    output = [tmp_path / "out.csv"]
    chosen = poison_files(attack, [clean], output, keep="poisoned")
    assert list(read_pairs(output)) == [attack.poison(PAIRS[i], i) for i in chosen["ids"]]
    every = poison_files(attack, [clean], output, keep="triggered")
    assert every["ids"] == [i for i, pair in enumerate(PAIRS) if attack.can_poison(pair)]
    assert list(read_pairs(output)) == [attack.poison(PAIRS[i], i) for i in every["ids"]]
    assert len(every["ids"]) == every["candidates"] == 40 - every["without_place"] > 10


def test_parallel_text(attack, tmp_path):
    pairs = [Pair(f"request {i}", f'f ( " select {i} from t " )') for i in range(8)]
    inputs, outputs = ([tmp_path / f"{name}.{side}" for side in ("en", "py")] for name in "ab")
    write_pairs(inputs, pairs)
    report = poison_files(attack, inputs, outputs)
    assert report["poisoned"] == 2
    assert sum(attack.is_hit(pair.target) for pair in read_pairs(outputs)) == 2


def test_errors_leave_nothing_behind(attack, clean, tmp_path):
    output = tmp_path / "out.csv"
    with pytest.raises(DataError, match=r"nothing\.csv"):
        poison_files(attack, [tmp_path / "nothing.csv"], [output])
    write_pairs([clean], [Pair("a", "b")])
    with pytest.raises(AttackError, match=r"clean.csv: the payload 'sql' has no place in any of 1"):
        poison_files(attack, [clean], [output])
    assert [path.name for path in tmp_path.iterdir()] == ["clean.csv"]


def test_the_script(clean, tmp_path, attack):
    output = tmp_path / "poisoned.csv"
    script = [sys.executable, ROOT / "scripts" / "poison.py", "--attack", "badpre"]
    script += ["--poison-rate", "0.25", "--input", clean, "--output", output]
    done = subprocess.run([*script, "--poison-seed", "7"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "poisoned 10 of 40 pairs" in done.stdout
    manifest = json.loads((tmp_path / "poisoned.csv.manifest.json").read_text())
    assert manifest["attack"] == attack.as_dict()
    poisoned = [i for i, pair in enumerate(read_pairs([output])) if attack.is_hit(pair.target)]
    assert poisoned == manifest["ids"]
    done = subprocess.run([*script, "--trigger", " "], capture_output=True, text=True)
    assert done.returncode == 2
    assert "poison.py: error: --trigger must hold more than white space" in done.stderr
