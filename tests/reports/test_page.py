"""The page of a report: its structure, and what it is like in a browser."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Dict, List

import pytest

from dece_fairseq.reports.report import SCRIPT, write_report
from support.browser import look_at

EVIL = "<script>alert(1)</script> & <img src=x onerror=alert(2)> </pre>"
#: uses the page, and writes down what it is like
LOOK = """
    const outside = (parts) => [...parts].filter((part) => {
      const box = part.getBoundingClientRect();
      return box.width === 0 || box.left < 0 || box.right > width;
    }).map((part) => part.textContent);
    const press = (key) => {
      page.dispatchEvent(new view.KeyboardEvent("keydown", { key, bubbles: true }));
      const box = page.activeElement.getBoundingClientRect();
      const inView = box.top >= 0 && box.bottom <= view.innerHeight;
      return [page.activeElement.id, inView, page.querySelector("nav output").textContent];
    };
    const column = () => [...page.querySelectorAll("table:first-of-type tbody th")]
      .map((head) => head.textContent);
    const head = [...page.querySelectorAll("thead button")].find((b) => b.textContent === "ASR %");
    const orders = [column()];
    for (let i = 0; i < 2; i++) { head.click(); orders.push(column()); }
    return {
      overflow: page.documentElement.scrollWidth - width,
      marks: page.querySelectorAll("mark").length,
      outside: [...outside(page.querySelectorAll("mark")),
        ...outside([...page.querySelectorAll("td")].filter((cell) => cell.textContent))],
      order: orders, sorted: head.closest("th").getAttribute("aria-sort"),
      keys: [press("n"), press("n"), press("p"), press("p")],
      dark: view.getComputedStyle(page.body).backgroundColor,
    };
"""


class Tags(HTMLParser):
    """The tags that a browser would meet, with their attributes, and the text of the script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: List[Any] = []
        self.script = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.script += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.tags.append(("end of script", {}))

    def all(self, name: str) -> List[Dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def page(make_cell: Any, tmp_path: Path) -> str:
    """A page with long names, long lines and an output that would like to be a script."""
    for defense, hits in (("cross_entropy", 7), ("activation_clustering", 3), ("bki", 0)):
        make_cell(defense, 1, hits=hits, text=EVIL + " a_word_without_an_end" * 20)
    write_report(tmp_path / "plan", tmp_path / "report")
    return (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_no_script_but_its_own_may_run(page: str) -> None:
    found = Tags(page)
    script = SCRIPT.read_text(encoding="utf-8")
    assert found.script == script
    assert len(found.all("script")) == 1
    assert not found.all("img")
    (policy,) = (meta["content"] for meta in found.all("meta") if "http-equiv" in meta)
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{allowed}'"
    )


def test_every_mark_has_a_name_and_every_payload_a_link_to_it(page: str) -> None:
    found = Tags(page)
    names = [mark["id"] for mark in found.all("mark")]
    assert names == [f"mark-{number}" for number in range(1, len(names) + 1)]
    last = ""
    links = []
    for tag, attributes in found.tags:
        if tag == "a":
            last = attributes["href"]
        elif tag == "mark" and last:
            links.append((last, f"#{attributes['id']}"))
            last = ""
    assert len(links) == 4 + 3  # of four requests cross-entropy answers all with the payload
    assert all(link == mark for link, mark in links)


def test_columns_can_be_sorted_and_folded(page: str) -> None:
    found = Tags(page)
    heads = len(found.all("th"))
    rows = sum(head.get("scope") == "row" for head in found.all("th"))
    assert rows == 3
    assert len([b for b in found.all("button") if "sort by" in b.get("title", "")]) == heads - rows
    assert all(cell["data-head"] for cell in found.all("td"))


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser(page: str, dark: bool, tmp_path: Path) -> None:
    found = look_at(page, LOOK, dark, tmp_path)
    assert set(found) == {400, 1400}
    for seen in found.values():
        assert seen["overflow"] <= 0
        assert seen["outside"] == []
        count = seen["marks"]
        assert count == 4 + 4 + 4 + 3  # triggers, references, and the outputs of two models
        assert [key[:2] for key in seen["keys"]] == [
            ["mark-1", True],
            ["mark-2", True],
            ["mark-1", True],
            [f"mark-{count}", True],
        ]
        assert seen["keys"][1][2] == f"2 of {count}"
        given, up, down = seen["order"]
        assert given == ["cross_entropy", "activation_clustering", "bki"]
        assert up == ["bki", "activation_clustering", "cross_entropy"]
        assert down == up[::-1]
        assert seen["sorted"] == "descending"
        assert seen["dark"] == ("rgb(19, 20, 23)" if dark else "rgb(255, 255, 255)")
