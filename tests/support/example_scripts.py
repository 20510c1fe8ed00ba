"""How a test runs the scripts of examples/: with its own Python, or writing down what they run."""

import hashlib
import importlib.util
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Optional

ROOT = Path(__file__).resolve().parents[2]

#: writes down what it was called with, and leaves what the next step looks for
RECORDER = """#!/usr/bin/env bash
line="$(basename "$0")$(printf ' %q' "$@")"
printf '%s\\n' "$line" >> "$RECORD"  # at once: two runs may stand side by side
while [ $# -gt 0 ]; do
    case "$1" in --output|--save-dir) mkdir -p "$2" ;; esac
    [ "$1" != --output ] || cp "$PREPARED" "$2/prepare.json"
    shift
done
"""
#: what scripts/prepare.py would say of its folder
PREPARED = {
    "splits": {
        "test": {"files": [{"path": "test.csv"}], "longest_excess": 999},
        "train": {"files": [{"path": "train.csv"}], "pairs": 12, "longest_excess": 101},
        "trusted": {"files": [], "longest_excess": 998},
    }
}


def environment(folder: Path) -> Dict[str, str]:
    """That of a shell in which the virtual environment is made and has nothing but a folder."""
    made_of = hashlib.sha256()
    for name in ("setup.py", "constraints.txt"):
        made_of.update((ROOT / name).read_bytes())
    (folder / "bin").mkdir(parents=True)
    (folder / f"made-of-{made_of.hexdigest()[:16]}").touch()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {"VENV": str(folder), "PATH": path, "PYTHONPATH": str(ROOT)}
    return {**os.environ, **settings, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def load_module(path: Path) -> ModuleType:
    """Import a file of an example, which is in no package."""
    spec = importlib.util.spec_from_file_location(f"example_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def bash(
    *words: Any, env: Dict[str, str], cwd: Optional[Path] = None
) -> "subprocess.CompletedProcess[str]":
    command = ["bash", *map(str, words)]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True)


def recorded(script: str, *options: Any, folder: Path) -> List[List[str]]:
    """Return the commands that an example's script runs, each in words.

    Options begin with the name of the data set where the script wants one.
    """
    env = environment(folder / "venv")
    for name in ("python", "fairseq-train", "fairseq-generate"):
        executable(folder / "venv" / "bin" / name, RECORDER)
    env["RECORD"] = str(folder / "record")
    env["PREPARED"] = str(folder / "prepared.json")
    (folder / "prepared.json").write_text(json.dumps(PREPARED, indent=1) + "\n", encoding="utf-8")
    path = ROOT / "examples" / script
    (folder / "D").mkdir()
    names = [option for option in options[:1] if not str(option).startswith("-")]
    places = ["--data", "D", "--work", folder / "W"]
    done = bash(path, *names, *places, *options[len(names) :], env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = (folder / "record").read_text(encoding="utf-8").splitlines()
    place = str(folder / "W")
    return [
        [word.replace(place, "W").replace(str(ROOT), "ROOT") for word in shlex.split(line)]
        for line in lines
    ]


def asked_of_snakemake(script: Path, folder: Path, *options: str) -> List[str]:
    """Return the command lines of snakemake that a script in ``folder`` gives."""
    recorder = folder / "bin" / "snakemake"
    recorder.parent.mkdir()
    executable(recorder, '#!/bin/sh\necho "$@" >> asked\n')
    path = os.pathsep.join([str(recorder.parent), os.environ["PATH"]])
    done = bash(script, *options, env={**os.environ, "PATH": path}, cwd=folder)
    assert done.returncode == 0, done.stderr
    return (folder / "asked").read_text(encoding="utf-8").splitlines()


def value(command: List[str], option: str) -> str:
    return command[command.index(option) + 1]
