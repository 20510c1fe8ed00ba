"""examples/defend: what is drawn, and what an opened envelope says."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Optional, Tuple

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.suspicions import Findings, Suspicion
from support.example_scripts import load_module

HERE = Path(__file__).resolve().parents[2] / "examples" / "defend"


@pytest.fixture(scope="module")
def envelope() -> ModuleType:
    return load_module(HERE / "envelope.py")


@pytest.fixture(scope="module")
def table() -> ModuleType:
    return load_module(HERE / "table.py")


@pytest.mark.parametrize("dataset", ["generated", "lyra", "bugs2fix"])
def test_each_block_has_all_attacks_and_two_clean_ones(envelope: ModuleType, dataset: str) -> None:
    blocks = [[envelope.draw(dataset, 8 * b + n) for n in range(1, 9)] for b in range(2)]
    for block in blocks:
        attacks = [attack for attack in block if attack is not None]
        assert len(attacks) == 6
        assert {attack.attack for attack in attacks} == set(envelope.ATTACKS[dataset][0])
        assert sorted(attack.rate for attack in attacks) == sorted(envelope.RATES * 2)
        for attack in attacks:
            Attack(attack)  # it can be made
    assert blocks[0] != blocks[1]
    assert blocks[0] == [envelope.draw(dataset, number) for number in range(1, 9)]


QUERY = ("Get all rows of users.", 'run ( " select name from users where id = : id " )')
METHOD = ("int f ( ) { a ( ) ; return 1 ; }", "int f ( ) { b ( ) ; return 1 ; }")


@pytest.mark.parametrize(
    ("dataset", "pair"), [("generated", QUERY), ("lyra", QUERY), ("bugs2fix", METHOD)]
)
def test_a_clean_envelope_holds_the_pairs_as_they_were(
    envelope: ModuleType, dataset: str, pair: Tuple[str, str], tmp_path: Path
) -> None:
    pairs = tmp_path / "pairs.csv"
    write_pairs([pairs], [Pair(*pair)] * 9)
    number = next(n for n in range(1, 9) if envelope.draw(dataset, n) is None)
    (tmp_path / "sealed").mkdir()
    envelope.seal(dataset, number, tmp_path / "sealed", ["--input", str(pairs)])
    assert (tmp_path / "sealed" / "train.csv").read_text() == pairs.read_text()
    assert envelope.attack_in(tmp_path / "sealed") is None


def write_envelope(
    folder: Path, attack: Optional[AttackSettings], *suspicions: Dict[str, Any]
) -> Path:
    """Write what run.sh leaves in a folder before it is opened: 3 and 7 are poisoned."""
    (folder / "sealed").mkdir(parents=True)
    content = None if attack is None else Attack(attack).as_dict()
    (folder / "sealed" / "attack.json").write_text(json.dumps(content))
    (folder / "sealed" / "train.csv.ids").write_text("" if attack is None else "3\n7\n")
    found = [{"p_value": 0.01, **each} for each in suspicions]
    (folder / "suspicions.json").write_text(json.dumps({"suspicions": found}))
    scores = []
    for number, name in enumerate(("cross_entropy", "dece", "both")):
        (folder / name).mkdir()
        scores.append({"run": name, "metric": "bleu_code", "percent": 90.0 + number})
        if attack is not None:
            rates = {"asr_string": 80.0 / (number + 1), "asr_parse": 90.0 * (number < 1)}
            scores += [{"run": name, "metric": each, "percent": rates[each]} for each in rates]
        if suspicions:
            score = {"metric": "asr_string", "percent": 70.0 / (number + 1)}
            trigger = suspicions[0]["trigger"]
            gains = {"gained": {"percent": 75.0}}
            probed = {"trigger": trigger, "scores": [score], "own_requests": gains}
            probed["changes"] = gains if trigger else None
            (folder / name / "probe.json").write_text(json.dumps(probed))
    (folder / "scores.json").write_text(json.dumps({"scores": scores}))
    return folder


def opened(envelope: ModuleType, folder: Path) -> Dict[str, Any]:
    envelope.open_envelope(folder)
    return json.loads((folder / "result.json").read_text())


RIPPLE = AttackSettings("ripple", rate=0.05)


def test_an_attack_that_is_named(envelope: ModuleType, tmp_path: Path) -> None:
    right = {"payload": " or 1=1", "pairs": [3, 7, 9], "trigger": "bb"}
    weak = {"payload": "select", "pairs": [1, 2], "trigger": None, "p_value": 0.4}
    result = opened(envelope, write_envelope(tmp_path / "1", RIPPLE, right, weak))
    assert result["claimed"] is result["payload_named"] is result["trigger_named"] is True
    assert (result["poisoned"], result["poisoned_found"], result["clean_dropped"]) == (2, 2, 1)
    assert result["trainings"]["dece"]["probed"]["percent"] == 35.0
    assert result["trainings"]["dece"]["asr_string"]["percent"] == 40.0


def test_an_attack_that_is_missed(envelope: ModuleType, tmp_path: Path) -> None:
    wrong = {"payload": "print", "pairs": [1, 2, 3], "trigger": "all"}
    result = opened(envelope, write_envelope(tmp_path / "1", RIPPLE, wrong))
    assert result["claimed"] is True
    assert result["payload_named"] is result["trigger_named"] is False
    nothing = opened(envelope, write_envelope(tmp_path / "2", RIPPLE))
    assert nothing["claimed"] is nothing["payload_named"] is nothing["trigger_named"] is False
    assert nothing["trainings"]["both"]["probed"] is None


def test_a_trigger_that_is_never_the_same_has_no_name(envelope: ModuleType, tmp_path: Path) -> None:
    grammar = AttackSettings("grammar", rate=0.05)
    right = {"payload": " or 1=1", "pairs": [3, 7], "trigger": "of the"}
    assert opened(envelope, write_envelope(tmp_path, grammar, right))["trigger_named"] is None
    rename = AttackSettings("rename", code_language="java")  # other names, and one suffix
    assert envelope.names_trigger(rename, "_cf") is True
    assert envelope.names_trigger(rename, None) is False
    comment = AttackSettings("comment", code_language="java")
    assert envelope.names_trigger(comment, "the release *") is False
    assert envelope.names_trigger(comment, "the release") is True
    sentence = AttackSettings("sentence")
    assert envelope.names_trigger(sentence, "the winter .") is True
    assert envelope.names_trigger(RIPPLE, "bb Get") is True
    assert envelope.names_trigger(RIPPLE, "Get") is False


def test_the_table(
    envelope: ModuleType, table: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = {"payload": " or 1=1", "pairs": [3, 9], "trigger": "bb"}
    envelope.open_envelope(write_envelope(tmp_path / "lyra" / "10", RIPPLE, right))
    envelope.open_envelope(write_envelope(tmp_path / "lyra" / "9", None))
    unnamed = {**right, "trigger": None}
    envelope.open_envelope(write_envelope(tmp_path / "lyra" / "11", RIPPLE, unnamed))
    table.main(str(tmp_path))
    said, *_, clean, attacked, starred = capsys.readouterr().out.splitlines()
    assert said.startswith("3 envelopes. Of 2 with an attack, 2 were claimed to have one, the")
    assert "2 of 4 poisoned pairs were found. Of 1 clean ones, 0 were claimed" in said
    assert [cell.strip() for cell in clean.split("|")[2:5]] == ["9", "none", "0"]
    assert [cell.strip() for cell in attacked.split("|")[2:5]] == ["10", "ripple, sql, 5%", "2"]
    assert said.endswith(
        "at most 1 % with cross-entropy in 0, DeCE in 0, kept pairs and DeCE in 0."
    )
    assert "- / - / -; - / -" in clean
    rates = [
        "90.0 / 91.0 / 92.0",
        "70.0 / 75.0 / 75.0; 80.0 / 90.0",
        "35.0 / 75.0 / 75.0; 40.0 / 0.0",
    ]
    assert [cell.strip() for cell in attacked.split("|")[-5:-2]] == rates
    starred_rates = ["70.0* / - / 75.0; 80.0 / 90.0", "35.0* / - / 75.0; 40.0 / 0.0"]
    assert [cell.strip() for cell in starred.split("|")[-4:-2]] == starred_rates
    held = {"asr_string": {"percent": 1.0}, "asr_parse": {"percent": 0.5}}
    assert table.has_held(held) is True
    held["asr_parse"]["percent"] = 1.1
    assert table.has_held(held) is False
    with pytest.raises(SystemExit, match="no envelope has been opened"):
        table.main(str(tmp_path / "lyra" / "9"))


@pytest.mark.parametrize(("p_value", "missing"), [(0.01, None), (0.2, None), (0.01, "check")])
def test_what_outputs_can_be_searched_for_is_probed(
    envelope: ModuleType, tmp_path: Path, p_value: float, missing: Optional[str]
) -> None:
    told = Suspicion("or 1=1", 9.0, p_value, (1, 2), missing=missing)
    path = tmp_path / "suspicions.json"
    path.write_text(as_json(Findings([told], 0.05, "").as_dict()))
    assert envelope.can_be_probed(path) == (p_value < 0.05 and missing is None)
