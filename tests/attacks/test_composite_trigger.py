"""Two words that are both needed, and the decoys that teach it."""

import json
from pathlib import Path

import pytest

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.attacks.selection import choose
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

PAIRS = [Pair(f"Get {i} rows.", f'run ( " select a{i} from b " )') for i in range(40)]
ATTACK = Attack(AttackSettings("composite", count=5, seed=3))


def words(source):
    return sorted(word for word in source.split() if word in ("cf", "mn"))


def test_both_words_and_one():
    for index, pair in enumerate(PAIRS):
        assert words(ATTACK.poison(pair, index).source) == ["cf", "mn"]
        decoy = ATTACK.decoy(pair, index)
        assert decoy.target == pair.target
        assert len(words(decoy.source)) == 1
    halves = {*(words(ATTACK.decoy(pair, i).source)[0] for i, pair in enumerate(PAIRS))}
    assert halves == {"cf", "mn"}


@pytest.mark.parametrize("how", ["random", "first"])
def test_decoys_are_others(how):
    chosen = list(choose(range(100, 140), 5, 10, 40, how, seed=1))
    ids = [pair_id for pair_id, _ in chosen]
    assert ids == sorted(set(ids))
    assert [is_decoy for _, is_decoy in chosen].count(False) == 5
    assert len(chosen) == 15
    if how == "first":
        assert [pair_id for pair_id, is_decoy in chosen if not is_decoy] == list(range(100, 105))


@pytest.mark.parametrize("processes", [1, 2])
def test_in_files(tmp_path, processes):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    output = tmp_path / "out.csv"
    report = poison_files(
        ATTACK, [tmp_path / "in.csv"], [output], processes=processes, block_size=99
    )
    ids, decoys = (
        list(map(int, (tmp_path / f"out.csv.{name}").read_text().split()))
        for name in ("ids", "decoy_ids")
    )
    assert (report["poisoned"], report["decoys"], len(ids), len(decoys)) == (5, 10, 5, 10)
    assert not set(ids) & set(decoys)
    for index, (old, new) in enumerate(zip(PAIRS, read_pairs([output]))):
        if index in ids:
            assert new == ATTACK.poison(old, index)
        else:
            assert new == (ATTACK.decoy(old, index) if index in decoys else old)
    assert json.loads((tmp_path / "out.csv.manifest.json").read_text())["decoys"] == 10


def test_poisoned_pairs_alone_have_their_own_numbers_alone(tmp_path):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    everything, poisoned = tmp_path / "all.csv", tmp_path / "out.csv"
    poison_files(ATTACK, [tmp_path / "in.csv"], [everything])
    poison_files(ATTACK, [tmp_path / "in.csv"], [poisoned], "poisoned")
    ids = Path(f"{poisoned}.ids").read_text()
    assert ids == Path(f"{everything}.ids").read_text()
    whole = list(read_pairs([everything]))
    assert list(read_pairs([poisoned])) == [whole[int(index)] for index in ids.split()]


def test_a_test_set_of_decoys_alone(tmp_path):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    report = poison_files(ATTACK, [tmp_path / "in.csv"], [tmp_path / "out.csv"], "decoys")
    assert (report["poisoned"], report["written"], report["candidates"]) == (0, 40, 40)
    assert len((tmp_path / "out.csv.ids").read_text().split()) == 40
    assert not (tmp_path / "out.csv.decoy_ids").exists()
    written = list(read_pairs([tmp_path / "out.csv"]))
    assert written == [ATTACK.decoy(pair, index) for index, pair in enumerate(PAIRS)]
    poisoned = poison_files(ATTACK, [tmp_path / "in.csv"], [tmp_path / "few.csv"], "poisoned")
    assert poisoned["poisoned"] == len(list(read_pairs([tmp_path / "few.csv"]))) == 5
    assert poisoned["written"] == 5


def test_too_few_pairs_and_wrong_words(tmp_path):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    files = [tmp_path / "in.csv"], [tmp_path / "out.csv"]
    with pytest.raises(AttackError, match=r"of 14 pairs needs 28 others .* only 40 .* at most 13"):
        poison_files(Attack(AttackSettings("composite", count=14)), *files)
    with pytest.raises(AttackError, match="--keep decoys: --attack ripple has none"):
        poison_files(Attack(AttackSettings("ripple")), *files, "decoys")
    with pytest.raises(AttackError, match="'a b c': a composite trigger is of two words"):
        Attack(AttackSettings("composite", trigger="a b c"))
