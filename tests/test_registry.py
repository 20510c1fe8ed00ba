"""Registries of any kind."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dece_fairseq.attacks.attack_registry import AttackError, AttackRegistry
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


def test_the_files_of_a_package_are_imported_when_a_name_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "fruits_of_a_test"
    package.mkdir()
    code = "from dece_fairseq.registry import Registry\n"
    code += "FRUITS = Registry('fruit', 'fruits_of_a_test')\n"
    (package / "__init__.py").write_text(code, encoding="utf-8")
    code = "from fruits_of_a_test import FRUITS\nFRUITS.register('pear')(1)\n"
    (package / "pear.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    fruits: Registry = importlib.import_module("fruits_of_a_test").FRUITS
    assert "fruits_of_a_test.pear" not in sys.modules
    assert fruits.names() == ["pear"]
    assert fruits.get("pear") == 1


def test_the_listing_has_a_line_for_each() -> None:
    registry: Registry = Registry("fruit")
    registry.register("pear")(SimpleNamespace(summary="green"))
    registry.register("fig")(SimpleNamespace(summary="blue"))
    assert listing(registry) == "fig   blue\npear  green"
    assert listing(Registry("nothing")) == ""
