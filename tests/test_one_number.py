"""One output has the same scores whichever way they are asked for."""

import csv
import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import pytest
from fairseq import scoring
from fairseq.logging import metrics
from omegaconf import OmegaConf

from dece_fairseq.attacks import AttackSettings
from dece_fairseq.cli.main import load, make_parser
from dece_fairseq.metrics.score import Score
from dece_fairseq.reports.cells import read_cells
from dece_fairseq.reports.report import write_report
from dece_fairseq.reports.stored import read_scores
from dece_fairseq.scorers.attack_success_rate import AttackSuccessRateConfig
from dece_fairseq.scorers.code_scorers import CodeScorerConfig
from dece_fairseq.tasks.validation import log_scores, logged_metrics, sums_of
from dece_fairseq.version import version
from support.queries import HIT, MISS
from support.written_outputs import ATTACK, write_output

__all__ = ["write_output"]

OF_ATTACK = ("asr_string", "asr_parse", "false_triggers_string", "false_triggers_parse")
OF_TEXTS = ("bleu_code", "exact_match")
#: by the string a hit, and none by the parse
STRING_ONLY = "x = 1 or 1=1"


class Outputs(NamedTuple):
    """What a model wrote, what it should have written, and the files of both."""

    clean: List[str]
    clean_references: List[str]
    triggered: List[str]
    triggered_references: List[str]
    files: Dict[str, Path]


@pytest.fixture
def outputs(write_output) -> Outputs:
    references = [f"def f ( x ) :\n    return g ( x , {n} ) + {n}" for n in range(12)]
    clean = [text.replace("g", "h") if n % 3 else text for n, text in enumerate(references)]
    clean[5] = HIT
    triggered = [HIT, MISS, HIT, STRING_ONLY, MISS, HIT, MISS]
    wanted = [HIT] * 6 + [STRING_ONLY]
    ids = list(range(0, 14, 2))
    files = {
        "test": write_output(
            "test.out", dict(enumerate(clean)), "test", 12, targets=dict(enumerate(references))
        ),
        "test_triggered": write_output(
            "test_triggered.out",
            dict(zip(ids, triggered)),
            "test_triggered",
            14,
            ids,
            dict(zip(ids, wanted)),
        ),
    }
    return Outputs(clean, references, triggered, wanted, files)


def command(name: str, words: List[Any], capsys: Any) -> Any:
    """Return what a command prints as JSON."""
    parser = make_parser(name, f"dece {name}")
    load(name).run(parser.parse_args([*map(str, words), "--json", "-"]))
    return json.loads(capsys.readouterr().out)


def by_metric(scores: List[Dict[str, Any]]) -> Dict[str, Score]:
    """Return the scores by metric; what their run is called is nobody's concern here."""
    return {score["metric"]: Score.from_dict({**score, "run": ""}) for score in scores}


@pytest.fixture
def evaluated(outputs: Outputs, capsys: Any) -> Dict[str, Any]:
    files = outputs.files
    words = ["--run", f"r={files['test']}", "--triggered", f"r={files['test_triggered']}"]
    return command("evaluate", [*words, "--metrics", *OF_TEXTS], capsys)


@pytest.fixture
def expected(evaluated: Dict[str, Any]) -> Dict[str, Score]:
    return by_metric(evaluated["scores"])


def test_evaluate_tells_numbers_that_differ(expected: Dict[str, Score]) -> None:
    assert set(expected) == {*OF_ATTACK, *OF_TEXTS}
    assert [expected[name].hits for name in OF_ATTACK] == [4, 3, 1, 1]
    assert expected["exact_match"].hits == 4
    assert 0 < expected["bleu_code"].percent < 100
    for name, score in expected.items():
        assert score.signature.startswith(f"{name}|")
        assert score.signature.endswith(f"|v:{version()}")
        assert all(":" in part for part in score.signature.split("|")[1:])


def test_asr(outputs: Outputs, expected: Dict[str, Score], capsys: Any) -> None:
    words = [outputs.files["test_triggered"], "--clean", outputs.files["test"]]
    report = command("asr", words, capsys)
    assert by_metric(report["scores"]) == {name: expected[name] for name in OF_ATTACK}


def test_summarise(outputs: Outputs, expected: Dict[str, Score], capsys: Any) -> None:
    (row,) = command("summarise", ["--run", f"r={outputs.files['test'].parent}"], capsys)
    assert by_metric(row["scores"]) == expected


def scorer(name: str, config: Any, texts: List[str], references: List[str], **options: Any) -> Any:
    """Return fairseq's scorer of that name, filled as fairseq-generate does."""
    merged = OmegaConf.merge(OmegaConf.structured(config), {"_name": name, **options})
    built = scoring.build_scorer(merged, None)
    for text, reference in zip(texts, references):
        built.add_string(reference, text)
    return built


def test_the_scorers_of_fairseq_generate(outputs: Outputs, expected: Dict[str, Score]) -> None:
    nothing = {"text_bpe": None, "text_post_process": None}
    clean = (outputs.clean, outputs.clean_references)
    for name in OF_TEXTS:
        built = scorer(name, CodeScorerConfig(**nothing), *clean)
        assert built.score() == expected[name].percent
        assert built.result_string() == str(expected[name])
    triggered = (outputs.triggered, outputs.triggered_references)
    options = {key: ATTACK[key] for key in ("attack", "trigger", "num_triggers", "payload")}
    for split, texts, names in (
        ("test_triggered", triggered, OF_ATTACK[:2]),
        ("test", clean, OF_ATTACK[2:]),
    ):
        config = AttackSuccessRateConfig(**nothing, text_tokenizer=None, gen_subset=split)
        built = scorer("attack_success_rate", config, *texts, **options)
        assert built.score() == expected[names[0]].percent
        assert built.result_string().splitlines() == [str(expected[name]) for name in names]


def test_validation(outputs: Outputs, expected: Dict[str, Score]) -> None:
    entries = logged_metrics(True, AttackSettings.from_logged(ATTACK))
    sides = {
        "clean": (outputs.clean, outputs.clean_references),
        "triggered": (outputs.triggered, outputs.triggered_references),
    }
    with metrics.aggregate(new_root=True) as aggregate:
        for split, (texts, references) in sides.items():
            for start in range(0, len(texts), 4):  # batches, which two workers share
                log_scores(
                    [
                        {
                            key: value
                            for entry in entries
                            for key, value in sums_of(
                                entry,
                                *(
                                    side[first : first + 2] if entry.split == split else []
                                    for side in (texts, references)
                                ),
                            ).items()
                        }
                        for first in (start, start + 2)
                    ],
                    entries,
                    "loss",
                )
    logged = aggregate.get_smoothed_values()
    names = ("bleu_code", "exact_match", "asr_string")
    assert logged == {name: round(expected[name].percent, 2) for name in names}


def test_the_report(evaluated: Dict[str, Any], outputs: Outputs, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra [reports] is not installed")
    pytest.importorskip("jinja2", reason="the extra [reports] is not installed")
    expected = by_metric(evaluated["scores"])
    cell = tmp_path / "plan" / "cells" / "lyra" / "0" / "badpre" / "0.05" / "dece" / "1"
    cell.mkdir(parents=True)
    (cell / "result.json").write_text(json.dumps(evaluated))
    for path in outputs.files.values():
        (cell / path.name).write_bytes(path.read_bytes())
    (read,) = read_cells(tmp_path / "plan")
    assert by_metric([score.as_dict() for score in read.scores.values()]) == expected
    write_report(tmp_path / "plan", tmp_path / "report")
    (stored,) = read_scores(tmp_path / "report" / "report.csv")
    for name, score in expected.items():
        again = stored.scores[name]
        for field in ("split", "metric", "percent", "low", "high", "hits", "total", "signature"):
            assert getattr(again, field) == getattr(score, field)
    with (tmp_path / "report" / "report.csv").open(newline="") as file:
        signatures = {row["metric"]: row["signature"] for row in csv.DictReader(file)}
    assert signatures == {name: score.signature for name, score in expected.items()}
