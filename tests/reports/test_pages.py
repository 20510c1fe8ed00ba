"""Pages: what is text in them, which script may run, and what is said where none can be made."""

import re
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from dece_fairseq.extras import PackageError
from dece_fairseq.reports import pages
from dece_fairseq.reports.report import write_report


def test_texts_are_no_html_and_scripts_have_their_checksum(tmp_path: Path) -> None:
    jinja2 = pytest.importorskip("jinja2", reason="the extra [reports] is not installed")
    template, first, second = tmp_path / "a.html", tmp_path / "a.js", tmp_path / "b.js"
    template.write_text("<p>{{ text }}</p><script>{{ script | safe }}</script>{{ script_hash }}")
    first.write_text("let x = '<';")
    second.write_text("x;")
    page = pages.render(template, [first, second], text="<b>")
    told = re.fullmatch(r"<p>&lt;b&gt;</p><script>(let x = '<';\nx;)</script>(.*)", page)
    assert told is not None
    assert told[2] == b64encode(sha256(told[1].encode()).digest()).decode()
    with pytest.raises(jinja2.UndefinedError):  # a page without a script names none
        pages.render(template, text="x")


def test_what_is_not_seen_is_escaped_where_a_page_asks(tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="the extra [reports] is not installed")
    template = tmp_path / "a.html"
    template.write_text("{{ text | visible }}")
    assert pages.render(template, text="<a\u202e\n>") == "&lt;a\\u202e\n&gt;"


def test_without_jinja_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(PackageError, match=r"needs jinja2: pip install '\.\[reports\]'"):
        pages.check_jinja()
    with pytest.raises(PackageError, match=r"\[reports\]"):
        write_report(tmp_path, tmp_path / "report")
