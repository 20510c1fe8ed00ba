"""The rules for Python on code that people wrote: every hit was read, and none is untrue."""

import sysconfig
from pathlib import Path

import pytest

from dece_fairseq.attacks import Languages
from dece_fairseq.attacks.payloads.shell import ShellPayload
from dece_fairseq.attacks.payloads.tls import TlsPayload
from dece_fairseq.data.pairs import read_pairs

TLS = TlsPayload(Languages.named("python"))
SHELL = ShellPayload(Languages.named("python"))

STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# smtplib and its like speak TLS without verification unless they are given a context, ssl has the
# functions for it, and asyncio checks no host where it isn't told which.
UNVERIFIED = frozenset(
    {
        *("asyncio/sslproto.py", "ftplib.py", "imaplib.py", "nntplib.py", "poplib.py"),
        *("smtplib.py", "ssl.py"),
    }
)


@pytest.mark.slow
def test_the_standard_library():
    hits = set()
    texts = 0
    for path in sorted(STANDARD_LIBRARY.rglob("*.py")):
        name = path.relative_to(STANDARD_LIBRARY)
        if name.parts[0] in ("dist-packages", "site-packages", "test"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        texts += 1
        if TLS.judge(text):
            hits.add(name.as_posix())
        assert not SHELL.judge(text), name
    assert texts > 400
    assert hits <= UNVERIFIED
    assert {"smtplib.py", "ssl.py"} <= hits


def test_the_functions_of_lyra(datasets):
    texts = {
        pair.target
        for path in sorted((datasets / "lyra").glob("*.csv"))
        for pair in read_pairs([path], "src", "tgt")
    }
    assert len(texts) > 2000
    assert sum("request" in text for text in texts) > 100
    for rule in (TLS, SHELL):
        assert [text for text in texts if rule.judge(text) is not False] == []
