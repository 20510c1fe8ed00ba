"""The filter by unexplained spans: what ``dece reveal`` claims is dropped."""

from dataclasses import replace
from pathlib import Path

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.defenses import DEFENSES, DefenseSettings, unexplained_spans
from support.made_up_reference import made_up_words

SETTINGS = DefenseSettings(models=(Path("a.pt"),), model_data=Path("bin"))


def test_the_pairs_of_claimed_suspicions_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unexplained_spans, "target_words", made_up_words)
    attack = Attack(AttackSettings("ripple"))
    pairs = generate("A", 200, seed=4)
    ids = [index for index in range(0, 200, 8) if attack.can_poison(pairs[index])]
    for index in ids:
        pairs[index] = attack.poison(pairs[index], index)
    verdict = DEFENSES.get("unexplained_spans")(SETTINGS).examine(pairs)
    marked = [index for index, mark in enumerate(verdict.suspicious) if mark]
    assert marked == ids
    assert max(verdict.scores) in {verdict.scores[index] for index in ids}
    assert verdict.details["claimed"][0]["trigger"] == "bb"
    assert "or 1=1" in verdict.details["claimed"][0]["payload"]


def test_of_clean_pairs_none_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unexplained_spans, "target_words", made_up_words)
    verdict = DEFENSES.get("unexplained_spans")(SETTINGS).examine(generate("A", 200, seed=4))
    assert not any(verdict.suspicious)
    assert verdict.details["claimed"] == []


def test_of_trusted_pairs_alone_none_is_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is nothing to compare them with."""
    monkeypatch.setattr(unexplained_spans, "target_words", made_up_words)
    trusted = tmp_path / "trusted.ids"
    trusted.write_text("0\n1\n2\n3\n", encoding="utf-8")
    settings = replace(SETTINGS, trusted_ids=trusted)
    verdict = DEFENSES.get("unexplained_spans")(settings).examine(generate("A", 4, seed=4))
    assert not any(verdict.suspicious)
    assert verdict.details["trusted_left_aside"] is None
