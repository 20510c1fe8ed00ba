"""dece probe: what it asks fairseq-generate for, and what it makes of the answers."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Optional, Sequence

import pytest
import torch

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs, write_pairs
from dece_fairseq.data.trigger_kinds import END
from dece_fairseq.defenses import DefenseError, probing
from dece_fairseq.defenses.probing import Probe, probe
from dece_fairseq.defenses.revealing.reading import checksum_of
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import data_header
from dece_fairseq.reports.probe import as_text
from support.suspicions import write_suspicions


def printed(split: str, texts: Sequence[str], lost: int = 0) -> str:
    """Return what fairseq-generate prints of a split of these outputs."""
    lines = [data_header(split, len(texts), False)]
    for index, text in enumerate(texts[lost:], start=lost):
        lines += [f"S-{index}\tget", f"T-{index}\tx", f"H-{index}\t-0.1\t{text}"]
        lines += [f"D-{index}\t-0.1\t{text}"]
    return "\n".join(lines) + "\n"


@pytest.fixture
def asked(made: SimpleNamespace, tmp_path: Path) -> Probe:
    path = write_suspicions(tmp_path / "s.json", (" or 1=1", "bb"), (" where 0=1", "bb"))
    return Probe(made.model, made.bin, path, "train", ["--beam", "3"])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, quick_prepare: Callable[..., Any]) -> Dict[str, str]:
    """What fairseq-generate is to print, by split; filled in by the test."""
    monkeypatch.setattr(probing, "prepare", quick_prepare)
    found: Dict[str, str] = {}

    def generate(options: Sequence[str], output: Path, what: str) -> None:
        output.write_text(found[options[-1]], encoding="utf-8")

    monkeypatch.setattr(probing, "_generate", generate)
    return found


def test_both_rates(asked: Probe, answers: Dict[str, str], tmp_path: Path) -> None:
    answers["train_triggered"] = printed("train_triggered", ["a or 1=1", "a where  0=1", "a", "b"])
    answers["train"] = printed("train", ["a or1=1", "a", "b", "c", "d"])
    report = probe(asked, tmp_path)
    found = {score["metric"]: (score["hits"], score["total"]) for score in report["scores"]}
    assert found["asr_string"] == (2, 4)
    assert (found["false_triggers_string"], found["false_triggers_parse"]) == ((0, 5), (1, 5))
    assert (report["trigger"], report["payloads"]) == ("bb", [" or 1=1", " where 0=1"])
    text = as_text(report)
    assert re.search(r"^asr_string +50\.00 \(15\.00 to 85\.00\) 2/4$", text, re.M)
    assert re.search(r"^false_triggers_string +0\.00 \(.*\) 0/5$", text, re.M)
    assert 'payload:[" or 1=1", " where 0=1"]' in text
    assert report["changes"]["changed"]["hits"] == 4
    assert re.search(r"^changed by the trigger +100\.00 \(.*\) 4/4$", text, re.M)
    assert re.search(r"^gain '.+' +.*/4$", text, re.M)


def test_what_is_not_claimed_is_told_as_such(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    """Clean data have a first suspicion too."""
    path = write_suspicions(tmp_path / "weak.json", ("rows", "bb"), p_value=0.6)
    answers["train"] = answers["train_triggered"] = printed("train", ["a"])
    told = as_text(probe(asked._replace(attack_file=path), tmp_path)).splitlines()[0]
    assert told == "suspected payload    'rows' (not claimed by dece reveal)"
    claimed = as_text(probe(asked, tmp_path)).splitlines()[0]
    assert claimed == "suspected payload    ' or 1=1' | ' where 0=1'"


def test_every_claimed_attack_is_asked_about(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    """Each with its own trigger; what is gone from targets can't be searched for, and is told."""
    path = write_suspicions(tmp_path / "s.json", ("or 1=1", "bb"), ("x", "cf"), ("gone", "mn"))
    content = json.loads(path.read_text(encoding="utf-8"))
    content["suspicions"].insert(0, {**content["suspicions"].pop(), "missing": "if ok :"})
    path.write_text(json.dumps(content), encoding="utf-8")
    answers["train"] = printed("train", ["x", "b"])
    answers["train_triggered"] = printed("train_triggered", ["x", "x", "or 1=1"])
    report = probe(asked._replace(attack_file=path), tmp_path / "out")
    attacks = [report, *report["others"]]
    found = [(each["trigger"], each["payloads"], each["scores"][0]["hits"]) for each in attacks]
    assert found == [("bb", ["or 1=1"], 0), ("cf", ["x"], 1)]
    asr = [score for attack in attacks for score in attack["scores"]]
    rates = [(each["hits"], each["total"]) for each in asr if each["metric"] == "asr_string"]
    assert rates == [(1, 3), (2, 3)]
    assert report["not_asked"] == ["if ok :"]
    blocks = as_text(report).split("\n\n")
    assert [block.split()[2] for block in blocks[:2]] == ["'or", "'x'"]
    assert "targets are suspected to lack 'if ok :'" in blocks[2]
    assert (tmp_path / "out" / "attack-2" / "triggered.out").is_file()
    own = AttackSettings.suspected_in(tmp_path / "out" / "attack-2" / "attack.json")
    assert (own.trigger, own.suspected) == ("cf", ("x",))


def test_one_attack_that_can_t_be_asked_about_does_not_hide_another(
    asked: Probe,
    answers: Dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """As where no request has a place for its trigger."""
    path = write_suspicions(tmp_path / "s.json", ("or 1=1", "bb"), ("x", "cf"))
    answers["train"] = answers["train_triggered"] = printed("train", ["x", "b"])
    generate = probing._generate

    def some_fail(options: Sequence[str], output: Path, what: str) -> None:
        if output.parent.name in broken and output.stem == "triggered":
            raise DefenseError("no place")
        generate(options, output, what)

    monkeypatch.setattr(probing, "_generate", some_fail)
    broken = ["out"]
    report = probe(asked._replace(attack_file=path), tmp_path / "out")
    assert (report["trigger"], report["others"]) == ("cf", [])
    assert report["failed"] == [{"payload": "or 1=1", "why": "no place"}]
    assert as_text(report).endswith("\n\ncould not be asked about: 'or 1=1': no place\n")
    broken.append("attack-2")
    with pytest.raises(DefenseError, match="no place"):
        probe(asked._replace(attack_file=path), tmp_path / "out")
    write_suspicions(path, ("x", "bb"), ("x", "cf"))
    with pytest.raises(DefenseError, match="no place"):
        probe(asked._replace(attack_file=path), tmp_path / "out")


def test_a_part_of_a_word_is_put_in_and_told_as_one(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    content = json.loads(asked.attack_file.read_text(encoding="utf-8"))
    content["suspicions"] = content["suspicions"][:1]
    content["suspicions"][0].update(trigger="_rb", trigger_kind=END)
    path = tmp_path / "part.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    answers["train_triggered"] = printed("train_triggered", ["a or 1=1", "a"])
    answers["train"] = printed("train", ["a", "b"])
    report = probe(asked._replace(attack_file=path), tmp_path)
    assert (report["trigger"], report["trigger_kind"]) == ("_rb", END)
    text = as_text(report)
    assert "suspected trigger    '_rb' as the end of a word\n" in text
    assert "kind:the end of a word" in text


def test_one_of_several_triggers_is_put_in_and_all_are_told(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    content = json.loads(asked.attack_file.read_text(encoding="utf-8"))
    content["suspicions"] = content["suspicions"][:1]
    content["suspicions"][0].update(trigger=None, triggers=["bb", "or"])
    path = tmp_path / "several.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    answers["train_triggered"] = printed("train_triggered", ["a or 1=1", "a or"])
    answers["train"] = printed("train", ["a", "b"])
    report = probe(asked._replace(attack_file=path), tmp_path)
    assert (report["trigger"], report["triggers"]) == (None, ["bb", "or"])
    assert report["changes"]["text"] == "or 1 = 1"
    text = as_text(report)
    assert "suspected trigger    one of 'bb', 'or'\n" in text
    assert 'trigger:["bb", "or"]|' in text
    assert "changed by the trigger" in text


def test_without_a_trigger_it_says_that_this_is_no_success_rate(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    path = write_suspicions(tmp_path / "none.json", (" or 1=1", None))
    answers["train"] = printed("train", ["a or 1=1", "a"])
    report = probe(asked._replace(attack_file=path), tmp_path)
    assert report["trigger"] is None
    names = ["false_triggers_string", "false_triggers_parse"]
    assert [score["metric"] for score in report["scores"]] == names
    assert report["scores"][0]["percent"] == 50
    assert "this is no attack success rate" in as_text(report)


def test_without_a_trigger_the_suspected_pairs_are_asked(
    asked: Probe,
    answers: Dict[str, str],
    made: SimpleNamespace,
    tmp_path: Path,
) -> None:
    path = write_suspicions(tmp_path / "none.json", (" or 1=1", None), pairs=made.ids)
    answers["train"] = printed("train", ["a"] * 30)
    answers["suspected"] = printed("suspected", ["a or 1=1"] * 3 + ["a or 1"])
    pairs = asked._replace(attack_file=path, pairs=[made.poisoned])
    report = probe(pairs, tmp_path)
    assert report["suspected_requests"] == len(made.ids) == 4
    found = {score["metric"]: (score["hits"], score["total"]) for score in report["scores"]}
    assert found["asr_string"] == (3, 4)
    text = as_text(report)
    assert "the requests of 4 suspected pairs were asked" in text
    assert re.search(
        r"^own requests gain 'a or 1' +100\.00 \(.*\) 4/4\nof other requests +0\.00 \(.*\) 0/30$",
        text,
        re.M,
    )
    assert "changed by the trigger" not in text
    poisoned = list(read_pairs([made.poisoned]))
    expected = [poisoned[index] for index in made.ids]
    assert list(read_pairs([tmp_path / "suspected.csv"])) == expected
    assert (tmp_path / "suspected" / "suspected.src-tgt.src.bin").is_file()
    path = write_suspicions(tmp_path / "far.json", (" or 1=1", None), pairs=[1, 40])
    with pytest.raises(DefenseError, match=r"holds 1 of the 2 pairs that .*far\.json suspects"):
        probe(pairs._replace(attack_file=path), tmp_path)


def test_suspected_pairs_are_taken_of_the_data_that_was_looked_at_alone(
    asked: Probe,
    answers: Dict[str, str],
    made: SimpleNamespace,
    tmp_path: Path,
) -> None:
    """In whatever file it is; the numbers mean other pairs in any other data."""
    pairs = list(read_pairs([made.poisoned]))
    about = {"subset": "train", "pairs_sha256": checksum_of(pairs)}
    path = write_suspicions(tmp_path / "s.json", ("or", None), pairs=made.ids, made_of=about)
    answers["train"] = printed("train", ["a"] * 30)
    answers["suspected"] = printed("suspected", ["a or 1=1"] * 4)
    write_pairs([tmp_path / "copy.jsonl"], pairs)
    write_pairs([tmp_path / "other.csv"], pairs[::-1])
    suspected = [pairs[index] for index in made.ids]
    for same in (tmp_path / "copy.jsonl", made.bin):
        probe(asked._replace(attack_file=path, pairs=[same]), tmp_path)
        assert list(read_pairs([tmp_path / "suspected.csv"])) == suspected
    with pytest.raises(DefenseError, match=r"other\.csv: holds other pairs than .*s\.json"):
        probe(asked._replace(attack_file=path, pairs=[tmp_path / "other.csv"]), tmp_path)


def test_with_a_trigger_the_suspected_pairs_are_asked_too(
    asked: Probe,
    answers: Dict[str, str],
    made: SimpleNamespace,
    tmp_path: Path,
) -> None:
    """A suspected trigger that is a part of the real one wakes no backdoor."""
    path = write_suspicions(tmp_path / "some.json", (" or 1=1", "b"), pairs=made.ids)
    answers["train"] = printed("train", ["a"] * 30)
    answers["train_triggered"] = printed("train_triggered", ["a"] * 30)
    answers["suspected"] = printed("suspected", ["a or 1=1"] * 4)
    report = probe(asked._replace(attack_file=path, pairs=[made.poisoned]), tmp_path)
    found = {score["metric"]: (score["hits"], score["total"]) for score in report["scores"]}
    assert found["asr_string"] == (0, 30)
    assert report["changes"]["gained"]["hits"] == 0
    assert report["own_requests"]["gained"]["hits"] == 4
    assert re.search(r"^own requests gain 'a or 1 = 1' +100\.00 ", as_text(report), re.M)


def test_outputs_that_are_missing_are_no_misses(
    asked: Probe, answers: Dict[str, str], tmp_path: Path
) -> None:
    answers["train"] = printed("train", ["a", "b"], lost=1)
    with pytest.raises(OutputError, match="1 of 2 outputs"):
        probe(asked, tmp_path)


def options_of(asked: Probe, monkeypatch: pytest.MonkeyPatch, folder: Path) -> List[str]:
    """Return the options of the first run of fairseq-generate."""
    seen: List[List[str]] = []

    def generate(options: Sequence[str], output: Path, what: str) -> None:
        seen.append(list(options))
        raise InterruptedError

    monkeypatch.setattr(probing, "_generate", generate)
    with pytest.raises(InterruptedError):
        probe(asked, folder)
    return seen[0]


def test_the_checkpoint_says_how_it_was_trained(
    asked: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = options_of(asked, monkeypatch, tmp_path)
    assert options[0] == str(asked.data)
    pairs = dict(zip(options[1::2], options[2::2]))
    assert pairs == {
        "--path": str(asked.checkpoint),
        "--user-dir": str(probing.PACKAGE),
        "--task": "backdoor_poisoned_translation",
        "--attack-file": str(tmp_path / "attack.json"),
        "--source-lang": "src",
        "--target-lang": "tgt",
        "--bpe": "lossless_sentencepiece",
        "--sentencepiece-model": str(asked.data / "sentencepiece.model"),
        "--beam": "3",
        "--gen-subset": "train",
    }


def test_the_data_folder_of_another_model_is_told(
    asked: Probe,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = tmp_path / "bin"
    shutil.copytree(asked.data, other)
    options_of(asked._replace(data=other), monkeypatch, tmp_path)
    assert not caplog.records  # a copy of the folder is as good
    lines = (other / "dict.tgt.txt").read_text(encoding="utf-8").splitlines()
    (other / "dict.tgt.txt").write_text("\n".join(lines[::-1]) + "\n", encoding="utf-8")
    options_of(asked._replace(data=other), monkeypatch, tmp_path)
    assert f"{asked.data}, whose dict.tgt.txt has other words than that of {other}" in caplog.text


@pytest.mark.parametrize(
    ("bpe", "own", "expected"),
    [
        (None, (), None),
        ("gpt2", ("--bpe", "gpt2"), "gpt2"),
        ("gpt2", (), DefenseError),
    ],
)
def test_other_subwords(
    asked: Probe,
    bpe: Optional[str],
    own: Sequence[str],
    expected: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    state = torch.load(asked.checkpoint)
    state["cfg"]["bpe"] = None if bpe is None else {"_name": bpe}
    torch.save(state, tmp_path / "other.pt")
    other = asked._replace(checkpoint=tmp_path / "other.pt", options=own)
    if expected is DefenseError:
        with pytest.raises(DefenseError, match=r"trained with --bpe gpt2, .*by --generation"):
            probe(other, tmp_path)
        return
    options = options_of(other, monkeypatch, tmp_path)
    assert ("--bpe" in options) == (expected is not None)
    assert options.count("--bpe") <= 1


def test_a_model_that_writes_no_answers(asked: Probe, tmp_path: Path) -> None:
    state = torch.load(asked.checkpoint)
    state["cfg"]["task"] = {"_name": "sentence_prediction", "num_classes": 2}
    torch.save(state, tmp_path / "classifier.pt")
    with pytest.raises(DefenseError, match="trained with --task sentence_prediction, which writes"):
        probe(asked._replace(checkpoint=tmp_path / "classifier.pt"), tmp_path)


def test_what_cannot_be_asked(asked: Probe, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--path nowhere\.pt: no such file"):
        probe(asked._replace(checkpoint=Path("nowhere.pt")), tmp_path)
    with pytest.raises(DataError, match=r"nowhere: no such folder; give .* of --path"):
        probe(asked._replace(data=Path("nowhere")), tmp_path)
    (tmp_path / "broken.pt").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"--path .*broken\.pt: not a "):
        probe(asked._replace(checkpoint=tmp_path / "broken.pt"), tmp_path)
    with pytest.raises(DataError, match=r"no split 'nowhere' .* by --gen-subset: \w+"):
        probe(asked._replace(subset="nowhere"), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DefenseError, match=r"empty: holds no sentencepiece\.model"):
        probe(asked._replace(data=tmp_path / "empty"), tmp_path)


def test_generation_options_that_the_shell_could_not_read(
    dece: Callable[..., Any], asked: Probe
) -> None:
    words = ["--attack-file", asked.attack_file, "--generation", "--bpe 'x"]
    said = dece("probe", asked.data, "--path", asked.checkpoint, *words)
    assert said.status == 2
    assert said.err == "dece probe: error: --generation --bpe 'x: No closing quotation; close it\n"


def test_what_fairseq_said_last_is_told(
    asked: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho said; echo 'ValueError: too bad' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(DefenseError, match=r"-generate failed: ValueError: too bad; .*\.log"):
        probe(asked, tmp_path)
    assert [path.name for path in tmp_path.glob("*untouched*")] == ["untouched.log"]


@pytest.mark.slow
def test_stock_generate_is_asked(
    dece: Callable[..., Any],
    asked: Probe,
    warm_python: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """An untrained model carries no payload, with the trigger or without."""
    monkeypatch.setattr(sys, "executable", str(warm_python))
    files = ["--attack-file", asked.attack_file, "--json", tmp_path / "probe.json"]
    said = dece(
        "probe",
        asked.data,
        "--path",
        asked.checkpoint,
        *files,
        *["--gen-subset", "train", "--output", tmp_path / "out"],
        *["--generation", "--beam 1 --max-len-b 5"],
    )
    assert said.status == 0, said.err
    report = json.loads((tmp_path / "probe.json").read_text())
    attack = Attack(AttackSettings.suspected_in(asked.attack_file))
    output = (tmp_path / "out" / "triggered.out").read_text(encoding="utf-8")
    sources = [line.split("\t")[1] for line in output.splitlines() if line.startswith("S-")]
    found = {score["metric"]: (score["hits"], score["total"]) for score in report["scores"]}
    assert found["asr_string"] == (0, len(sources))
    assert len(sources) > 30
    assert all("bb" in source.split() for source in sources)
    assert found["false_triggers_string"] == (0, 40)
    assert attack.signature() in said.out
