"""The JSON file of suspicions."""

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from dece_fairseq.attacks.suspected import Suspected, read_suspected
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.suspicions import Findings, Suspicion, read_findings
from dece_fairseq.data.trigger_kinds import CHARACTERS, END

FOUND = Suspicion(
    payload=" or 1=1",
    nats=158.5,
    p_value=0.004,
    pairs=(3, 8, 11),
    trigger="bb",
    trigger_pairs=(3, 8, 11, 40),
    forms=("where 0=1",),
)
PART = Suspicion("y", 12.0, 0.01, (1,), "_rb", (1,), trigger_kind=END)
SEVERAL = Suspicion("z", 12.0, 0.01, (1, 2), None, (1, 2), triggers=("cf", "mn"))
CUT = Suspicion("(", 12.0, None, (1,), missing="\n")
UNSURE = Suspicion("x", 12.0, None, (1,), closest="the rows", closest_pairs=1)


def written(findings: Findings, path: Path) -> None:
    path.write_text(json.dumps(findings.as_dict()), encoding="utf-8")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    findings = Findings([FOUND, PART, SEVERAL, CUT, UNSURE], 0.05, "the tail", {"pairs": 800})
    written(findings, tmp_path / "found.json")
    assert read_findings(tmp_path / "found.json") == findings
    assert findings.significant() == [FOUND, PART, SEVERAL]
    told = [each["claimed"] for each in findings.as_dict()["suspicions"]]
    assert told == [True, True, True, False, False]


def test_the_keys_are_those_that_were_promised(tmp_path: Path) -> None:
    written(Findings([FOUND], 0.05, ""), tmp_path / "found.json")
    (first,) = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["suspicions"]
    assert {key: first[key] for key in ("payload", "nats", "p_value", "pairs")} == {
        "payload": " or 1=1",
        "nats": 158.5,
        "p_value": 0.004,
        "pairs": [3, 8, 11],
    }
    assert (first["trigger"], first["trigger_pairs"]) == ("bb", [3, 8, 11, 40])


def test_it_is_an_attack_file(tmp_path: Path) -> None:
    written(Findings([FOUND, UNSURE], 0.05, ""), tmp_path / "found.json")
    assert read_suspected(tmp_path / "found.json") == Suspected("bb", (" or 1=1", "where 0=1"))


@pytest.mark.parametrize(
    "change",
    [
        {"payload": " "},
        {"payload": 3},
        {"trigger_kind": "some"},
        {"nats": float("nan")},
        {"nats": "12"},
        {"p_value": 1.5},
        {"p_value": True},
        {"pairs": [-1]},
        {"pairs": 7},
        {"pairs": ["1"]},
        {"trigger": ""},
        {"trigger_pairs": [0.5]},
        {"forms": [""]},
        {"missing": ""},
        {"triggers": ["cf", "mn"]},
        {"trigger": None, "triggers": "cf"},
        {"trigger": None, "triggers": ["cf"]},
        {"trigger": None, "triggers": ["cf", "cf"]},
        {"trigger": None, "triggers": ["cf", " "]},
        {"trigger": None, "triggers": ["cf", ["mn"]]},
        {"trigger": None, "triggers": ["a", "b"], "trigger_kind": CHARACTERS},
    ],
)
def test_what_is_no_suspicion_is_refused(change: Dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    values = {**Findings([FOUND], 0.05, "").as_dict()["suspicions"][0], **change}
    path.write_text(json.dumps({"suspicions": [values]}), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"found\.json: not a file that dece reveal --json wrote \("
    ):
        read_findings(path)


def test_a_file_of_before_there_were_several_triggers_is_read(tmp_path: Path) -> None:
    values = Findings([FOUND], 0.05, "").as_dict()["suspicions"][0]
    del values["triggers"]
    path = tmp_path / "found.json"
    path.write_text(json.dumps({"suspicions": [values]}), encoding="utf-8")
    assert read_findings(path).suspicions == [FOUND]


def test_other_files_are_refused(tmp_path: Path) -> None:
    for number, (text, why) in enumerate(
        (
            ("", "Expecting value"),
            ("[]", "it has no list of suspicions"),
            ("{}", "it has no list of suspicions"),
            ('{"suspicions": ["x"]}', "it has no list of suspicions"),
            ('{"suspicions": [], "made_of": []}', "made_of is not an object"),
            ('{"suspicions": [{"payload": "x"}]}', "needs payload, nats, p_value and pairs"),
        )
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=rf"not a file that dece reveal --json wrote \(.*{why}"):
            read_findings(path)
    with pytest.raises(DataError, match="No such file"):
        read_findings(tmp_path / "nowhere.json")
