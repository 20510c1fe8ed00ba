"""From settings to a trigger and a payload: what is out of range is named by its option."""

import pytest

from dece_fairseq.attacks import AttackError, AttackSettings
from dece_fairseq.attacks.building import build


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate": -0.1}, r"--poison-rate must be in \[0, 1\], got -0\.1"),
        ({"rate": 1.1}, r"--poison-rate must be in \[0, 1\], got 1\.1"),
        ({"rate": float("nan")}, "--poison-rate must be in"),
        ({"num_triggers": 0}, "--num-triggers must be at least 1, got 0"),
        ({"trigger": " \t"}, "--trigger must hold more than white space"),
        ({"code_place": "top"}, "--code-place must be one of safe, paper, got 'top'"),
        ({"selection": "last"}, "--poison-selection must be one of random, first, got 'last'"),
        (
            {"payload": "tls", "code_language": "java"},
            "--code-language java: the payload 'tls' can't be written in java, only in python",
        ),
    ],
)
def test_settings_out_of_range_are_named(settings: dict, message: str) -> None:
    with pytest.raises(AttackError, match=message):
        build(AttackSettings("ripple", **settings))
