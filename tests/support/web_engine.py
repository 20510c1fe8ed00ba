"""Open a page in Chromium's engine, as Qt brings it, and print what a script finds there.

    python web_engine.py PAGE SCHEME WIDTH [WIDTH ...] < SCRIPT

For each width the page is loaded anew, and SCRIPT is the body of a function that returns something
of JSON; a list of what it returned is printed. SCHEME is light or dark.
"""

import json
import os
import sys
from pathlib import Path

HEIGHT = 800
#: seconds after which a page that does not load, or asks something, is given up
LIMIT = 60

page, scheme = Path(sys.argv[1]).resolve(), sys.argv[2]
widths = [int(width) for width in sys.argv[3:]]
script = f"(() => {{ {sys.stdin.read()} }})()"
flags = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
if scheme == "dark":
    flags.append("--blink-settings=preferredColorScheme=0")
# Before Qt is imported: no screen is needed, and root may run it.
os.environ.update(QT_QPA_PLATFORM="offscreen", QTWEBENGINE_DISABLE_SANDBOX="1")
os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = " ".join(flags)

from PyQt6.QtCore import QTimer, QUrl  # noqa: E402
from PyQt6.QtWebEngineWidgets import QWebEngineView  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

application = QApplication(sys.argv[:1])
views = [QWebEngineView() for _ in widths]
found = []


def look() -> None:
    views[len(found)].page().runJavaScript(script, note)


def note(result: object) -> None:
    found.append(result)
    open_next()


def open_next() -> None:
    if len(found) == len(views):
        print(json.dumps(found))
        application.quit()
        return
    view = views[len(found)]
    view.resize(widths[len(found)], HEIGHT)
    view.show()
    view.loadFinished.connect(look)
    view.load(QUrl.fromLocalFile(str(page)))


QTimer.singleShot(0, open_next)
QTimer.singleShot(1000 * LIMIT, lambda: application.exit(1))
sys.exit(application.exec())
