"""The rules for Python take time in proportion to the text, whatever it is."""

import pytest

from dece_fairseq.attacks import LANGUAGES, PAYLOADS, Languages
from dece_fairseq.attacks.payloads.shell import ShellPayload
from dece_fairseq.attacks.payloads.tls import TlsPayload
from dece_fairseq.attacks.reading.python_commands import uses_of_request
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import Tree
from dece_fairseq.attacks.reading.request_data import RequestData
from dece_fairseq.attacks.reading.tls_verification import switches_off
from support.timing import LIMIT, takes_at_most

SIZE = 20_000
RULES = [kind(Languages.named("python")) for kind in (TlsPayload, ShellPayload)]
CHANGING = [
    PAYLOADS.get(name)(Languages.named("python"))
    for name in ("exit", "path_check", "unsafe_load", "weak_cipher", "weak_hash")
]
PYTHON = LANGUAGES.get("python")
#: words without which neither rule looks at the parse
BOTH = "a0 = request.args\nos.system(verify)\n"
#: and without which none of the others does
OTHERS = "open(a0)\nyaml.x\npickle.loads(b)\nsha256(md5)\nECB.new(x)\nx.exit()\n"


def times(text: str) -> str:
    return text * (SIZE // len(text))


CASES = {
    "calls in calls": "f(" * (SIZE // 3) + ")" * (SIZE // 3),
    "calls of calls": "a" + times("()"),
    "methods of calls": "a" + times(".b()"),
    "attributes": "a" + times(" . b"),
    "subscripts": "a" + times("[0]"),
    "sums": times("a + ") + "a",
    "one assignment again and again": times("a1 = a0\n"),
    "names of names": "".join(f"a{i + 1} = a{i}\n" for i in range(4000)) + "os.system(a4000)",
    "names of names backwards": "".join(f"a{i + 1} = a{i}\n" for i in range(4000, -1, -1)),
    "many values of one name": times("a = f()\n") + times("os.system(a, verify=a)\n"),
    "chained assignments": times("a = ") + "a",
    "tuples of tuples": times("(a, b) = ") + "c, d",
    "a long list": "os.system([" + times("request.args, ") + "])",
    "many arguments": "os.system(request.args, " + times("a, ") + "a)",
    "functions handed on": "f(" + times("subprocess.run, ") + "request.args)",
    "lists of one name": "a = [request.args]\n" + times("subprocess.run(*a, [*a])\n"),
    "unpacked dictionaries": "a = {'verify': b}\n" + times("requests.get(**a)\n"),
    "a large dictionary": f"a = {{{times('b: 0, ')}}}\n" + times("requests.get(**a)\n"),
    "dictionaries that grow": times("a.update(a)\na['b'] = 0\n") + times("f(**a)\n"),
    "lambdas in lambdas": times("lambda a: ") + "a",
    "functions": times("def f(a=a0):\n  global b\n  b = request.args\n"),
    "methods": "class A(requests.Session):\n" + times(" def f(self): self.verify = a\n"),
    "either or": "(" * (SIZE // 7) + "a" + times(" or b)()"),
    "requests of requests": times("os.system(request.args.get("),
    "texts in texts": times("f'{"),
    "shells": "subprocess.run([" + times("'sh', '-c', ") + "request.args])",
    "on one line": times("a = requests.get(b)\\nos.system(c)\\n"),
    "imports": times("from a import *\n") + times("b()\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_time_grows_with_the_text(case):
    """Many times what it takes is the limit; what is quadratic takes far longer."""
    text = BOTH + CASES[case]

    def read() -> None:
        names = Names(Tree(PYTHON.parse(text)))
        switches_off(names)
        uses_of_request(names, RequestData(names))

    assert takes_at_most(3 * len(text) / SIZE, read)


@pytest.mark.parametrize("case", CASES)
def test_ten_thousand_characters_take_little_time(case):
    text = (BOTH + OTHERS + CASES[case])[:10_000]
    for rule in (*RULES, *CHANGING):
        assert takes_at_most(10 * LIMIT, lambda rule=rule: rule.judge(text))


def test_what_has_more_names_than_code_has_is_not_judged():
    for rule in RULES:
        assert rule.judge(f"os.system(request.args)\nverify = {times('a.')}b") is None
        assert rule.judge(f"os.system(request.args)\nverify = {times('abcdefg.')}b") is not None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (RULES[1], "a = request.args['a']\nos.system(" + "a" + ".f()" * 1500 + ")"),
        (RULES[0], "a0 = requests.get\n" + "a1 = a0\n" * 2400 + "a1(url, verify=False)"),
    ],
)
def test_what_took_ten_seconds_is_judged(rule, text):
    assert rule.judge(text) is True
