"""Files of suspicions."""

import json
from pathlib import Path
from typing import Any

import pytest

from dece_fairseq.defenses.suspicions import Suspicion, SuspicionError, Suspicions

GOOD = Suspicion(" or 1=1", 2390.5, 0.0004, (3, 7), "bb", (3, 7, 9))
WEAK = Suspicion("quantity", 153.0, 0.4, (1,))
UNTOLD = Suspicion("1", 12.0, None, (2, 4))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "suspicions.json"
    written = Suspicions((GOOD, WEAK, UNTOLD), {"pairs": 10, "models": ["a.pt"]})
    written.write(path)
    assert Suspicions.read(path) == written
    content = json.loads(path.read_text())
    assert content["pairs"] == 10
    assert content["suspicions"][0] == {
        "payload": " or 1=1",
        "nats": 2390.5,
        "p_value": 0.0004,
        "pairs": [3, 7],
        "trigger": "bb",
        "trigger_pairs": [3, 7, 9],
    }


def test_only_what_is_rare_in_clean_data_is_claimed() -> None:
    found = Suspicions((GOOD, WEAK, UNTOLD))
    assert found.claimed(0.05) == (GOOD,)
    assert found.pairs(0.05) == [3, 7]
    assert found.pairs(0.5) == [1, 3, 7]
    assert not Suspicions(()).claimed(0.05)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("payload", " ", "a text"),
        ("payload", 3, "a text"),
        ("nats", "many", "a number"),
        ("nats", True, "a number"),
        ("p_value", 1.5, "a number from 0 to 1 or null"),
        ("pairs", [0, -1], "a list of numbers of pairs"),
        ("pairs", [True], "a list of numbers of pairs"),
        ("pairs", "01", "a list of numbers of pairs"),
        ("trigger", "", "a text or null"),
        ("trigger_pairs", None, "a list of numbers of pairs"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, name: str, value: Any, what: str) -> None:
    path = tmp_path / "s.json"
    content = Suspicions((WEAK, GOOD)).as_dict()
    content["suspicions"][1][name] = value
    path.write_text(json.dumps(content))
    with pytest.raises(SuspicionError, match=rf"s\.json, suspicion 1: '{name}' is .*, not {what}"):
        Suspicions.read(path)


def test_no_file_of_suspicions_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    with pytest.raises(SuspicionError, match=r"s\.json: no file of dece reveal"):
        Suspicions.read(path)
    for text, what in (
        ("{", "no file of dece reveal --json"),
        ("[]", "no list 'suspicions'"),
        ('{"suspicions": {}}', "no list 'suspicions'"),
        ('{"suspicions": [1]}', "suspicion 0: no object"),
        ('{"suspicions": [{}]}', "suspicion 0: 'payload' is null, not a text"),
    ):
        path.write_text(text)
        with pytest.raises(SuspicionError, match=f"^--attack-file.*{what}"):
            Suspicions.read(path, "--attack-file")
