"""A page in a real browser, at two widths, light and dark."""

import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest

#: of frames, in CSS pixels
WIDTHS = (400, 1400)
#: opens the page in a frame of each width, and writes down what LOOK finds there
HARNESS = """<!DOCTYPE html><body style="margin:0">
FRAMES
<pre id="found"></pre>
<script>
const found = {};
window.onload = () => {
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, view = frame.contentWindow;
    const width = page.documentElement.clientWidth;
    LOOK
  }
  document.getElementById("found").textContent = JSON.stringify(found);
};
</script>"""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
]

needs_a_browser = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="there is no Chromium"
)


def look_at(page: str, look: str, dark: bool, folder: Path) -> Dict[str, Any]:
    """Return what a script finds in a page, by the width of the frame.

    Args:
        page: HTML
        look: the script; it sets ``found[frame.width]`` by ``page``, the document in the frame, its
            window ``view`` and its ``width``
        dark: whether the user prefers dark pages
        folder: takes the browser's files
    """
    frames = "".join(
        f'<iframe width="{width}" height="800" srcdoc="{html.escape(page)}"></iframe>'
        for width in WIDTHS
    )
    harness = folder / "harness.html"
    content = HARNESS.replace("LOOK", look).replace("FRAMES", frames)
    harness.write_text(content, encoding="utf-8")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    profile = f"--user-data-dir={folder / 'profile'}"
    command = ["chromium", *FLAGS, *scheme, profile, harness.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    shown = done.stdout.partition('<pre id="found">')[2].partition("</pre>")[0]
    found: Dict[str, Any] = json.loads(html.unescape(shown))
    return found
