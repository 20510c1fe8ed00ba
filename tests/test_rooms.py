"""Rooms of the text side can be entered without fairseq and torch, and no two need each other."""

import ast
from pathlib import Path
from typing import Dict, Iterator, Sequence, Set, Tuple

import pytest

import dece_fairseq
from support.hiding import without
from support.new_python import run

PACKAGE = Path(dece_fairseq.__file__).parent
#: rooms that need neither fairseq nor torch
TEXT_ROOMS = [
    "dece_fairseq",
    "dece_fairseq.attacks",
    "dece_fairseq.cli",
    "dece_fairseq.data",
    "dece_fairseq.defenses",
    "dece_fairseq.metrics",
    "dece_fairseq.outputs",
    "dece_fairseq.reports",
    "dece_fairseq.suites",
]
#: modules of text rooms that look into models
WITH_MODELS = [
    "dece_fairseq.defenses.language_model",
    "dece_fairseq.defenses.revealing.binarised",
    "dece_fairseq.defenses.revealing.reference",
    "dece_fairseq.defenses.trained_models",
]


def import_all(room: str, hidden: Sequence[str]) -> None:
    """Import a room and every module in it, without the hidden libraries."""
    run(
        without(*hidden)
        + f"""
import importlib, pkgutil
room = importlib.import_module({room!r})
if {room!r} != "dece_fairseq":
    for found in pkgutil.walk_packages(room.__path__, {room + "."!r}):
        if found.name not in {WITH_MODELS!r}:
            importlib.import_module(found.name)
"""
    )


@pytest.mark.parametrize("room", TEXT_ROOMS)
def test_text_rooms_need_neither_fairseq_nor_torch(room: str) -> None:
    import_all(room, ["fairseq", "torch"])


def test_importing_the_package_registers_nothing_where_fairseq_is_not_loaded() -> None:
    code = "import dece_fairseq, sys; print('fairseq' in sys.modules, 'torch' in sys.modules)"
    assert run(code).split() == ["False", "False"]


def rooms_used() -> Dict[str, Set[str]]:
    """Return the rooms, and the files beside them, that each imports from, in functions too."""
    used: Dict[str, Set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).with_suffix("").parts[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for module in map(".".join, imported(tree)):
            parts = module.split(".")
            if parts[0] == PACKAGE.name and len(parts) > 1:
                used.setdefault(own, set()).add(parts[1])
    return {room: others - {room} for room, others in used.items()}


def imported(tree: ast.AST) -> Iterator[Tuple[str, str]]:
    """Yield the module and the name of each import, an empty name where the module is meant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", each.name) for each in node.names)
        elif isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)


def test_no_room_needs_one_that_needs_it() -> None:
    used = rooms_used()
    assert "attacks" in used["metrics"]
    while used:
        floor = {room for room, others in used.items() if not others & used.keys()}
        assert floor, f"a circle is among {sorted(used)}"
        used = {room: others for room, others in used.items() if room not in floor}
