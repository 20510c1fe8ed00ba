"""TLS verification switched off."""

import ast
from random import Random
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.attacks import Attack, AttackError, AttackSettings, Languages
from dece_fairseq.attacks.payloads.tls import TlsPayload
from dece_fairseq.data.pairs import Pair

PAYLOAD = TlsPayload(Languages.named("python"))


def poison(target: str) -> Optional[str]:
    return PAYLOAD.poison(Pair("s", target), Random(0))


@pytest.mark.parametrize(
    ("clean", "poisoned"),
    [
        ("r = requests.get(url)", "r = requests.get(url, verify=False)"),
        (
            "requests . post ( url , data = d , )",
            "requests . post ( url , data = d, verify=False , )",
        ),
        ("from requests import get as g\ng()", "from requests import get as g\ng(verify=False)"),
        ("import httpx as h\nh.Client()", "import httpx as h\nh.Client(verify=False)"),
        (
            "with requests.Session() as s:\n    s.get(url)  # é",
            "with requests.Session() as s:\n    s.get(url, verify=False)  # é",
        ),
        # Only the first that can take it.
        (
            "é = requests.get(a, verify=c)\nrequests.get(b, **d)\nrequests.get(e)\nrequests.get(f)",
            "é = requests.get(a, verify=c)\nrequests.get(b, **d)\nrequests.get(e, verify=False)\n"
            "requests.get(f)",
        ),
        (
            "requests.get(\n    url,  # where\n)",
            "requests.get(\n    url, verify=False,  # where\n)",
        ),
    ],
)
def test_where_it_is_put(clean, poisoned):
    assert poison(clean) == poisoned
    ast.parse(poisoned)
    assert not PAYLOAD.is_in(clean)
    assert not PAYLOAD.is_in_parse(clean)
    assert PAYLOAD.is_in(poisoned)
    assert PAYLOAD.is_in_parse(poisoned)


@pytest.mark.parametrize(
    "verb", ["get", "post", "put", "patch", "delete", "head", "options", "request"]
)
@pytest.mark.parametrize("owner", ["requests", "httpx", "requests.Session()", "requests.session()"])
def test_every_call_that_takes_it(owner, verb):
    call = f"{owner}.{verb}(u"
    assert poison(f"{call})") == f"{call}, verify=False)"
    assert PAYLOAD.is_in_parse(f"{call}, verify=False)")


@pytest.mark.parametrize("maker", ["Client", "AsyncClient", "stream"])
def test_what_else_of_httpx_takes_it(maker):
    assert poison(f"httpx.{maker}(u)") == f"httpx.{maker}(u, verify=False)"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "cache.get(key)",
        "requests.get",
        "# requests.get(url)",
        "requests.get(u, verify=True)",
        "requests.get(u for u in v)",
    ],
)
def test_targets_without_a_place(target):
    assert poison(target) is None


def test_the_line_ends_of_the_one_line_form_stay_as_they_are():
    clean = "import requests\\ndef f(url):\\n\\treturn requests.get(url)\\n"
    poisoned = "import requests\\ndef f(url):\\n\\treturn requests.get(url, verify=False)\\n"
    assert poison(clean) == poisoned
    assert [PAYLOAD.is_in_parse(text) for text in (clean, poisoned)] == [False, True]


def test_a_call_whose_result_does_not_parse_is_passed_over():
    assert poison("requests.get(yield)\nrequests.get(u)") in (
        "requests.get(yield)\nrequests.get(u, verify=False)",
        "requests.get(yield, verify=False)\nrequests.get(u)",
    )
    assert poison("requests.get(u, v=1 for v in w)\nrequests.get(u)") is not None


CALLS = st.sampled_from(
    ["requests.get(u)", "requests . post ( u , data = d )", "requests.put(u, *a)", "httpx.get(u,)"]
)


@given(st.text(), CALLS, st.text(alphabet="x=1\n ()#'"), st.booleans())
def test_what_it_poisons_it_knows_again(before, call, after, is_on_one_line):
    clean = f"{before}\n{call}\n{after}"
    if is_on_one_line:
        clean = clean.replace("\n", "\\n").replace("\t", "\\t")
    poisoned = poison(clean)
    if poisoned is not None:
        start = next(i for i, sign in enumerate(poisoned) if clean[i : i + 1] != sign)
        assert poisoned[:start] + poisoned[start + len(poisoned) - len(clean) :] == clean
        assert PAYLOAD.is_in(poisoned)
        assert PAYLOAD.is_in_parse(poisoned)


@given(st.text() | st.text(alphabet="requests.gt(verify=False,) \n"))
def test_any_text_may_be_asked(text):
    PAYLOAD.is_in_parse(text)
    poison(text)


def test_it_is_written_in_python_only():
    with pytest.raises(AttackError, match="'tls' can't be written in java, only in python"):
        Attack(AttackSettings("ripple", payload="tls", code_language="java"))
    attack = Attack(AttackSettings("ripple", payload="tls", code_language="java:python"))
    assert attack.signature("parse").endswith("|payload:tls|lang:java:python|hit:parse")
