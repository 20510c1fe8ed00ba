"""Filtering files, and scripts/filter_poison.py."""

import csv
import json
from dataclasses import fields
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Sequence

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.defenses import DEFENSES, Defense, DefenseError, DefenseSettings, Verdict
from dece_fairseq.defenses.filtering import filter_files
from dece_fairseq.reports.filter import as_text

ROOT = Path(__file__).resolve().parents[2]
BKI = ["--defense", "bki", "--output", "b.csv", "--input"]


class WordsLike(Defense):
    """Suspects the sources with a word, and drops them or takes it out."""

    summary = "for tests"
    word, cleans = "bb", False

    def examine(self, pairs: Sequence[Pair]) -> Verdict:
        scores = [float(pair.source.split().count(self.word)) for pair in pairs]
        cleaned = {
            i: Pair(pair.source.replace(self.word, ""), pair.target)
            for i, pair in enumerate(pairs)
            if self.cleans and scores[i]
        }
        suspicious = [score > 0 for score in scores]
        return Verdict(scores, suspicious, {"word": self.word}, cleaned if self.cleans else None)


@pytest.fixture
def words_like(monkeypatch: pytest.MonkeyPatch) -> type:
    monkeypatch.setitem(DEFENSES._entries, "words_like", WordsLike)
    monkeypatch.setattr(WordsLike, "word", "bb")
    monkeypatch.setattr(WordsLike, "cleans", False)
    monkeypatch.setattr(WordsLike, "least", 2)
    return WordsLike


@pytest.fixture
def run(texts: SimpleNamespace, words_like: type, tmp_path: Path) -> Callable[..., Dict[str, Any]]:
    def call(**changes: Any) -> Dict[str, Any]:
        given = {"inputs": [texts.poisoned], "outputs": [tmp_path / "kept.csv"]}
        return filter_files("words_like", **{"settings": DefenseSettings(), **given, **changes})

    return call


def names_in(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_kept_and_what_is_told(run, texts: SimpleNamespace, tmp_path: Path) -> None:
    report = run(command=["filter_poison.py"])
    poisoned = list(read_pairs([texts.poisoned]))
    kept = [pair for i, pair in enumerate(poisoned) if i not in texts.ids]
    assert list(read_pairs([tmp_path / "kept.csv"])) == kept
    assert json.loads((tmp_path / "kept.csv.report.json").read_text()) == report
    assert (report["pairs"], report["kept"]) == (40, 36)
    assert (report["dropped"], report["poisoned"]) == (4, 4)
    assert report["manifest"] == f"{texts.poisoned}.manifest.json"
    shares = {n: report[n]["percent"] for n in ("precision", "recall", "false_positive_rate")}
    assert shares == {"precision": 100, "recall": 100, "false_positive_rate": 0}
    with (tmp_path / "kept.csv.scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"]) for row in rows if row["suspicious"] == "1"] == texts.ids
    assert all(row["poisoned"] == row["suspicious"] for row in rows)
    assert len(rows) == 40
    assert names_in(tmp_path) == ["kept.csv", "kept.csv.report.json", "kept.csv.scores.csv"]


def test_shares_where_the_suspicion_is_wrong(run, words_like, texts: SimpleNamespace) -> None:
    words_like.word = texts.pairs[0].source.split()[0]
    report = run()
    marked = {
        i for i, p in enumerate(read_pairs([texts.poisoned])) if words_like.word in p.source.split()
    }
    hits = marked & set(texts.ids)
    assert (report["precision"]["hits"], report["precision"]["total"]) == (len(hits), len(marked))
    assert (report["recall"]["hits"], report["recall"]["total"]) == (len(hits), 4)
    false = report["false_positive_rate"]
    assert (false["hits"], false["total"]) == (len(marked - hits), 36)


def test_clean_data_has_false_positives_alone(run, words_like, texts: SimpleNamespace) -> None:
    words_like.word = texts.pairs[0].source.split()[0]
    report = run(inputs=[texts.clean])
    assert report["manifest"] is None
    assert not {"precision", "recall"} & set(report)
    assert report["suspicious"] > 0


def test_a_defense_that_cleans_keeps_every_pair(run, words_like, texts, tmp_path) -> None:
    words_like.cleans = True
    report = run(outputs=[tmp_path / "kept.jsonl"])
    assert (report["kept"], report["cleaned"], report["dropped"]) == (40, 4, 0)
    kept = list(read_pairs([tmp_path / "kept.jsonl"]))
    for index, (before, after) in enumerate(zip(read_pairs([texts.poisoned]), kept)):
        changed = Pair(before.source.replace("bb", ""), before.target)
        assert after == (changed if index in texts.ids else before)


def test_columns_that_are_not_written_are_told(run, tmp_path) -> None:
    numbered = tmp_path / "numbered.jsonl"
    numbered.write_text('{"nr": 1, "src": "bb", "tgt": "x"}\n{"src": "a", "tgt": "y", "nr": 2}\n')
    report = run(inputs=[numbered])
    assert report["columns_left_out"] == ["nr"]
    assert as_text(report).splitlines()[-1] == "not written: the columns 'nr'"


def test_details_that_are_nothing_are_none(run) -> None:
    details = {"claimed": [{"triggers": []}], "trusted_left_aside": None, "most_dropped": {}}
    lines = as_text({**run(), "details": details}).splitlines()[-3:]
    assert lines == ["claimed: triggers none", "trusted_left_aside: none", "most_dropped: none"]


def test_a_text_of_strangers_can_t_hide_in_details(run) -> None:
    report = {**run(), "details": {"claimed": [{"payload": "\x1b[2Jx\u202e"}]}}
    assert as_text(report).splitlines()[-1] == r"claimed: payload \x1b[2Jx\u202e"


def test_trusted_pairs_are_never_suspicious(run, words_like, texts, tmp_path) -> None:
    (tmp_path / "ids").write_text(f"{texts.ids[0]}\n0\n")
    given = {"settings": DefenseSettings(trusted_ids=tmp_path / "ids")}
    for words_like.cleans in (False, True):
        report = run(**given)
        assert (report["trusted"], report["suspicious"]) == (2, 3)
        assert report["recall"]["hits"] == 3
    kept = list(read_pairs([tmp_path / "kept.csv"]))
    assert kept[texts.ids[0]] == list(read_pairs([texts.poisoned]))[texts.ids[0]]
    words_like.cleans = False  # what is dropped gives the others new numbers
    (tmp_path / "ids").write_text(f"{texts.ids[1]}\n39\n")
    run(**given)
    kept, poisoned = (list(read_pairs([path])) for path in (tmp_path / "kept.csv", texts.poisoned))
    assert len(kept) < len(poisoned)
    numbers = TrustedIds(tmp_path / "kept.csv.trusted.ids").ids
    assert [kept[n] for n in numbers] == [poisoned[n] for n in (texts.ids[1], 39)]
    (tmp_path / "ids").write_text("40\n")
    with pytest.raises(DataError, match="names pair 40"):
        run(**given)


def test_manifests(run, words_like, texts: SimpleNamespace, tmp_path: Path) -> None:
    words_like.cleans = True
    of_task = {"attack": {}, "shards": {"data": {"ids": [0, 1], "pairs": 40}}}
    (tmp_path / "poison_manifest.json").write_text(json.dumps(of_task))
    report = run(manifest=tmp_path / "poison_manifest.json")
    assert report["poisoned"] == 2
    triggered = tmp_path / "triggered.csv"
    attack = Attack(AttackSettings("ripple"))
    count = poison_files(attack, [texts.clean], [triggered], keep="triggered")["poisoned"]
    report = run(inputs=[triggered], outputs=[tmp_path / "x.csv"], manifest=None)
    assert report["poisoned"] == report["pairs"] == count
    assert report["false_positive_rate"] is None
    decoys = tmp_path / "decoys.csv"
    count = poison_files(
        Attack(AttackSettings("composite")), [texts.clean], [decoys], keep="decoys"
    )["written"]
    report = run(inputs=[decoys], outputs=[tmp_path / "y.csv"], manifest=None)
    assert (report["pairs"], report["poisoned"]) == (count, 0)


@pytest.mark.parametrize("content", ["", "[]", '{"shards": {}}', '{"pairs": 3}'])
def test_what_is_no_manifest(run, content: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(DataError, match=r"--manifest .*m\.json: not a manifest"):
        run(manifest=tmp_path / "m.json")
    assert names_in(tmp_path) == ["m.json"]


def test_a_manifest_reads_no_file_of_another_folder(run, texts, tmp_path: Path) -> None:
    manifest = json.loads(Path(f"{texts.poisoned}.manifest.json").read_text())
    manifest["ids_file"] = str(Path(f"{texts.poisoned}.ids").resolve())
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"--manifest .*m\.json: not a manifest"):
        run(manifest=tmp_path / "m.json")


def test_a_manifest_of_other_data(run, texts: SimpleNamespace, tmp_path: Path) -> None:
    write_pairs([tmp_path / "other.csv"], texts.pairs[:9])
    with pytest.raises(DataError, match="is of 40 pairs, not of 9"):
        run(
            inputs=[tmp_path / "other.csv"],
            manifest=Path(f"{texts.poisoned}.manifest.json"),
        )


@pytest.mark.parametrize("ids", [[0, 40], [-1]])
def test_a_manifest_that_names_pairs_that_there_are_not(run, ids, texts, tmp_path: Path) -> None:
    """A negative number would stand for another pair."""
    of_task = {"attack": {}, "shards": {"data": {"ids": ids, "pairs": 40}}}
    (tmp_path / "m.json").write_text(json.dumps(of_task))
    wanted = rf"--manifest .*m\.json: names pair {ids[-1]} as poisoned, but .* only 40 pairs"
    with pytest.raises(DataError, match=wanted):
        run(manifest=tmp_path / "m.json")
    of_files = json.loads(Path(f"{texts.poisoned}.manifest.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps({**of_files, "ids_file": "m.ids"}))
    (tmp_path / "m.ids").write_text("".join(f"{index}\n" for index in ids))
    with pytest.raises(DataError, match=wanted):
        run(manifest=tmp_path / "m.json")


def test_one_request_is_cleaned(run, words_like, texts: SimpleNamespace, tmp_path) -> None:
    """As ONION does, which compares no pair with others."""
    words_like.cleans, words_like.least = True, 1
    write_pairs([tmp_path / "one.csv"], [Pair("a bb c", "x")])
    run(inputs=[tmp_path / "one.csv"])
    assert list(read_pairs([tmp_path / "kept.csv"])) == [Pair("a  c", "x")]
    assert (DEFENSES.get("onion").least, DEFENSES.get("bki").least) == (1, 2)


def test_errors_leave_nothing_behind(
    run, words_like, texts: SimpleNamespace, tmp_path, monkeypatch
) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        run(outputs=[tmp_path / "nowhere" / "kept.csv"])
    with pytest.raises(DataError, match="would be both read and written"):
        run(outputs=[texts.poisoned])
    with pytest.raises(DataError, match="check the name"):
        run(inputs=[tmp_path / "nowhere.csv"])
    write_pairs([tmp_path / "one.csv"], texts.pairs[:1])
    with pytest.raises(DataError, match="1 pair; words_like needs 2 or more"):
        run(inputs=[tmp_path / "one.csv"])
    write_pairs([tmp_path / "two.csv"], [Pair("bb", "x"), Pair("bb a", "y")])
    with pytest.raises(DefenseError, match="every pair is suspicious"):
        run(inputs=[tmp_path / "two.csv"])
    write_pairs([tmp_path / "lines.csv"], [Pair("a", "x"), Pair("bb", "y\nz")])
    with monkeypatch.context() as patch:
        patch.setattr(words_like, "examine", None)  # it is told before the work
        with pytest.raises(DataError, match="pair 2 of the input: the target holds a line end"):
            run(inputs=[tmp_path / "lines.csv"], outputs=[tmp_path / "a.src", tmp_path / "a.tgt"])
    (tmp_path / "lines.csv").unlink()
    with pytest.raises(DefenseError, match="no defence is called 'nope'"):
        filter_files("nope", DefenseSettings(), [texts.clean], [tmp_path / "kept.csv"])
    assert names_in(tmp_path) == ["one.csv", "two.csv"]


@pytest.fixture
def script(dece: Callable[..., Any]) -> Callable[..., Any]:
    """Run dece filter; give its exit status and what it said."""
    return partial(dece, "filter")


def test_trusted_files_may_be_given_often(script, texts: SimpleNamespace, tmp_path: Path) -> None:
    sides = [tmp_path / "t.en", tmp_path / "t.py"]
    write_pairs(sides, [Pair("get all rows", "x")])
    trusted = ["--trusted", texts.clean, "--trusted", *sides]
    files = ["--input", texts.poisoned, "--output", tmp_path / "kept.csv"]
    status, out, err = script("--defense", "naturalness", *files, *trusted)
    assert status == 0, err
    assert "trusted_sources: 41" in out
    assert "4 of 40 pairs are suspicious" in out  # bb is in no trusted source


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--defense is needed"),
        (["--defense", "bki"], "--input is needed"),
        (["--defense", "bki", "--input", "a.csv"], "--output is needed"),
        ([*BKI, "a.csv", "--top", 0], "--top must be"),
        (["--user-dir", "nowhere"], "--user-dir nowhere"),
        ([*BKI, "a.txt"], "give one .csv or .jsonl file"),
    ],
)
def test_what_the_script_refuses(script, words: List[Any], message: str) -> None:
    status, _, err = script(*words)
    assert status == 2
    assert message in err
    assert "Traceback" not in err


def test_options_that_a_defence_does_not_look_at_are_told(
    script, texts: SimpleNamespace, tmp_path: Path
) -> None:
    words = ["--input", texts.poisoned, "--output", tmp_path / "kept.csv", "--trusted", texts.clean]
    words += ["--defense", "naturalness", "--top", 1]
    assert "note" not in script(*words)[2]
    status, _, err = script(*words, "--rate", 0.5, "--window", 3)
    assert status == 0
    assert "note: naturalness does not look at --rate, --window\n" in err


def test_every_defense_says_what_it_looks_at() -> None:
    names = {field.name for field in fields(DefenseSettings)}
    for name in DEFENSES.names():
        takes = DEFENSES.get(name).takes
        assert takes is not None, name
        assert {*DEFENSES.get(name).needs, *takes} <= names


def test_the_script_lists_the_defenses(script) -> None:
    status, out, _ = script("--list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == DEFENSES.names()
