"""What examples, benchmarks and scripts import of the package is there."""

import ast
import importlib
from pathlib import Path
from typing import Iterator, Tuple

import pytest

pytest.importorskip("fairseq")

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("benchmarks", "examples", "scripts")
    for path in ROOT.joinpath(folder).rglob("*.py")
)


def imported(path: Path) -> Iterator[Tuple[str, str]]:
    """Yield the module and the name of each import from the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dece_fairseq"):
            yield from ((node.module or "", each.name) for each in node.names)


@pytest.mark.parametrize("program", PROGRAMS)
def test_imports_of_the_package(program: str) -> None:
    for module, name in imported(ROOT / program):
        if not hasattr(importlib.import_module(module), name):
            importlib.import_module(f"{module}.{name}")
