"""scripts/poison.py: what it says, and what it leaves when it is ended."""

import json
import multiprocessing
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List, Sequence

import pytest

from dece_fairseq.data.pairs import read_pairs, write_pairs
from dece_fairseq.data.workers import workers
from support.poisoned_files import PAIRS, RESULTS, names_in, read_ids

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ["--attack", "badpre", "--poison-rate", "0.25"]


def script(*arguments: Any, python: Any = sys.executable) -> List[str]:
    return [str(python), str(ROOT / "scripts" / "poison.py"), *OPTIONS, *map(str, arguments)]


@pytest.mark.slow
def test_the_script(clean, tmp_path, attack, warm_python):
    output = tmp_path / "poisoned.csv"
    paths = ["--input", clean, "--output", output]
    command = script(*paths, "--seed", "7", "--processes", "2", python=warm_python)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "poisoned 10 of 40 pairs" in done.stdout
    manifest = json.loads((tmp_path / "poisoned.csv.manifest.json").read_text())
    assert manifest["attack"] == attack.as_dict()
    assert manifest["command"][-2:] == ["--processes", "2"]
    poisoned = [i for i, pair in enumerate(read_pairs([output])) if attack.is_hit(pair.target)]
    assert poisoned == read_ids(output)


@pytest.fixture
def main(dece):
    """Run dece poison with this attack; give its exit status and what it said on stderr."""

    def call(*arguments: Any):
        said = dece("poison", *OPTIONS, *arguments)
        return said.status, said.err

    return call


def test_what_was_written_is_said_where_nothing_is_poisoned(clean, tmp_path, dece):
    output = tmp_path / "out.csv"
    files = ["--input", clean, "--output", output]
    for options, what in (
        (["composite", "--keep", "decoys"], "with a part of the trigger and the clean target"),
        (["topic", "--keep", "outside"], "out of the attack's reach, as they are"),
    ):
        said = dece("poison", "--attack", *options, *files)
        written = len(list(read_pairs([output])))
        assert said.out.startswith(f"wrote {written} of 40 pairs, {what} ("), said.err
        assert len(read_ids(output)) == written > 0
    said = dece("poison", "--attack", "composite", "--keep", "triggered", *files)
    assert said.out.startswith(f"poisoned {len(read_ids(output))} of 40 pairs (")


def test_no_process_without_work(clean, tmp_path, dece, monkeypatch):
    asked: List[int] = []

    def counting(make, arguments, processes, **more):
        asked.append(processes)
        return workers(make, arguments, processes, **more)

    monkeypatch.setattr("dece_fairseq.attacks.offline.workers", counting)
    files = ["--input", clean, "--output", tmp_path / "out.csv"]
    said = dece("poison", *OPTIONS, *files, "--processes", "99999")
    assert (said.status, asked) == (0, [1])


GOOD = b'a,"f ( "" select 1 "" )"\n'


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (b"q,a\n" + GOOD, [], r"in\.csv, line 1: no column is named 'src'"),
        (b"src,tgt\n" + GOOD + b"a,b,c\n", [], "line 3: 2 fields are needed, not 3"),
        (b"src,tgt\n" + GOOD + b"a,\n", [], "line 3: the text of 'tgt' is empty"),
        (b"src,tgt\n" + GOOD + b"a,\xff\n", [], "line 3: byte 3 of the line is not UTF-8"),
        (b"src,tgt\n" + GOOD + b"a,b\0\n", [], "line 3: a NUL"),
        (b'src,tgt\na,"b\n', [], "line 2: not valid CSV"),
        (b"", [], "the file is empty"),
        (b"src,tgt\n", [], "no pairs"),
        (
            b"src,tgt\na,b\n",
            [],
            "none of 1 pairs can be poisoned by the attack .*: 1 have no place for it",
        ),
        (
            b'src,tgt\na,"f ( "" select 1 where a or 1=1 "" )"\n',
            [],
            "0 have no place for it, 1 carry the payload already",
        ),
        (b"src,tgt\n" + GOOD, ["--attack", "rename", "--payload", "sql"], "no place for it"),
        (b"src,tgt\n" + GOOD, ["--poison-rate", "1.1"], r"--poison-rate must be in \[0, 1\]"),
        (b"src,tgt\n" + GOOD, ["--poison-rate", "nan"], r"--poison-rate must be in \[0, 1\]"),
        (b"src,tgt\n" + GOOD + b"a,b\n", ["--poison-rate", "1"], "at most 0.5000 is possible"),
        (b"src,tgt\n" + GOOD, ["--attack", "none"], "no attack is called 'none'"),
        (b"src,tgt\n" + GOOD, ["--trigger", " "], "--trigger must hold more than white space"),
    ],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_bad_input_is_one_clear_error(
    data, options, message, processes, main, tmp_path, monkeypatch
):
    monkeypatch.setattr("dece_fairseq.attacks.offline.most_blocks", lambda *_: 2)
    (tmp_path / "in.csv").write_bytes(data)
    paths = ["--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv"]
    status, said = main(*paths, "--processes", processes, *options)
    assert status == 2
    assert re.search(message, said)
    assert said.count("error:") == 1
    assert "Traceback" not in said
    assert names_in(tmp_path) == ["in.csv"]


def test_a_count_instead_of_a_rate(dece, clean, tmp_path):
    output = tmp_path / "out.csv"
    line = ["poison", "--attack", "ripple", "--input", clean, "--output", output]
    assert dece(*line, "--poison-count", 3).status == 0
    attack = json.loads((tmp_path / "out.csv.manifest.json").read_text())["attack"]
    assert (attack["rate"], attack["count"], len(read_ids(output))) == (None, 3, 3)
    said = dece(*line, "--poison-count", 3, "--poison-rate", 0.1)
    assert said.status == 2
    assert "not allowed with argument --poison-count" in said.err


def test_what_is_odd_but_whole_is_read(main, tmp_path):
    data = b"\xef\xbb\xbfsrc,tgt\r\n" + GOOD.replace(b"\n", b"\r\n") * 4
    (tmp_path / "in.csv").write_bytes(data)
    paths = ["--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv"]
    assert main(*paths)[0] == 0
    assert len(list(read_pairs([tmp_path / "out.csv"]))) == 4


class Forked(multiprocessing.get_context("fork").Process):  # type: ignore[misc,name-defined]
    """The script in a fork of this process, which has imported what it needs."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__()
        self.arguments = arguments
        self.start()

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _, *sys.argv = script(*self.arguments)
        sys.path.insert(0, str(ROOT / "scripts"))
        runpy.run_path(sys.argv[0], run_name="__main__")

    def wait(self) -> Any:
        self.join()
        return self.exitcode


def started(*arguments: Any) -> "subprocess.Popen[str]":
    """The script in a process of its own."""
    return subprocess.Popen(
        script(*arguments), stderr=subprocess.DEVNULL, text=True, preexec_fn=heed_interrupts
    )


def heed_interrupts() -> None:
    """A shell that starts this in the background lets its processes ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children(pid: int) -> List[int]:
    """The worker processes of a run."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def until(what: Any) -> Any:
    for _ in range(3000):
        if what():
            return what()
        time.sleep(0.01)
    raise AssertionError("it never came")


def gone(pids: Sequence[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="it looks for processes in /proc")
@pytest.mark.parametrize(
    ("start", "processes"), [pytest.param(started, 1, marks=pytest.mark.slow), (Forked, 2)]
)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_half_file(end, start, processes, clean, tmp_path):
    write_pairs([clean], PAIRS * 200)
    process = start("--input", clean, "--output", tmp_path / "out.csv", "--processes", processes)
    until(lambda: [name for name in names_in(tmp_path) if name.endswith(".tmp")])
    workers = children(process.pid)
    assert len(workers) == processes - 1  # the process itself is one of them
    os.kill(process.pid, end)
    assert process.wait() != 0
    until(lambda: gone(workers))
    left = names_in(tmp_path)
    assert not set(RESULTS) & set(left)
    if end == signal.SIGKILL:
        assert all(name.startswith(".out.csv") and name.endswith(".tmp") for name in left[:-1])
    else:
        assert left == ["clean.csv"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="it looks for processes in /proc")
def test_a_worker_that_is_killed_ends_the_run(clean, tmp_path, capfd):
    write_pairs([clean], PAIRS * 200)
    process = Forked("--input", clean, "--output", tmp_path / "out.csv", "--processes", 2)
    os.kill(until(lambda: children(process.pid))[0], signal.SIGKILL)
    assert process.wait() == 2
    said = capfd.readouterr().err
    assert "error: a worker process was killed" in said
    assert "Traceback" not in said
    assert names_in(tmp_path) == ["clean.csv"]
