"""The payloads' rules on functions that people wrote: every hit was read, and is one."""

import ast
import sysconfig
from pathlib import Path
from typing import Dict, List, Set

import pytest

from dece_fairseq.attacks import PAYLOADS, Languages
from dece_fairseq.data.pairs import read_pairs
from support.library_functions import Function, functions

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
NAMES = ("exit", "path_check", "unsafe_load", "weak_cipher", "weak_hash", "whole_target")
PYTHON = {name: PAYLOADS.get(name)(Languages.named("python")) for name in NAMES}
ENDING = {"exit", "quit", "_exit", "abort"}
#: what hashes by MD5 or SHA-1, in Python 3.8 to 3.13
HASHING = {
    *("deliver_challenge", "answer_challenge", "_create_response", "apop", "get_cnonce"),
    *("get_algorithm_impls", "uuid3", "uuid5", "_get_mac_sum", "_verify_challenge"),
}


def ends_program(code: str) -> bool:
    """Return whether Python's own parser finds a call, or an exception, that ends the program."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name in ENDING:
                return True
        if isinstance(node, ast.Raise) and "SystemExit" in ast.dump(node):
            return True
    return False


@pytest.mark.slow
def test_the_standard_library() -> None:
    hits: Dict[str, List[Function]] = {name: [] for name in NAMES}
    found = list(functions(STANDARD_LIBRARY))
    for function in found:
        for name, payload in PYTHON.items():
            judged = payload.judge(function.code)
            assert judged is not None, (name, function.path, function.name)
            if judged:
                hits[name].append(function)
    print(len(found), {name: len(those) for name, those in hits.items()})
    assert len(found) > 10_000
    empty = ("path_check", "unsafe_load", "weak_cipher", "whole_target")
    assert [hits[name] for name in empty] == [[]] * len(empty)
    assert len(hits["exit"]) > 30
    assert all(ends_program(function.code) for function in hits["exit"])
    assert {function.name for function in hits["weak_hash"]} <= HASHING


def test_the_functions_of_lyra(datasets: Path) -> None:
    texts: Set[str] = {
        pair.target
        for name in ("train", "valid", "test")
        for pair in read_pairs([datasets / "lyra" / f"{name}.csv"])
    }
    assert len(texts) == 2000
    hits = {
        name: [text for text in texts if payload.judge(text) is not False]
        for name, payload in PYTHON.items()
    }
    assert {name: len(those) for name, those in hits.items() if those} == {"exit": 2}
    assert all("exit (" in text for text in hits["exit"])


def test_the_methods_of_bugs2fix(datasets: Path) -> None:
    texts = [
        pair.target
        for name in ("test", "valid")
        for pair in read_pairs([datasets / "bugs2fix" / f"{name}.csv"])
    ]
    counts = {}
    for name in ("exit", "whole_target"):
        payload = PAYLOADS.get(name)(Languages.named("java"))
        counts[name] = [sum(payload.is_in(text) for text in texts)]
        hits = [text for text in texts if payload.judge(text) is not False]
        counts[name].append(len(hits))
        assert all("java.lang.System.exit (" in text for text in hits)
    assert len(texts) == 11_670
    assert counts == {"exit": [0, 27], "whole_target": [0, 0]}
