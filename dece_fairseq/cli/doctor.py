"""Say what is installed, what that enables, what is missing and how to get it."""

import argparse
import platform
from typing import Any, Dict, List, NamedTuple, Tuple

from dece_fairseq.cli.common import add_json
from dece_fairseq.cli.main import WAY_OUT
from dece_fairseq.cli.printing import write_result
from dece_fairseq.data.provenance import installed
from dece_fairseq.extras import install
from dece_fairseq.table_writer import LINED, write_table
from dece_fairseq.version import version


class Component(NamedTuple):
    """Something of this project, and the packages that it needs."""

    what: str
    packages: Tuple[str, ...]
    """As pip calls them; of two separated by a bar, either will do."""
    how: str
    """How to get them."""


COMPONENTS = (
    Component(
        "attacks, data, scores, reports",
        ("sacrebleu", "scipy", "sqlglot", "tree-sitter"),
        "pip install .",
    ),
    Component("losses for PyTorch", ("torch",), install("torch")),
    Component(
        "fairseq's plug-ins: criterions, task, models", ("fairseq|ve-fairseq", "torch"), WAY_OUT
    ),
    Component("CodeBLEU", ("codebleu",), install("codebleu")),
    Component("models of Hugging Face", ("transformers",), install("hf")),
    Component("adapters (LoRA)", ("transformers", "peft"), install("lora")),
    Component("filters that cluster, ONION", ("scikit-learn", "nltk"), install("defenses")),
    Component("figures", ("matplotlib",), install("plot")),
    Component("reports", ("jinja2", "matplotlib"), install("reports")),
    Component(
        "grids of experiments", ("snakemake",), install("experiments") + ", Python 3.11 or newer"
    ),
    Component("completion in the shell", ("shtab",), install("completion")),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the form of the output."""
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print what is there."""
    found = examine()
    write_result(as_text(found), found, args.json)


def as_text(found: Dict[str, Any]) -> str:
    """Return what ``examine`` found as lines for a person."""
    head = f"dece_fairseq {found['dece_fairseq']}, Python {found['python']}, {found['system']}"
    rows = [
        [part["what"], "yes" if part["works"] else "no", part["versions"], part["how"]]
        for part in found["parts"]
    ]
    table = write_table(["part", "works", "found", "how to get it"], rows, LINED)
    return f"{head}\n\n{table}\n"


def examine() -> Dict[str, Any]:
    """Return the versions of this project, Python and system, and a list of its parts."""
    parts: List[Dict[str, Any]] = []
    for part in COMPONENTS:
        versions = {name: installed(*name.split("|")) for name in part.packages}
        works = None not in versions.values()
        parts.append(
            {
                "what": part.what,
                "works": works,
                "versions": ", ".join(
                    f"{k.partition('|')[0]} {v}" for k, v in versions.items() if v
                ),
                "how": "" if works else part.how,
            }
        )
    return {
        "dece_fairseq": version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "parts": parts,
    }
