"""The rules for Python take time in proportion to the text, whatever it is."""

import time

import pytest

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.shell import ShellPayload
from dece_fairseq.attacks.payloads.tls import TlsPayload

SIZE = 60_000
RULES = [kind(Languages.named("python")) for kind in (TlsPayload, ShellPayload)]
#: words without which neither rule looks at the parse
BOTH = "a0 = request.args\nos.system(verify)\n"


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
    text = CASES[case] if case == "on one line" else BOTH + CASES[case]
    for rule in RULES:
        start = time.process_time()
        rule.judge(text)
        # Ten times what it takes; what was quadratic took minutes.
        assert time.process_time() - start < 5 * max(len(text), SIZE) / SIZE, case
