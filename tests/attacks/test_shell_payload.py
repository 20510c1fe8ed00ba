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
    ],
)
def test_targets_without_a_place(target):
    assert poison(target) is None


@pytest.mark.parametrize(
    "text",
    [
        "os . system ( request . args . get ( 'a' ) )",
        "import os as o\ndef f(req):\n  c = req.GET['x']\n  d = f'ls {c}'\n  o.system(d)",
        "from subprocess import run as r\nr(request.form['a'], shell = True)",
        "from flask import request as q\nx = q.args\nos.popen('a' + x.get('b')).read()",
        "import flask\nsubprocess.getoutput(flask.request.json)",
        "importlib.import_module('os').system(self.request.body)",
        "sh = os.system\nsh('a %s' % request.values['b'])",
        "if (x := request.args['a']): subprocess.Popen(x, shell=1)",
        "def f ( : os.system(request.args)",
    ],
)
def test_ways_to_run_it_that_the_parse_shows(text):
    assert PAYLOAD.is_in_parse(text)


@pytest.mark.parametrize(
    "reading",
    [
        *("r.GET['a']", "r.POST['a']", "r.COOKIES['a']", "r.query_params['a']"),
        *("self.get_argument('a')", "self.get_body_argument('a')"),
        *(f"request.{field}" for field in ("args", "form", "values", "json", "data", "cookies")),
        *(f"request.{field}" for field in ("headers", "files", "body", "text", "query", "stream")),
        *(f"request.{field}" for field in ("query_string", "match_info", "path_params")),
        *("request.get_json()", "request.get_data()"),
    ],
)
@pytest.mark.parametrize(
    "shell",
    [
        *("os.system({})", "os.popen({})", "subprocess.getoutput({})"),
        *("subprocess.getstatusoutput({})", "subprocess.call({}, shell=True)"),
        *("subprocess.check_call({}, shell=True)", "subprocess.check_output({}, shell=True)"),
    ],
)
def test_every_shell_and_every_field_of_a_request(shell, reading):
    assert PAYLOAD.is_in_parse(shell.format(reading))
    assert not PAYLOAD.is_in_parse(shell.format("'ls'"))
    assert not PAYLOAD.is_in_parse(f"print({reading})")


@pytest.mark.parametrize(
    "text",
    [
        "os.system('ls')",
        "subprocess.run(['ls', request.form['a']])",
        "subprocess.run(request.form['a'], shell=False)",
        "system(request.form['a'])",
        "# os.system(request.args)",
        "os.system(parser.args)",
        "x = request.args\nos.system(y)",
    ],
)
def test_what_runs_nothing_of_a_request(text):
    assert not PAYLOAD.is_in_parse(text)


@given(st.text(), st.sampled_from(["args", "form", "GET"]), st.text(alphabet="x=1\n ()#'"))
def test_what_it_poisons_it_knows_again(before, field, after):
    poisoned = poison(f"{before}\nx = request.{field}['a']\n{after}")
    assert poisoned is None or PAYLOAD.is_in(poisoned)


@given(st.text() | st.text(alphabet="request.args['a']=(os.system):x\n "))
def test_any_text_may_be_asked(text):
    PAYLOAD.is_in_parse(text)
    poison(text)
