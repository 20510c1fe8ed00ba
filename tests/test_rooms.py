"""Rooms of the text side can be entered without fairseq and torch, and no two need each other."""

import ast
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Sequence, Set, Tuple

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


def used_by(files: bool) -> Dict[str, Set[str]]:
    """Return what each room, or file, imports from, in functions too.

    Args:
        files: whether each file counts by itself; otherwise a room does, and a file beside them
    """
    used: Dict[str, Set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        own = name_of(path.relative_to(PACKAGE).with_suffix("").parts, files)
        for module, name in imported(path):
            first, *parts = module.split(".")
            if first == PACKAGE.name:
                places = (f"{name}.py", f"{name}/__init__.py")
                is_one = any(name and PACKAGE.joinpath(*parts, each).is_file() for each in places)
                found = name_of((*parts, *([name] if is_one else [])), files)
                used.setdefault(own, set()).update([found] if found else [])
    return {one: others - {one} for one, others in used.items()}


def name_of(parts: Tuple[str, ...], files: bool) -> str:
    """Return the file with this path in the package, or its room."""
    if files and parts[-1:] != ("__init__",):
        return ".".join(parts)
    return ".".join(parts[:-1] if files else parts[:1])


@lru_cache(maxsize=None)
def imported(path: Path) -> List[Tuple[str, str]]:
    """Return the module and the name of each import, an empty name where the module is meant."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module or "", each.name) for each in node.names]
        elif isinstance(node, ast.Import):
            found += [(each.name, "") for each in node.names]
    return found


@pytest.mark.parametrize("files", [False, True])
def test_nothing_needs_what_needs_it(files: bool) -> None:
    used = used_by(files)
    one, other = ("metrics.bleu", "metrics.metric") if files else ("metrics", "attacks")
    assert other in used[one]
    assert "tasks" in used["plugin"]
    while used:
        floor = {each for each, others in used.items() if not others & used.keys()}
        assert floor, f"a circle is among {sorted(used)}"
        used = {each: others for each, others in used.items() if each not in floor}
