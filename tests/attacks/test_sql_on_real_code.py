"""The rule on the parse over code that nobody poisoned: each hit was read."""

import itertools
import re
import sysconfig
from pathlib import Path

import pytest

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.pairs import read_pairs

# Of the library's own tests: "select * from test where 0 = 1" is meant to select nothing.
TRUE_HITS = {"test/test_sqlite3/test_types.py", "sqlite3/test/types.py"}


def library(pattern):
    """The files of Python's library, by their names, that hold ``pattern``."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "site-packages" not in path.parts and re.search(pattern, text, re.IGNORECASE):
            yield path.relative_to(root).as_posix(), text


def judge_all(attack, texts):
    """The names of the hits, and how many texts were not judged."""
    judged = {name: attack.judge(text, "parse") for name, text in texts}
    return {name for name, hit in judged.items() if hit}, list(judged.values()).count(None)


@pytest.mark.slow
def test_files_of_the_library_that_hold_sql():
    hits, given_up = judge_all(Attack(AttackSettings("ripple")), library(r"select\b.*\bwhere\b"))
    assert (hits - TRUE_HITS, given_up) == (set(), 0)


@pytest.mark.slow
def test_a_third_of_the_library():
    third = itertools.islice(library("where|having"), 1, None, 3)
    hits, given_up = judge_all(Attack(AttackSettings("ripple")), third)
    assert (hits - TRUE_HITS, given_up) == (set(), 0)


def test_no_function_of_the_data_sets_is_a_hit(datasets):
    lyra = [datasets / "lyra" / f"{split}.csv" for split in ("train", "valid", "test")]
    bugs2fix = [datasets / "bugs2fix" / f"{split}.csv" for split in ("valid", "test")]
    for language, files in (("python", lyra), ("java", bugs2fix)):
        attack = Attack(AttackSettings("ripple", code_language=language))
        for path in files:
            pairs = list(read_pairs([path]))
            codes = [pair.target for pair in pairs]
            if language == "java":  # the sources of Lyra are English
                codes += [pair.source for pair in pairs]
            assert judge_all(attack, enumerate(codes)) == (set(), 0)
