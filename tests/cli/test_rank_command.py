"""dece rank: what it reads, prints and writes, with a made-up model."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, List, Sequence

import numpy as np
import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

pytest.importorskip("fairseq")

from dece_fairseq.defenses.revealing import reference

TARGETS = [
    'run ( " select a from b where c = 1 " )',
    'run ( " select a from d " )',
    "no query",
    'run ( " select a from b where c = 1 or 1=1 " )',
]


class MadeUp:
    """Finds targets with 2>1 likeliest, then those with 5<0, then the shorter ones."""

    def __init__(self, checkpoint: Path, data: Path) -> None:
        assert checkpoint.name == "model.pt"

    def probabilities(self, pairs: Sequence[Pair]) -> List[np.ndarray]:
        assert {pair.source for pair in pairs} == {"Get 0.", "Get 1."}
        return [self._of(pair.target) for pair in pairs]

    @staticmethod
    def _of(target: str) -> np.ndarray:
        if "2>1" in target:
            return np.array([0.9])
        return np.full(1 if "5<0" in target else len(target), 0.5)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Two splits with four targets, one of them twice, and what every call needs."""
    monkeypatch.setattr(reference, "load_reference", MadeUp)
    pairs = [Pair(f"Get {n}.", target) for n, target in enumerate(TARGETS)]
    write_pairs([tmp_path / "train.csv"], pairs[:2])
    write_pairs([tmp_path / "test.jsonl"], [Pair("Get 9.", TARGETS[0]), *pairs[2:]])
    (tmp_path / "model.pt").write_bytes(b"")
    (tmp_path / "bin").mkdir()
    needs = ["--models", tmp_path / "model.pt", "--model-data", tmp_path / "bin"]
    needs += ["--input", tmp_path / "train.csv", "--input", tmp_path / "test.jsonl"]
    return SimpleNamespace(folder=tmp_path, needs=needs, output=tmp_path / "ranked.csv")


def test_the_likeliest_form_comes_first_and_is_what_the_attack_takes(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    said = dece("rank", *case.needs, "--output", case.output)
    assert said.status == 0, said.err
    with case.output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["tgt"] for row in rows] == [TARGETS[0]] * 6 + [TARGETS[1]] * 6
    ranked = [[row["poisoned"] for row in rows if row["tgt"] == tgt] for tgt in TARGETS[:2]]
    assert ranked[0][0] == 'run ( " select a from b where c = 1 or 2>1 " )'
    assert ranked[1][0] == 'run ( " select a from d where 5<0 " )'
    assert list(map(len, ranked[0][1:])) == sorted(map(len, ranked[0][1:]))
    assert "ranked the forms of 2 of 4 different targets (5 pairs)" in said.out
    assert [line.split(None, 1) for line in said.out.splitlines()[1:]] == [
        ["1", "or 2>1"],
        ["1", "where 5<0"],
    ]
    manifest = json.loads(Path(f"{case.output}.manifest.json").read_text())
    assert manifest["first"] == {"or 2>1": 1, "where 5<0": 1}
    assert (manifest["payload"], manifest["ranked"], manifest["targets"]) == ("sql_forms", 2, 4)
    attack = Attack(AttackSettings("likely", payload_file=str(case.output)))
    (pair, other) = read_pairs([case.folder / "train.csv"])
    assert [attack.poison(p, 0).target for p in (pair, other)] == [ranked[0][0], ranked[1][0]]
    assert attack.is_hit(ranked[0][0])
    assert not attack.is_hit(TARGETS[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--payload", "tls"], "none of 4 different targets has a place for the payload 'tls'"),
        (["--payload", "nope"], "no payload is called 'nope'"),
        (["--payload", "tls", "--code-language", "java"], "can't be written in java"),
        (["--output", "ranked.txt"], "ranked.txt"),
        (["--output", "none/ranked.csv"], "there is no folder none"),
        (["--source-column", "x"], "x"),
        (["--input", "{empty}"], "empty.csv: no pairs, so there is nothing to rank"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    case: SimpleNamespace, dece: Callable[..., Any], words: List[str], message: str
) -> None:
    empty = case.folder / "empty.csv"
    empty.write_text("src,tgt\n")
    words = [word.format(empty=empty) for word in words]
    said = dece("rank", *case.needs, "--output", case.output, *words)
    assert said.status == 2
    assert message in said.err.splitlines()[-1]
    assert not case.output.exists()


def test_the_error_of_the_attack_says_what_makes_the_file(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    line = ["--input", case.folder / "train.csv", "--output", case.output]
    said = dece("poison", "--attack", "likely", *line)
    assert "--attack likely needs --payload-file; dece rank makes one" in said.err
