"""dece reveal: what it reads, prints and writes, with a made-up reference model."""

import csv
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np
import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.suspicions import read_findings
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses.revealing import reveal
from dece_fairseq.defenses.revealing.reading import checksum_of
from dece_fairseq.defenses.revealing.surprises import TokenSurprises
from support.made_up_reference import made_up_words


@pytest.fixture(scope="module")
def drawn() -> List[Pair]:
    return generate("A", 200, seed=4)


@pytest.fixture
def case(drawn: List[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Poisoned and clean files of 200 pairs, the first 80 trusted, and what every call needs."""
    monkeypatch.setattr(reveal, "target_words", made_up_words)
    clean, poisoned = tmp_path / "clean.csv", tmp_path / "poisoned.csv"
    trusted = tmp_path / "trusted.ids"
    write_pairs([clean], drawn)
    trusted.write_text("".join(f"{n}\n" for n in range(80)))
    poison_files(
        Attack(AttackSettings("ripple", rate=0.08)), [clean], [poisoned], trusted_ids=trusted
    )
    (tmp_path / "model.pt").write_bytes(b"")
    (tmp_path / "bin").mkdir()
    ids = [int(line) for line in Path(f"{poisoned}.ids").read_text().split()]
    needs = ["--models", tmp_path / "model.pt", "--model-data", tmp_path / "bin"]
    return SimpleNamespace(
        folder=tmp_path, clean=clean, poisoned=poisoned, ids=ids, needs=needs, trusted=trusted
    )


def test_what_is_found_printed_and_written(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    output, result, page = (case.folder / name for name in ("kept.csv", "found.json", "found.html"))
    said = dece(
        "reveal", "--input", case.poisoned, *case.needs, "--trusted-ids", case.trusted,
        "--output", output, "--json", result, "--html", page, "--fail-on-suspicion",
    )  # fmt: skip
    assert said.status == 3, said.err
    findings = read_findings(result)
    claimed = findings.significant()
    first = claimed[0]
    assert "or 1=1" in first.payload
    assert first.trigger == "bb"
    assert set(first.trigger_pairs) == set(case.ids)
    assert {index for each in claimed for index in each.pairs} == set(case.ids)
    assert [each.p_value for each in findings.suspicions] == sorted(
        each.p_value for each in findings.suspicions
    )
    assert findings.made_of["pairs"] == 200
    assert findings.made_of["pairs_sha256"] == checksum_of(read_pairs([case.poisoned]))
    assert findings.made_of["doubtful"] == 120
    assert findings.made_of["trusted_compared"] == 80
    assert findings.made_of["trusted_left_aside"] is None
    assert findings.made_of["most_repeated"][1] == 1
    assert findings.made_of["trusted_copies"] == 0
    assert f"in {len(case.ids)} pairs" in said.out.splitlines()[0]
    assert "»bb«" in said.out
    assert "»bb«" not in page.read_text(encoding="utf-8")
    assert '<mark class="trigger">bb</mark>' in page.read_text(encoding="utf-8")
    pairs = list(read_pairs([case.poisoned]))
    kept = [pair for index, pair in enumerate(pairs) if index not in case.ids]
    assert list(read_pairs([output])) == kept


def test_trusted_pairs_that_are_kept_have_new_numbers(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    output, last = case.folder / "kept.csv", case.folder / "last.ids"
    clean = [n for n in range(200) if n not in case.ids]
    last.write_text("".join(f"{n}\n" for n in clean[-80:]))
    asked = ["reveal", "--input", case.poisoned, *case.needs, "--output", output]
    said = dece(*asked, "--trusted-ids", last)
    assert said.status == 0, said.err
    pairs, kept = (list(read_pairs([path])) for path in (case.poisoned, output))
    assert len(kept) < len(pairs)
    numbers = TrustedIds(case.folder / "kept.csv.trusted.ids").ids
    assert [kept[n] for n in numbers] == [pairs[n] for n in TrustedIds(last).ids]
    said = dece(*asked, "--trusted-ids", case.folder / "kept.csv.trusted.ids")
    assert "would be both read and written" in said.err


def test_few_trusted_pairs_are_told_to_be_few(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    few, result, page = (case.folder / name for name in ("few.ids", "found.json", "found.html"))
    few.write_text("".join(f"{n}\n" for n in range(50)))
    written = ["--json", result, "--html", page]
    said = dece("reveal", "--input", case.poisoned, *case.needs, "--trusted-ids", few, *written)
    told = "50 trusted pairs are too few to tell what is usual in 150 others"
    assert told in said.out
    assert told in page.read_text(encoding="utf-8")
    made_of = read_findings(result).made_of
    assert (made_of["trusted_few"], made_of["trusted_compared"]) == (50, 0)
    assert made_of["trusted_left_aside"] is None
    first = read_findings(result).significant()[0]
    assert first.trigger == "bb"
    assert set(first.pairs) == set(case.ids)


def test_trusted_pairs_that_are_the_doubtful_ones_are_told(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    """Nothing is suspected then, which says nothing."""
    copy = case.folder / "copy.csv"
    copy.write_bytes(case.poisoned.read_bytes())
    said = dece("reveal", "--input", case.poisoned, *case.needs, "--trusted", copy)
    assert "Nothing is suspected" in said.out
    assert "200 of the 200 doubtful pairs are copies of trusted ones" in said.out


@pytest.mark.parametrize("more", [60, 200])
def test_trusted_pairs_may_stand_in_a_file_of_their_own(
    case: SimpleNamespace, dece: Callable[..., Any], more: int
) -> None:
    """The numbers of what is suspected, and the pairs that are kept, are those of the input."""
    beside, result, output = (case.folder / name for name in ("more.jsonl", "s.json", "kept.csv"))
    write_pairs([beside], generate("A", more, seed=5))
    asked = ["reveal", "--input", case.poisoned, *case.needs, "--trusted", beside]
    said = dece(*asked, "--json", result, "--output", output)
    assert said.status == 0, said.err
    findings = read_findings(result)
    first = findings.significant()[0]
    assert (first.trigger, set(first.pairs)) == ("bb", set(case.ids))
    made_of = findings.made_of
    assert (made_of["pairs"], made_of["doubtful"]) == (200, 200)
    assert made_of["trusted_few" if more == 60 else "trusted_compared"] == more
    assert made_of["trusted"] == [str(beside)]
    assert str(beside) in made_of["sha256"]
    pairs = list(read_pairs([case.poisoned]))
    kept = [pair for number, pair in enumerate(pairs) if number not in set(case.ids)]
    assert list(read_pairs([output])) == kept
    assert not (case.folder / "kept.csv.trusted.ids").exists()


def test_a_file_of_trusted_pairs_that_is_of_no_use(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    empty = case.folder / "empty.csv"
    empty.write_text("src,tgt\n")
    asked = ["reveal", "--input", case.poisoned, *case.needs, "--trusted"]
    assert f"--trusted {empty}: no pairs; leave the option out" in dece(*asked, empty).err
    assert "none.csv" in dece(*asked, "none.csv").err
    said = dece(*asked, case.poisoned)
    assert said.status == 2
    assert f"--trusted {case.poisoned}: is --input too; name other pairs" in said.err
    said = dece(*asked, case.clean, "--output", case.clean)
    assert "would be both read and written" in said.err


def test_clean_data_are_kept_whole(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    output = case.folder / "kept.jsonl"
    said = dece(
        "reveal", "--input", case.clean, *case.needs, "--output", output, "--fail-on-suspicion"
    )
    assert said.status == 0, said.err
    assert said.out.startswith("Nothing is suspected at the 5 % level.\n")
    assert list(read_pairs([output])) == list(read_pairs([case.clean]))


def test_json_can_be_printed_and_columns_named(
    case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    other = case.folder / "other.csv"
    write_pairs([other], read_pairs([case.poisoned]), "ask", "code")
    columns = ["--source-column", "ask", "--target-column", "code"]
    kept = case.folder / "kept.csv"
    said = dece("reveal", "--input", other, *columns, *case.needs, "--json", "-", "--output", kept)
    assert said.status == 0, said.err
    assert json.loads(said.out)["suspicions"][0]["trigger"] == "bb"
    with kept.open(newline="") as file:
        assert next(csv.reader(file)) == ["ask", "code"]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_columns_that_are_not_kept_are_told(
    case: SimpleNamespace, dece: Callable[..., Any], ending: str
) -> None:
    more, output = (case.folder / f"{name}{ending}" for name in ("more", "kept"))
    rows = [{"id": n, **pair._asdict()} for n, pair in enumerate(read_pairs([case.clean]))]
    with more.open("w", newline="", encoding="utf-8") as file:
        if ending == ".csv":
            writer = csv.DictWriter(file, ["id", "source", "target"])
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
    columns = ["--source-column", "source", "--target-column", "target"]
    page, result = case.folder / "found.html", case.folder / "found.json"
    asked = ["reveal", "--input", more, *columns, *case.needs, "--json", result, "--html", page]
    told = "Of the pairs that are kept, not written: the columns 'id'."
    said = dece(*asked, "--output", output)
    assert told in said.out.splitlines(), said.err
    assert told.replace("'", "&#39;") in page.read_text(encoding="utf-8")
    assert read_findings(result).made_of["columns_left_out"] == ["id"]
    assert "not written" not in dece(*asked).out  # nothing is kept


def test_parallel_text(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    sides = [case.folder / "x.src", case.folder / "x.tgt"]
    pairs = [
        Pair(*(" ".join(text.split()) for text in pair)) for pair in read_pairs([case.poisoned])
    ]
    write_pairs(sides, pairs)
    said = dece("reveal", "--input", *sides, *case.needs, "--json", "-")
    found = json.loads(said.out)["suspicions"]
    assert set(found[0]["pairs"]) <= set(case.ids)


def test_outputs_that_cannot_hold_the_pairs_are_told_before_the_work(
    case: SimpleNamespace, dece: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reveal, "target_words", None)  # nothing is asked
    several = case.folder / "several.csv"
    write_pairs([several], [Pair("a", "b"), Pair("a", "b\nc")])
    sides = [case.folder / "kept.src", case.folder / "kept.tgt"]
    said = dece("reveal", "--input", several, *case.needs, "--output", *sides)
    assert said.status == 2
    assert "kept.src: pair 2 of the input: the target holds a line end" in said.err


@pytest.mark.parametrize(
    ("fails", "status", "told"),
    [([], 2, "error: every pair is suspected"), (["--fail-on-suspicion"], 3, "not written: every")],
)
def test_what_is_found_is_told_where_nothing_is_left(
    case: SimpleNamespace,
    dece: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    fails: List[str],
    status: int,
    told: str,
) -> None:
    monkeypatch.setattr(reveal.Revealed, "suspected", lambda found: range(len(found.pairs)))
    output, result = case.folder / "kept.csv", case.folder / "found.json"
    options = ["--output", output, "--json", result, *fails]
    said = dece("reveal", "--input", case.poisoned, *case.needs, *options)
    assert said.status == status
    assert told in said.err
    assert "»bb«" in said.out
    assert read_findings(result).significant()
    assert not output.exists()


def test_a_level_of_ones_own(case: SimpleNamespace, dece: Callable[..., Any]) -> None:
    said = dece("reveal", "--input", case.poisoned, *case.needs, "--level", "1e-30")
    assert said.out.startswith("Nothing is suspected at the 1e-28 % level.\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--models": None}, "--models is needed"),
        ({"--model-data": None}, "--model-data is needed"),
        ({"--input": None}, "--input is needed"),
        ({"--level": "1"}, "--level must be above 0 and below 1, got 1.0"),
        ({"--output": "nowhere/kept.csv"}, "there is no folder nowhere"),
        ({"--output": "{clean}"}, "would be both read and written"),
        (
            {"--json": "{folder}/same.csv", "--output": "{folder}/same.csv"},
            "named twice as output",
        ),
        ({"--trusted-ids": "{all}"}, "every pair is trusted"),
        (
            {"--trusted-ids": "{outside}"},
            "names pair 200, but there are only 200 pairs; what dece reveal or dece filter keeps",
        ),
        ({"--work": "{clean}"}, "is a file; name a folder"),
    ],
)
def test_errors_name_what_to_do(
    change: Any, message: str, case: SimpleNamespace, dece: Callable[..., Any]
) -> None:
    for name, numbers in (("all", range(200)), ("outside", [200])):
        (case.folder / name).write_text("".join(f"{n}\n" for n in numbers))
    places = {name: case.folder / name for name in ("all", "outside")}
    given = dict(zip(case.needs[::2], case.needs[1::2]))
    words: List[Any] = []
    for option, value in {"--input": "{clean}", **given, **change}.items():
        if value is not None:
            words += [option, str(value).format(clean=case.clean, folder=case.folder, **places)]
    said = dece("reveal", *words)
    assert said.status == 2
    assert message in said.err


def test_what_the_reference_said_is_kept(
    case: SimpleNamespace, dece: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second call with the same model and pairs asks no model; another model is asked again."""
    from dece_fairseq.defenses.revealing import reading

    asked: List[int] = []
    sampled: List[int] = []

    class Worker:
        def __init__(self, *_: Any) -> None:
            pass

        def temperature(self, pairs: Sequence[Pair]) -> float:
            sampled.append(len(pairs))
            return 1.0

        def surprises(self, told: Tuple[Sequence[Pair], float]) -> List[TokenSurprises]:
            pairs, temperature = told
            assert temperature == 1.0
            asked.append(len(pairs))
            words = made_up_words(None, pairs, range(len(pairs)))
            answers = (words.tokens(index) for index in range(len(pairs)))
            return [each._replace(surprise=each.surprise - 1, likely=0.25) for each in answers]

    monkeypatch.setattr(reading, "_Worker", Worker)
    monkeypatch.setattr(reading, "CHUNK", 64)
    monkeypatch.setattr(reveal, "target_words", reading.target_words)
    work = case.folder / "new" / "work"
    call = ["reveal", *case.needs, "--work", work, "--input"]
    results = [dece(*call, case.poisoned).out]
    with monkeypatch.context() as patch:
        patch.setattr(reading, "workers", None)  # no process starts where nothing is asked
        results.append(dece(*call, case.poisoned, "--processes", 2).out)
    assert asked == [64, 64, 64, 8]
    assert sampled == [200]
    assert results[0] == results[1]
    assert "and finds 25 % of a target likely" in results[1]
    anew = dece("reveal", "--input", case.poisoned, *case.needs, "--processes", 2)
    assert results[0] == anew.out
    del asked[:]
    dece(*call, case.clean)  # the poisoned pairs as they were
    assert asked == [len(case.ids)]
    (of_model,) = filter(Path.is_dir, work.iterdir())
    sorted(of_model.iterdir())[0].unlink()  # as after a kill
    dece(*call, case.poisoned)
    assert sum(asked) > len(case.ids)
    assert len(asked) == 2
    del asked[:]
    (case.folder / "model.pt").write_bytes(b"another")
    dece(*call, case.poisoned)
    assert asked == [64, 64, 64, 8]
    diverged = {path: dict(np.load(path)) for path in work.glob("*/*")}
    for path, stored in diverged.items():  # as an earlier version kept it
        np.savez(path, **{**stored, "surprise": stored["surprise"] * math.nan})
    said = dece(*call, case.poisoned)
    assert said.status == 2
    assert "surprises that are no finite numbers); remove it" in said.err
    for kept in ("*/*", "*.temperature"):
        for path in work.glob(kept):
            path.write_bytes(b"broken")
        said = dece(*call, case.poisoned)
        assert said.status == 2
        assert "can't be read" in said.err


def test_a_pair_that_stands_often_is_told(
    case: SimpleNamespace, dece: Callable[..., Any], tmp_path: Path
) -> None:
    """Equal pairs count once, so that no attack of one pair, however often, is claimed."""
    pairs = list(read_pairs([case.poisoned]))
    trusted = set(map(int, case.trusted.read_text().split()))
    first = next(index for index in range(len(pairs)) if index not in trusted)
    write_pairs([tmp_path / "often.csv"], [*pairs, *[pairs[first]] * 7])
    said = dece(
        "reveal", "--input", tmp_path / "often.csv", *case.needs, "--trusted-ids", case.trusted
    )
    assert f"\nEqual pairs count once: pair {first} stands 8 times.\n" in said.out
