"""No source of this project executes what it reads, or opens a connection."""

import ast
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("dece_fairseq", "scripts", "examples")
#: modules that execute what they read, or that speak to other machines
FORBIDDEN_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"),
    *("urllib", "http", "ftplib", "smtplib", "socket", "requests", "httpx", "aiohttp"),
}
#: an exception is no way to read anything
ALLOWED_NAMES = {("pickle", "UnpicklingError")}
FORBIDDEN_CALLS = {
    *("eval", "exec", "execfile", "__import__", "os.system", "os.popen"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load"),
}
#: options that switch a safeguard off, and the value by which they do
FORBIDDEN_OPTIONS = {
    "allow_pickle": True,
    "shell": True,
    "trust_remote_code": True,
    "weights_only": False,
}


def dangers(source: str) -> Iterator[str]:
    """What in a source reads by executing, or goes to the network."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [name.name.split(".")[0] for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            module = node.module.split(".")[0]
            modules = [module for name in node.names if (module, name.name) not in ALLOWED_NAMES]
        else:
            modules = []
        yield from (f"import {module}" for module in modules if module in FORBIDDEN_MODULES)
        if isinstance(node, ast.Call):
            yield from dangers_of_call(node, dotted(node.func))


def dotted(function: ast.expr) -> str:
    """Return the name that a call has in its source; empty for what is no name."""
    if isinstance(function, ast.Attribute):
        return f"{dotted(function.value)}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def dangers_of_call(call: ast.Call, name: str) -> Iterator[str]:
    if name in FORBIDDEN_CALLS:
        yield f"{name}()"
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for option, value in FORBIDDEN_OPTIONS.items():
        if option in given:
            constant = given[option]
            if not isinstance(constant, ast.Constant) or constant.value is value:
                yield f"{name}({option}=...)"
    if name == "torch.load" and "weights_only" not in given:
        yield "torch.load() as it is set by default"
    if name in ("np.load", "numpy.load") and "allow_pickle" not in given:
        yield f"{name}() as some versions set it by default"


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_source_executes_what_it_reads(folder: str) -> None:
    sources = sorted((ROOT / folder).rglob("*.py"))
    assert sources
    found = {path: list(dangers(path.read_text(encoding="utf-8"))) for path in sources}
    assert {path: dangers for path, dangers in found.items() if dangers} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import urllib.request as u",
        "from http.client import HTTPConnection",
        "eval(text)",
        "yaml.load(text)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "subprocess.run(line, shell=True)",
        "AutoModel.from_pretrained(name, trust_remote_code=flag)",
        "__import__(name).run()",
    ],
)
def test_what_is_looked_for_is_found(source: str) -> None:
    assert len(list(dangers(source))) == 1
