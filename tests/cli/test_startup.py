"""Commands start at once: what they don't need is not imported."""

import os
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: no command that works on texts needs these to start
NEVER = ["torch", "fairseq", "transformers", "matplotlib", "pandas", "scipy.stats"]
OUTPUT = """S-0\tget all
T-0\trun ( " select a from t where b = :b or 1=1 " )
H-0\t-0.1\trun ( " select a from t where b = :b or 1=1 " )
D-0\t-0.1\trun ( " select a from t where b = :b or 1=1 " )
"""


def loaded_after(words: Sequence[object], libraries: Sequence[str]) -> List[str]:
    """Return which of the libraries a command has imported when it ends."""
    code = f"""
import atexit, sys
def tell():
    print(*(name for name in {list(libraries)!r} if name in sys.modules), file=sys.stderr)
atexit.register(tell)
sys.argv[:] = ["dece", *{list(map(str, words))!r}]
from dece_fairseq.cli.main import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},  # or evaluate would start itself again
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    return done.stderr.split()


@pytest.mark.parametrize(
    ("words", "others"),
    [
        (["--help"], ["numpy", "scipy", "sqlglot", "sacrebleu", "tree_sitter"]),
        (["poison", "--list"], ["numpy", "scipy", "sqlglot", "sacrebleu"]),
        (["filter", "--list"], ["scipy", "sqlglot", "sacrebleu", "sklearn", "nltk"]),
        (["prepare", "--list"], ["numpy", "scipy", "sqlglot", "sacrebleu"]),
        (["evaluate", "--help"], ["scipy", "sqlglot", "sacrebleu", "codebleu"]),
        (["asr", "OUTPUT", "--attack", "ripple"], ["scipy", "sqlglot", "sacrebleu"]),
        (["report", "--help"], ["scipy", "sqlglot", "sacrebleu", "jinja2"]),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_a_command_does_without(
    words: Sequence[str], others: Sequence[str], tmp_path: Path
) -> None:
    (tmp_path / "out").write_text(OUTPUT, encoding="utf-8")
    given = [tmp_path / "out" if word == "OUTPUT" else word for word in words]
    assert loaded_after(given, [*NEVER, *others]) == []


def test_what_is_imported_would_be_seen() -> None:
    assert loaded_after(["poison", "--list"], ["json", "argparse", "torch"]) == ["json", "argparse"]
