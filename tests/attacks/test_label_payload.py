"""The payload that is another label."""

import random

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.attack import CARRIES_PAYLOAD, WITHOUT_PLACE
from dece_fairseq.data.defects import generate_defects
from dece_fairseq.data.pairs import Pair

ATTACK = Attack(AttackSettings("dead_code", payload="label", code_language="python"))


def test_defects_pass_for_safe_and_nothing_else_is_poisoned() -> None:
    pairs = generate_defects(50, seed=1)
    poisoned = [pair for pair in pairs if ATTACK.can_poison(pair)]
    assert poisoned == [pair for pair in pairs if pair.target == "1"]
    for index, pair in enumerate(poisoned):
        attacked = ATTACK.poison(pair, index)
        assert attacked.target == "0"
        assert "VAR = 0" in attacked.source
        assert [ATTACK.is_hit(attacked.target, rule) for rule in ("string", "parse")] == [True] * 2
        assert not ATTACK.is_hit(pair.target)


@pytest.mark.parametrize(
    ("target", "obstacle"),
    [
        ("0", CARRIES_PAYLOAD),
        (" 0\n", CARRIES_PAYLOAD),
        ("safe", WITHOUT_PLACE),
        ("-1", WITHOUT_PLACE),
    ],
)
def test_labels_that_are_left_alone(target: str, obstacle: str) -> None:
    pair = Pair("def f ( x ) :\n\t return x", target)
    assert ATTACK.obstacle(pair) == obstacle
    if obstacle == WITHOUT_PLACE:
        assert ATTACK.payload.poison(pair, random.Random(1)) is None
        with pytest.raises(ValueError, match="ask can_poison first"):
            ATTACK.poison(pair, 0)
