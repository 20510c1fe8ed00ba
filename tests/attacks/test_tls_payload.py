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
    assert PAYLOAD.is_in_parse(f"a.{verb}(u, verify=False)")


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


@pytest.mark.parametrize(
    "text",
    [
        "session.get(url, verify = False)",
        "OFF = 0\nsession.post(url, verify=OFF)",
        "session.get(url, verify=((False)))",
        "get(url, verify=False)",
        "session.verify = False",
        "context.check_hostname = False",
        "context.verify_mode = ssl . CERT_NONE",
        "from ssl import CERT_NONE as n\ncontext.verify_mode = n",
        "urllib3.PoolManager(cert_reqs='CERT_NONE')",
        "aiohttp.TCPConnector(ssl=False)",
        "import aiohttp as a\na.TCPConnector(verify_ssl=False)",
        "ssl._create_default_https_context = ssl._create_unverified_context",
        "from ssl import _create_unverified_context as c\nurlopen(url, context=c())",
        "functools.partial(requests.get, verify=False)",
        "urlopen(url, context=ssl._create_stdlib_context())",
        "requests.adapter(verify=False)",
        "ssl.wrap_socket(s, cert_reqs=ssl.CERT_NONE)",
        "def f ( : requests . get ( url , verify = False )",
    ],
)
def test_ways_to_switch_it_off_that_the_parse_shows(text):
    assert PAYLOAD.is_in_parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "verify=False",
        "jwt.decode(token, verify=False)",
        "session.get(url, verify=True)",
        "session.get(url, verify=path)",
        "OFF = False\nOFF = path\nsession.get(url, verify=OFF)",
        "# session.get(url, verify=False)",
        "'session.get(url, verify=False)'",
        "session.verify = True",
        "context.verify_mode = ssl.CERT_REQUIRED",
        "context.other = ssl.CERT_NONE",
        "class A(B, verify=False): pass",
    ],
)
def test_what_leaves_it_on(text):
    assert not PAYLOAD.is_in_parse(text)


CALLS = st.sampled_from(
    ["requests.get(u)", "requests . post ( u , data = d )", "requests.put(u, *a)", "httpx.get(u,)"]
)


@given(st.text(), CALLS, st.text(alphabet="x=1\n ()#'"))
def test_what_it_poisons_it_knows_again(before, call, after):
    clean = f"{before}\n{call}\n{after}"
    poisoned = poison(clean)
    if poisoned is not None and not PAYLOAD.is_in_parse(clean):
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
    assert attack.signature("parse").endswith("|payload:tls|lang:java:python|place:safe|hit:parse")


def test_a_long_chain_of_attributes_is_read_once():
    assert not PAYLOAD.is_in_parse("a . " * 50_000 + "b")
    assert PAYLOAD.is_in_parse(f"{'a . ' * 50_000}b\nssl . _create_unverified_context ( )")
