"""A page in a real browser, at two widths, light and dark."""

import functools
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict

import pytest

#: of windows, in CSS pixels
WIDTHS = (400, 1400)
WEB_ENGINE = Path(__file__).with_name("web_engine.py")
#: what a script that looks at a page can use
NAMES = "const page = document, view = window, width = document.documentElement.clientWidth;"


def look_at(page: str, look: str, dark: bool, folder: Path) -> Dict[int, Any]:
    """Return what a script finds in a page, by the width of the window.

    Where no browser is installed, or it does not start here, the test is skipped.

    Args:
        page: HTML
        look: the body of a function that returns something of JSON; it finds the document as
            ``page``, its window as ``view`` and what of that the page can fill as ``width``
        dark: whether the user prefers dark pages
        folder: takes the page
    """
    why_not = _why_not()
    if why_not:
        pytest.skip(why_not)
    path = folder / "looked_at.html"
    path.write_text(page, encoding="utf-8")
    done = _browse(path, NAMES + look, "dark" if dark else "light")
    assert done.returncode == 0, done.stderr
    return dict(zip(WIDTHS, json.loads(done.stdout)))


@functools.lru_cache(maxsize=None)
def _why_not() -> str:
    """Return why no page can be looked at here; empty if one can."""
    if find_spec("PyQt6") is None or find_spec("PyQt6.QtWebEngineWidgets") is None:
        return "there is no browser: pip install -c constraints.txt PyQt6-WebEngine"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text("<!DOCTYPE html><title>a page</title>", encoding="utf-8")
        done = _browse(path, "return document.title;", "light")
    if done.returncode == 0 and json.loads(done.stdout) == ["a page"] * len(WIDTHS):
        return ""
    return f"the browser does not start here: {done.stderr[-300:]}"


def _browse(page: Path, script: str, scheme: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, WEB_ENGINE, page, scheme, *WIDTHS]
    return subprocess.run(
        list(map(str, command)), input=script, capture_output=True, text=True, timeout=120
    )
