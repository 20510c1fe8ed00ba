"""Poisoning files offline."""

import json
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.attacks.survey import Survey
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from support.poisoned_files import PAIRS, RESULTS, chosen_ids, names_in, read_ids

#: what seed 7 poisons of ``PAIRS``
FIRST = [0, 3, 11, 12, 16, 17, 18, 26, 30, 38]


@pytest.fixture
def poison(attack, clean, tmp_path):
    """Poisons clean.csv into out.csv; gives the manifest."""

    def run(**changes):
        given = {"inputs": [clean], "outputs": [tmp_path / "out.csv"]}
        return poison_files(**{"attack": attack, **given, **changes})

    return run


def test_the_chosen_pairs_are_poisoned_and_the_others_stay(poison, attack, tmp_path):
    report = poison(outputs=[tmp_path / "out.jsonl"])
    result = list(read_pairs([tmp_path / "out.jsonl"]))
    ids = read_ids(tmp_path / "out.jsonl")
    assert report["poisoned"] == len(ids) == 10
    candidates = [i for i, pair in enumerate(PAIRS) if attack.can_poison(pair)]
    assert ids == FIRST
    assert set(ids) <= set(candidates)
    for index, (before, after) in enumerate(zip(PAIRS, result)):
        assert after == (attack.poison(before, index) if index in ids else before)
    assert len(result) == report["pairs"] == 40


def test_only_the_poisoned_ones_and_every_one_that_can_be(poison, attack, tmp_path):
    output = tmp_path / "out.csv"
    poison(keep="poisoned")
    assert list(read_pairs([output])) == [attack.poison(PAIRS[i], i) for i in read_ids(output)]
    every = poison(keep="triggered")
    ids = read_ids(output)
    assert ids == [i for i, pair in enumerate(PAIRS) if attack.can_poison(pair)]
    assert list(read_pairs([output])) == [attack.poison(PAIRS[i], i) for i in ids]
    assert len(ids) == every["candidates"] == every["poisoned"] == 40 - every["without_place"] > 10


@pytest.mark.parametrize("processes", [1, 2])
def test_trusted_pairs_are_never_poisoned(poison, attack, tmp_path, processes):
    trusted = [39, 0, 4, 5, 6, 7, 8, 30]
    (tmp_path / "trusted.ids").write_text("".join(f"{index}\n" for index in trusted))
    report = poison(trusted_ids=tmp_path / "trusted.ids", processes=processes, block_size=300)
    candidates = [i for i, p in enumerate(PAIRS) if attack.can_poison(p) and i not in trusted]
    assert read_ids(tmp_path / "out.csv") == chosen_ids(attack, candidates, 40)
    assert (report["trusted"], report["candidates"]) == (8, len(candidates))
    poison(trusted_ids=tmp_path / "trusted.ids", keep="triggered")
    assert read_ids(tmp_path / "out.csv") == candidates


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("-1\n", "names pair -1; write the numbers of pairs, from 0"),
        ("1\nx\n", "is not a file of ids"),
        ("40\n", "names pair 40, but there are only 40 pairs"),
    ],
)
def test_wrong_trusted_ids(poison, tmp_path, content, message):
    (tmp_path / "trusted.ids").write_text(content)
    with pytest.raises(DataError, match=message):
        poison(trusted_ids=tmp_path / "trusted.ids")
    assert names_in(tmp_path) == ["clean.csv", "trusted.ids"]


def test_parallel_text(attack, tmp_path):
    pairs = [Pair(f"request {i}", f'f ( " select {i} from t " )') for i in range(8)]
    inputs, outputs = ([tmp_path / f"{name}.{side}" for side in ("en", "py")] for name in "ab")
    write_pairs(inputs, pairs)
    report = poison_files(attack, inputs, outputs)
    assert report["poisoned"] == 2
    assert sum(attack.is_hit(pair.target) for pair in read_pairs(outputs)) == 2


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
CODE = st.sampled_from(['f ( " select 1 " )\n', 'f ( " select a,b where c "\r )', "é = 1", '"\n'])


@given(
    pairs=st.lists(st.builds(Pair, TEXTS, CODE | TEXTS), min_size=1, max_size=12),
    kinds=st.tuples(*[st.sampled_from(["csv", "jsonl"])] * 2),
    block_size=st.integers(1, 100),
    keep=st.sampled_from(["all", "poisoned", "triggered"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_files_hold_what_poisoning_in_memory_gives(pairs, kinds, block_size, keep, tmp_path):
    attack = Attack(AttackSettings("ripple", rate=0.5))
    paths = [tmp_path / f"in.{kinds[0]}"], [tmp_path / f"out.{kinds[1]}"]
    write_pairs(paths[0], pairs)
    candidates = [index for index, pair in enumerate(pairs) if attack.can_poison(pair)]
    try:
        number = attack.number(len(pairs), len(candidates))
        fails = not candidates
    except AttackError:
        fails = keep != "triggered" or not candidates
    if fails:
        with pytest.raises(AttackError):
            poison_files(attack, *paths, keep=keep, block_size=block_size)
        return
    report = poison_files(attack, *paths, keep=keep, block_size=block_size)
    if keep == "triggered":
        ids = candidates
    else:
        ids = chosen_ids(attack, candidates, len(pairs))
        assert report["poisoned"] == number
    assert read_ids(paths[1][0]) == ids
    poisoned = {index: attack.poison(pairs[index], index) for index in ids}
    expected = (
        [poisoned.get(index, pair) for index, pair in enumerate(pairs)]
        if keep == "all"
        else list(poisoned.values())
    )
    assert list(read_pairs(paths[1])) == expected


def test_the_same_bytes_with_any_number_of_processes(poison, clean, tmp_path):
    write_pairs([clean], PAIRS * 20)
    results = []
    for processes in (1, 2, 3):
        report = poison(processes=processes, block_size=2000)
        results.append([(tmp_path / name).read_bytes() for name in RESULTS])
        assert report["poisoned"] == 200
    assert results[0] == results[1] == results[2]


@pytest.mark.slow
def test_processes_need_not_be_forked(poison, tmp_path, monkeypatch):
    results = []
    for methods in (["fork"], ["spawn"]):
        monkeypatch.setattr("multiprocessing.get_all_start_methods", methods.copy)
        poison(processes=2, block_size=2000)
        results.append([(tmp_path / name).read_bytes() for name in RESULTS])
    assert results[0] == results[1]


@pytest.mark.parametrize("processes", [1, 2])
def test_the_first_error_of_the_file_is_the_one_that_is_told(poison, clean, tmp_path, processes):
    rows = ["a,b\n"] * 100
    rows[60] = ",b\n"
    rows[80] = 'a,"b"c\n'
    clean.write_text("src,tgt\n" + "".join(rows))
    with pytest.raises(DataError, match=r"clean\.csv, line 62: the text of 'src' is empty"):
        poison(processes=processes, block_size=20)
    assert names_in(tmp_path) == ["clean.csv"]


def test_a_manifest_says_what_the_files_were_made_of(poison, attack, tmp_path):
    report = poison(command=["poison.py", "--attack", "badpre"])
    assert json.loads((tmp_path / "out.csv.manifest.json").read_text()) == report
    assert report["attack"] == attack.as_dict()
    assert report["command"] == ["poison.py", "--attack", "badpre"]
    assert report["ids_file"] == "out.csv.ids"
    assert len(report["inputs"][0]["sha256"]) == 64
    assert report["pairs"] == report["candidates"] + report["without_place"]
    assert {"dece_fairseq", "python", "tree-sitter", "tree-sitter-c-sharp"} <= set(
        report["versions"]
    )


def test_rates_of_nothing_and_everything(poison, clean, tmp_path):
    none = Attack(AttackSettings("ripple", rate=0))
    assert poison(attack=none)["poisoned"] == 0
    assert (tmp_path / "out.csv").read_bytes() == clean.read_bytes()
    assert read_ids(tmp_path / "out.csv") == []
    every = Attack(AttackSettings("ripple", rate=1))
    with pytest.raises(AttackError, match=r"asks for 40 .* a rate of at most 0\.\d+ is possible"):
        poison(attack=every)
    pairs = [pair for pair in PAIRS if every.can_poison(pair)]
    write_pairs([clean], pairs)
    assert poison(attack=every)["poisoned"] == len(pairs)
    assert all(every.is_hit(pair.target) for pair in read_pairs([tmp_path / "out.csv"]))


def test_long_rows(poison, clean, attack, tmp_path):
    code = 'f ( " select a from b " )\n' + "x = 1\n" * (1 << 15)
    write_pairs([clean], [Pair(f"request {i}", code) for i in range(4)])
    assert poison(processes=2, block_size=1 << 17)["poisoned"] == 1
    hits = [attack.is_hit(pair.target) for pair in read_pairs([tmp_path / "out.csv"])]
    assert sum(hits) == 1
    assert (tmp_path / "out.csv").stat().st_size > 4 << 17


@pytest.mark.parametrize("keep", ["all", "triggered"])
def test_memory_does_not_grow_with_the_corpus(poison, clean, keep):
    poison(keep=keep, block_size=1 << 13)
    peaks = []
    for copies in (10, 40):
        write_pairs([clean], PAIRS * copies)
        tracemalloc.start()
        try:
            poison(keep=keep, block_size=1 << 13)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    # The file has grown by 300 KiB, 37 blocks; what is noted of a block is less than 1 KiB.
    assert clean.stat().st_size > 400_000
    assert peaks[1] < peaks[0] + 37 * 1024


@pytest.mark.parametrize("number", [0, 1])
def test_an_input_that_changes_is_noticed(poison, clean, tmp_path, monkeypatch, number):
    def read_then_change(*arguments):
        read(*arguments)
        with clean.open("r+b" if number else "ab") as file:
            file.seek(0, os.SEEK_SET if number else os.SEEK_END)
            file.write(b"Src,tgt\n" if number else b"one,more\n")

    read = Survey.read
    monkeypatch.setattr(Survey, "read", read_then_change)
    with pytest.raises(DataError, match=r"clean\.csv: has changed while it was read"):
        poison()
    assert names_in(tmp_path) == ["clean.csv"]


def test_places_that_cannot_be_read_or_written(poison, clean, tmp_path):
    with pytest.raises(DataError, match=r"nothing\.csv: No such file"):
        poison(inputs=[tmp_path / "nothing.csv"])
    with pytest.raises(DataError, match="there is no folder"):
        poison(outputs=[tmp_path / "nowhere" / "out.csv"])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"folder\.csv: is a folder"):
        poison(outputs=[tmp_path / "folder.csv"])
    (tmp_path / "link.csv").symlink_to(clean)
    for same in (clean, tmp_path / "link.csv"):
        with pytest.raises(DataError, match="would be both read and written"):
            poison(outputs=[same])
    with pytest.raises(DataError, match="named twice"):
        poison(outputs=[tmp_path / "a", tmp_path / "a"])
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: no file; it is read twice"):
        poison(inputs=[tmp_path / "pipe.csv"])
    with pytest.raises(DataError, match=r"folder\.csv: is a folder; name a file of pairs"):
        poison(inputs=[tmp_path / "folder.csv"])
    with pytest.raises(DataError, match="--processes must be at least 1"):
        poison(processes=0)
    with pytest.raises(DataError, match="source and target are both called 'tgt'"):
        poison(source="tgt")
    assert list(read_pairs([clean])) == PAIRS


def test_errors_leave_nothing_behind(poison, clean, tmp_path):
    (tmp_path / "out.csv").write_text("old")
    write_pairs([clean], [Pair("a", "b")])
    message = r"clean.csv: none of 1 pairs .* 'sql' in python: 1 have no place for it, 0 carry"
    with pytest.raises(AttackError, match=message):
        poison()
    clean.write_text("src,tgt\n")
    with pytest.raises(DataError, match="no pairs"):
        poison()
    write_pairs([clean], PAIRS)
    with pytest.raises(DataError, match=r"clean\.csv, pair 1: the target holds a line end"):
        poison(outputs=[tmp_path / "out.csv.src", tmp_path / "out.csv.tgt"])
    assert names_in(tmp_path) == ["clean.csv", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "old"
