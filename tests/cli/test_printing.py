"""What a script has found is not lost on its last step."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOUND = "é 93.5\ud800\n"
SCRIPT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from dece_fairseq.cli.main import escape_what_the_terminal_lacks
from dece_fairseq.cli.printing import write_or_print
from dece_fairseq.errors import one_line_errors
escape_what_the_terminal_lacks()
from pathlib import Path
with one_line_errors():
    write_or_print({FOUND!a}, *map(Path, sys.argv[1:]))
"""


@pytest.fixture
def run():
    """Runs a script that has found something and is to write it to the files given."""

    def run(*files, stdout=subprocess.PIPE, encoding="utf-8", **more):
        return subprocess.run(
            [sys.executable, "-c", SCRIPT, *files],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **more,
        )

    return run


def no_file_can_grow():
    """A full disk, as far as a process can tell that writes to a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.parametrize(
    ("encoding", "printed"), [("utf-8", "é 93.5\\ud800\n"), ("ascii", "\\xe9 93.5\\ud800\n")]
)
def test_a_character_that_the_terminal_lacks(run, encoding, printed):
    done = run(encoding=encoding)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_a_file(run, tmp_path):
    done = run(tmp_path / "scores")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "scores").read_text(encoding="utf-8") == "é 93.5\\ud800\n"


def test_a_full_disk(run, tmp_path):
    (tmp_path / "scores").write_text("older")
    done = run(tmp_path / "scores", preexec_fn=no_file_can_grow)
    assert (done.returncode, done.stdout) == (2, "é 93.5\\ud800\n")
    assert done.stderr.endswith(
        f"error: {tmp_path / 'scores'}: File too large; it was printed instead\n"
    )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["older"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_the_standard_output(run):
    with open("/dev/full", "w") as full:
        done = run(stdout=full)
    assert done.returncode == 2
    found, error = done.stderr.splitlines()
    assert found == "é 93.5\\ud800"
    assert error.endswith(
        "error: standard output: No space left on device; it went to stderr instead"
    )


def test_a_reader_that_has_seen_enough(run):
    reading, writing = os.pipe()
    os.close(reading)
    done = run(stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
