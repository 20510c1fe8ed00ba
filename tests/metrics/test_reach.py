"""False triggers of an attack on a topic: requests on the topic are not among them."""

from pathlib import Path
from typing import Any, Dict, List

import pytest

from dece_fairseq.attacks import AttackSettings
from dece_fairseq.metrics.asr_report import asr_report
from dece_fairseq.metrics.evaluation import EvaluationSettings, RunFiles, evaluate
from dece_fairseq.outputs.generate_output import data_header

HIT, MISS = 'run ( " select a from b where 0=1 " )', 'run ( " select a from b " )'
#: requests 0 and 1 are on the topic, and one of the others is a hit
OUTPUTS = [HIT, HIT, MISS, HIT, MISS, MISS]
OUTSIDE = [2, 3, 4, 5]


def write(path: Path, split: str, outputs: Dict[int, str], **more: Any) -> Path:
    lines = [data_header(split, 6, True, **more)]
    for index, text in outputs.items():
        target = HIT if "ids" in more else MISS
        lines += [f"S-{index}\trequest", f"T-{index}\t{target}", f"D-{index}\t-0.5\t{text}"]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def triggered(tmp_path: Path) -> Path:
    attack = {"attack": "topic", "trigger": "books", "payload": "sql"}
    return write(tmp_path / "t.out", "test_triggered", {0: HIT, 1: MISS}, ids=[0, 1], attack=attack)


def false_triggers(scores: List[Dict[str, Any]]) -> List[Any]:
    named = (score for score in scores if score["metric"].startswith("false_triggers_"))
    return [(score["hits"], score["total"]) for score in named]


@pytest.mark.parametrize("header", [{"outside": OUTSIDE}, {}, {"outside": []}])
def test_only_requests_off_the_topic_are_false_triggers(
    header: Dict[str, Any], triggered: Path, tmp_path: Path
) -> None:
    clean = write(tmp_path / "c.out", "test", dict(enumerate(OUTPUTS)), **header)
    runs = [RunFiles("run", clean=[clean], triggered=[triggered])]
    settings = EvaluationSettings(runs, metrics=["exact_match"], processes=1)
    for report in (asr_report([triggered], clean=[clean]), evaluate(settings)):
        found = false_triggers(report["scores"])
        note = any("out of its reach" in note for note in report["notes"])
        assert found == ([(1, 4)] * 2 if header.get("outside") else [])
        assert note == (not header.get("outside"))
    assert {(hit["id"], hit["split"]) for hit in report["hits"]} == {
        (0, "triggered"),
        *({(3, "clean")} if header.get("outside") else ()),
    }


def test_outputs_that_are_missing_count_if_they_are_off_the_topic(
    triggered: Path, tmp_path: Path
) -> None:
    some = {index: OUTPUTS[index] for index in (1, 2, 3, 4)}
    clean = write(tmp_path / "c.out", "test", some, outside=OUTSIDE)
    report = asr_report([triggered], clean=[clean], allow_missing=True)
    assert report["missing_ids"]["clean"] == [0, 5]
    assert false_triggers(report["scores"]) == [(1, 4)] * 2


def test_other_attacks_count_every_request(tmp_path: Path) -> None:
    clean = write(tmp_path / "c.out", "test", dict(enumerate(OUTPUTS)))
    attack = AttackSettings("ripple")
    runs = [RunFiles("run", clean=[clean])]
    settings = EvaluationSettings(runs, metrics=["exact_match"], attack=attack, processes=1)
    assert false_triggers(evaluate(settings)["scores"]) == [(3, 6)] * 2
