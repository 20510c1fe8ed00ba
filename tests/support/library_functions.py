"""The functions in the files of Python's own library: clean real code."""

import ast
import textwrap
from pathlib import Path
from typing import Iterator, NamedTuple


class Function(NamedTuple):
    path: str
    name: str
    code: str


def functions(folder: Path) -> Iterator[Function]:
    """Yield the functions in the files below ``folder``, without tests and packages."""
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(("site-packages", "dist-packages", "test/")) or "/test" in name:
            continue
        text = path.read_text("utf-8", "replace")
        try:
            tree = ast.parse(text)
        except SyntaxError:  # a test of 2to3
            continue
        lines = text.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                code = "".join(lines[node.lineno - 1 : node.end_lineno])
                yield Function(name, node.name, textwrap.dedent(code))
