"""The plug-ins register in every way, and once more does no harm."""

from pathlib import Path
from typing import Callable

import fairseq  # noqa: F401  without it there is nothing to register with
import pytest

from support.new_python import ROOT
from support.new_python import run as run_new

REGISTERED = """
from fairseq.criterions import CRITERION_REGISTRY
from fairseq.models import ARCH_MODEL_REGISTRY
from fairseq.scoring import SCORER_REGISTRY
from fairseq.tasks import TASK_REGISTRY
print("deceptive_cross_entropy" in CRITERION_REGISTRY, "codet5_base" in ARCH_MODEL_REGISTRY)
print("attack_success_rate" in SCORER_REGISTRY, "backdoor_poisoned_translation" in TASK_REGISTRY)
"""


@pytest.fixture
def run(warm_torch: Path) -> Callable[..., str]:
    """Run code where torch is imported already, and fairseq is not."""

    def run_warm(code: str, folder: Path = ROOT) -> str:
        new = "import sys; assert not {'fairseq', 'dece_fairseq'} & {*sys.modules}\n"
        return run_new(new + code, folder, str(warm_torch))

    return run_warm


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
def test_plug_ins_register(code: str, run: Callable[..., str]) -> None:
    assert run(code + REGISTERED).split() == ["True"] * 4


@pytest.mark.parametrize("user_dir", ["dece_fairseq", "mine"])
def test_plug_ins_register_by_user_dir(
    user_dir: str, tmp_path: Path, run: Callable[..., str]
) -> None:
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


@pytest.mark.parametrize("user_dir", ["dece_fairseq", "by hand"])
def test_plug_ins_register_in_a_worker_process(
    user_dir: str, tmp_path: Path, run: Callable[..., str]
) -> None:
    """As fairseq's trainings with several workers import what ``--user-dir`` names in each."""
    importing = "import dece_fairseq.plugin"
    if user_dir != "by hand":
        importing = f"""
    from argparse import Namespace
    from fairseq.utils import import_user_module
    import_user_module(Namespace(user_dir={str(ROOT / user_dir)!r}))"""
    worker = f"def work():\n    {importing}\n    exec({REGISTERED!r})\n"
    (tmp_path / "worker_of_a_test.py").write_text(worker, encoding="utf-8")
    code = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]
from multiprocessing import get_context
from worker_of_a_test import work
if __name__ == "__main__":
    work()  # in the first process too
    process = get_context("spawn").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0
"""
    assert run(code, tmp_path).split() == ["True"] * 8
