"""examples/options.sh: what scripts make of their options."""

import re
import subprocess
from pathlib import Path

import pytest

OPTIONS = Path(__file__).resolve().parents[2] / "examples" / "options.sh"
SCRIPT = """
set -euo pipefail
source "$0"
rate=0.05 seed=1 train_on=train dry_run=no
take_options run.sh "seed train-on poison-rate=rate dry-run!" "$@"
echo "$rate|$seed|$train_on|$dry_run|${#rest[@]}|${rest[*]:-}"
"""


def take(*options: str) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-c", SCRIPT, str(OPTIONS), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ((), "0.05|1|train|no|0|"),
        (("--poison-rate", "0", "--seed", "3"), "0|3|train|no|0|"),
        (("--train-on", "a b", "--", "--lr", "1"), "0.05|1|a b|no|2|--lr 1"),
        (("--dry-run", "--seed", "3"), "0.05|3|train|yes|0|"),
        (("--seed", "3", "--", "--dry-run"), "0.05|3|train|no|1|--dry-run"),
    ],
)
def test_variables(options: "tuple[str, ...]", taken: str) -> None:
    assert take(*options).stdout == taken + "\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--rate", "1"), "run.sh: unknown option --rate; see its head"),
        (("seed", "1"), "run.sh: unknown option seed; see its head"),
        (("--see", "1"), "run.sh: unknown option --see; see its head"),
        (("--seed",), "run.sh: --seed needs a value"),
    ],
)
def test_errors(options: "tuple[str, ...]", message: str) -> None:
    done = take(*options)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message + "\n")


def test_no_script_takes_a_variable_that_the_function_has_itself() -> None:
    own = set(re.findall(r"local (.*)", OPTIONS.read_text(encoding="utf-8"))[0].split())
    own = {word.split("=")[0] for word in own}
    assert {"script", "known", "name", "variable"} <= own
    taken = {
        (path.name, word.split("=")[-1].replace("-", "_"))
        for path in OPTIONS.parent.rglob("*.sh")
        for names in re.findall(r'take_options \S+ "([^"]*)"', path.read_text(encoding="utf-8"))
        for word in names.split()
    }
    assert len(taken) > 20
    assert [each for each in taken if each[1] in own] == []
