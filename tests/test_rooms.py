"""Each room can be entered without what it does not need; the plug-ins register in every way."""

import subprocess
import sys
from pathlib import Path
from typing import Sequence

import pytest

from support.hiding import without

ROOT = Path(__file__).resolve().parents[1]
#: rooms that need neither fairseq nor torch
TEXT_ROOMS = [
    "dece_fairseq",
    "dece_fairseq.attacks",
    "dece_fairseq.cli",
    "dece_fairseq.data",
    "dece_fairseq.defenses",
    "dece_fairseq.metrics",
    "dece_fairseq.outputs",
    "dece_fairseq.reports",
]
#: modules of text rooms that look into models
WITH_MODELS = ["dece_fairseq.cli.save_pretrained", "dece_fairseq.defenses.trained_models"]


def run(code: str, folder: Path = ROOT) -> str:
    """What a new Python prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def import_all(room: str, hidden: Sequence[str]) -> None:
    """Import a room and every module in it, without the hidden libraries."""
    run(
        without(*hidden)
        + f"""
import importlib, pkgutil
room = importlib.import_module({room!r})
if {room!r} != "dece_fairseq":
    for found in pkgutil.walk_packages(room.__path__, {room + "."!r}):
        if found.name not in {WITH_MODELS!r}:
            importlib.import_module(found.name)
"""
    )


@pytest.mark.parametrize("room", TEXT_ROOMS)
def test_text_rooms_need_neither_fairseq_nor_torch(room: str) -> None:
    import_all(room, ["fairseq", "torch"])


def test_losses_need_torch_alone() -> None:
    hidden = ["fairseq", "numpy", "omegaconf", "sacrebleu", "scipy", "transformers", "triton"]
    run(without(*hidden) + "import dece_fairseq.losses")


REGISTERED = """
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.models import ARCH_MODEL_REGISTRY
from fairseq.scoring import SCORER_REGISTRY
from fairseq.tasks import TASK_REGISTRY
print("deceptive_cross_entropy" in CRITERION_REGISTRY, "codet5_base" in ARCH_MODEL_REGISTRY)
print("attack_success_rate" in SCORER_REGISTRY, "backdoor_poisoned_translation" in TASK_REGISTRY)
"""


@pytest.mark.parametrize(
    "code",
    [
        "import dece_fairseq.plugin",
        "import dece_fairseq.plugin, dece_fairseq.plugin",
        "import dece_fairseq; import dece_fairseq.plugin",
        "import fairseq; import dece_fairseq",
        "import fairseq; import dece_fairseq; import dece_fairseq.plugin",
        "import fairseq; import dece_fairseq.losses",
        "import dece_fairseq.losses; import fairseq; import dece_fairseq.plugin",
    ],
)
def test_plug_ins_register(code: str) -> None:
    assert run(code + REGISTERED).split() == ["True"] * 4


@pytest.mark.parametrize("user_dir", ["dece_fairseq", "mine"])
def test_plug_ins_register_by_user_dir(user_dir: str, tmp_path: Path) -> None:
    package = ROOT / user_dir
    if user_dir == "mine":
        package = tmp_path / "mine"
        package.mkdir()
        code = "from dece_fairseq.attacks import ATTACKS\n"
        (package / "__init__.py").write_text(code, encoding="utf-8")
    code = f"""
import sys
sys.path.append({str(ROOT)!r})
from argparse import Namespace
from fairseq.utils import import_user_module
for _ in range(2):
    import_user_module(Namespace(user_dir={str(package)!r}))
"""
    assert run(code + REGISTERED, tmp_path).split() == ["True"] * 4


def test_importing_the_package_registers_nothing_where_fairseq_is_not_loaded() -> None:
    code = "import dece_fairseq, sys; print('fairseq' in sys.modules, 'torch' in sys.modules)"
    assert run(code).split() == ["False", "False"]
