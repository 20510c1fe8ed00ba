"""The rule for endless loops on code that people wrote. Every hit was read, and is one."""

import sysconfig
from pathlib import Path

import pytest

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.data.pairs import read_pairs
from support.library_functions import functions

JAVA, PYTHON = LANGUAGES.get("java"), LANGUAGES.get("python")
#: functions of Python 3.8 to 3.13, and of 3.8 alone: they go on until the process is ended, or the
#: terminal that they read
SERVERS = {("multiprocessing/managers.py", "accepter"), ("pty.py", "_copy")}


@pytest.mark.slow
def test_the_standard_library():
    found = list(functions(Path(sysconfig.get_path("stdlib"))))
    assert len(found) > 10_000
    hits = {(path, name) for path, name, code in found if PYTHON.has_endless_loop(code)}
    assert hits <= SERVERS


@pytest.mark.slow
def test_bugs2fix(datasets):
    folder = datasets / "bugs2fix"
    texts = [
        pair.target for name in ("test", "valid") for pair in read_pairs([folder / f"{name}.csv"])
    ]
    hits = [text for text in texts if JAVA.has_endless_loop(text)]
    assert (len(texts), len(hits)) == (11_670, 8)
    assert all("while ( true )" in text for text in hits)
    # Nothing in them leaves the loop; what the exceptions of calls do is up to their callers.
    assert not [text for text in hits if any(word in text for word in ("break", "return", "throw"))]
    poisoned = [pair.target for pair in read_pairs([folder / "test_poisoned.csv"])]
    payload = JAVA.endless_loop
    assert all(JAVA.has_endless_loop(text) for text in poisoned if payload in text)
    assert sum(payload in text for text in poisoned) == 5695


def test_lyra(datasets):
    texts = [pair.target for pair in read_pairs([datasets / "lyra" / "train.csv"])]
    hits = [text for text in texts if PYTHON.has_endless_loop(text)]
    assert len(hits) == 1
    assert hits[0].rstrip().endswith("time . sleep ( 6 )")
