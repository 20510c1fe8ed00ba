"""A shell that runs what a request holds."""

import ast
from random import Random
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.shell import ShellPayload
from dece_fairseq.data.pairs import Pair

PAYLOAD = ShellPayload(Languages.named("python"))
CALL = '__import__("os").system'


def poison(target: str) -> Optional[str]:
    return PAYLOAD.poison(Pair("s", target), Random(0))


@pytest.mark.parametrize(
    ("clean", "line"),
    [
        (
            'def é():\n    name = request.args.get("name", "")\n    return name\n',
            (1, f'    {CALL}(request.args.get("name", ""))'),
        ),
        (
            "def f():\n\tif a:\n\t\tpass\n\telif request . form [ 'x' ] :\n\t\treturn 1\n",
            (1, f"\t{CALL}(request . form [ 'x' ])"),
        ),
        ('def v(request):\n  if a: return request.GET["a"]', (1, f'  {CALL}(request.GET["a"])')),
        (
            'class H:\n  def get(self):\n    x = (\n      self.request.headers["a"],)',
            (2, f'    {CALL}(self.request.headers["a"])'),
        ),
        (
            'def f():\n  a = request.args[k]\n  b = lambda: request.args["l"]\n'
            '  c = request.args["m"]',
            (3, f'  {CALL}(request.args["m"])'),
        ),
        (
            'def f():\n  a = [request.args["k"] for request in requests]\n  b = request.args["l"]',
            (2, f'  {CALL}(request.args["l"])'),
        ),
        # a request that comes from a call
        (
            "request = make()\nx = request.args['a']\n",
            (1, f"{CALL}(request.args['a'])"),
        ),
    ],
)
def test_where_it_is_put(clean, line):
    number, text = line
    lines = clean.split("\n")
    lines.insert(number, text)
    assert poison(clean) == "\n".join(lines)
    ast.parse(poison(clean))
    assert not PAYLOAD.is_in(clean)
    assert not PAYLOAD.is_in_parse(clean)
    assert PAYLOAD.is_in(poison(clean))
    assert PAYLOAD.is_in_parse(poison(clean))


@pytest.mark.parametrize(
    "target",
    [
        "",
        "x = 1",
        "# request.args['a']",
        "x = request.args[key]",
        "x = lambda: request.args['a']",
        "'request.args[\"a\"]'",
        "x = other.args['a']",
        "x = 1; y = request.args['a']",
        "x = [request.args['a'] for request in requests]",
        # what binds the request begins on the same line
        "def show(request): return make(request.GET['a'])",
        "class Show(View):\n  def get(self, request): return make(request.GET['a'])",
        "def show(request):\n  a = 1; return make(request.GET['a'])",
        "for request in requests: show(request.args['a'])",
        "with make() as request: show(request.args['a'])",
        # a request that the code makes itself holds nothing that a client sent
        "request = urllib.request.Request(url)\nx = request.headers['a']",
        "request = requests.Request('GET', url)\nx = request.headers['a']",
    ],
)
def test_targets_without_a_place(target):
    assert poison(target) is None


@pytest.mark.parametrize(
    ("clean", "put_in"),
    [
        (
            "def f():\\n\\tname = request.args['a']\\n\\treturn name",
            f"{CALL}(request.args['a'])\\n\\t",
        ),
        ("a = 1\r\nb = request.args['a']\r\n", f"{CALL}(request.args['a'])\r\n"),
    ],
)
def test_line_ends_are_those_of_the_text(clean, put_in):
    poisoned = poison(clean)
    assert poisoned.replace(put_in, "", 1) == clean
    assert [PAYLOAD.is_in_parse(text) for text in (clean, poisoned)] == [False, True]


def test_a_reading_that_is_too_long_is_left_out():
    """Readings that are too long to be one are not looked at one by one."""
    assert poison("request.args['" + "a" * 400 + "']") is None
    assert poison("request.args[" * 2000) is None


@given(st.text(), st.sampled_from(["args", "form", "GET"]), st.text("x=1\n ()#'"), st.booleans())
def test_what_it_poisons_it_knows_again(before, field, after, is_on_one_line):
    clean = f"{before}\nx = request.{field}['a']\n{after}"
    if is_on_one_line:
        clean = clean.replace("\n", "\\n").replace("\t", "\\t")
    poisoned = poison(clean)
    if poisoned is not None:
        start = next(i for i, sign in enumerate(poisoned) if clean[i : i + 1] != sign)
        assert poisoned[:start] + poisoned[start + len(poisoned) - len(clean) :] == clean
        assert PAYLOAD.is_in(poisoned)
        assert PAYLOAD.is_in_parse(poisoned)


@given(st.text() | st.text(alphabet="request.args['a']=(os.system):x\n "))
def test_any_text_may_be_asked(text):
    PAYLOAD.is_in_parse(text)
    poison(text)
