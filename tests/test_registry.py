"""Registries of any kind."""

from types import SimpleNamespace

import pytest

from dece_fairseq.attacks.registry import AttackError
from dece_fairseq.attacks.registry import Registry as AttackRegistry
from dece_fairseq.registry import Registry, listing


def test_an_unknown_name_lists_the_known_ones() -> None:
    registry: Registry = Registry("fruit")
    registry.register("pear")(1)
    registry.register("apple")(2)
    assert registry.get("pear") == 1
    with pytest.raises(ValueError, match=r"no fruit is called 'fig'; there are: apple, pear"):
        registry.get("fig")


def test_attacks_have_an_error_of_their_own() -> None:
    with pytest.raises(AttackError, match="no trigger is called 'x'"):
        AttackRegistry("trigger").get("x")


def test_a_name_is_given_once() -> None:
    registry: Registry = Registry("fruit")
    registry.register("pear")(1)
    with pytest.raises(ValueError, match="'pear' is registered already"):
        registry.register("pear")(2)


def test_the_listing_has_a_line_for_each() -> None:
    registry: Registry = Registry("fruit")
    registry.register("pear")(SimpleNamespace(summary="green"))
    registry.register("fig")(SimpleNamespace(summary="blue"))
    assert listing(registry) == "fig   blue\npear  green"
    assert listing(Registry("nothing")) == ""
