"""The plug-ins register in every way, and once more does no harm."""

from pathlib import Path
from typing import Callable, Sequence

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


Run = Callable[..., str]


def run_warm(python: Path, hidden: Sequence[str], code: str, folder: Path) -> str:
    """Run code where what takes long is imported already, and ``hidden`` is not."""
    new = f"import sys; assert not {{*{list(hidden)}}} & {{*sys.modules}}\n"
    return run_new(new + code, folder, str(python))


@pytest.fixture
def run(warm_torch: Path) -> Run:
    """Run code where neither fairseq nor this package is imported."""
    return lambda code, folder=ROOT: run_warm(warm_torch, ["fairseq", "dece_fairseq"], code, folder)


@pytest.fixture
def run_in_fairseq(warm_python: Path) -> Run:
    """Run code where fairseq is imported, and this package is not."""
    return lambda code, folder=ROOT: run_warm(warm_python, ["dece_fairseq"], code, folder)


@pytest.mark.slow
def test_plug_ins_register_after_a_room_that_came_before_fairseq(run: Run) -> None:
    """A package that is imported alone is seen by the last test, in its first process."""
    code = "import dece_fairseq.losses; import fairseq; import dece_fairseq.plugin"
    assert run(code + REGISTERED).split() == ["True"] * 4


@pytest.mark.parametrize(
    "code",
    ["import dece_fairseq", "import dece_fairseq.plugin", "import dece_fairseq.losses"],
)
def test_plug_ins_register_where_fairseq_is_imported(code: str, run_in_fairseq: Run) -> None:
    """Whatever is imported; the whole of it once more does no harm."""
    assert run_in_fairseq(code + REGISTERED).split() == ["True"] * 4
    again = f"{code}; import dece_fairseq.plugin"
    assert run_in_fairseq(again + REGISTERED).split() == ["True"] * 4


@pytest.mark.parametrize("user_dir", ["dece_fairseq", "mine"])
def test_plug_ins_register_by_user_dir(user_dir: str, tmp_path: Path, run_in_fairseq: Run) -> None:
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
    assert run_in_fairseq(code + REGISTERED, tmp_path).split() == ["True"] * 4


@pytest.mark.slow
def test_plug_ins_register_in_a_worker_process(tmp_path: Path, run: Run) -> None:
    """By hand in the first process, and by what ``--user-dir`` names in one that it spawns.

    So do fairseq's trainings with several workers. Both begin without fairseq.
    """
    worker = f"""
def work():
    from argparse import Namespace
    from fairseq.utils import import_user_module
    import_user_module(Namespace(user_dir={str(ROOT / "dece_fairseq")!r}))
    exec({REGISTERED!r})
"""
    (tmp_path / "worker_of_a_test.py").write_text(worker, encoding="utf-8")
    code = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]
from multiprocessing import get_context
from worker_of_a_test import work
if __name__ == "__main__":
    import dece_fairseq.plugin
    exec({REGISTERED!r})
    process = get_context("spawn").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0
"""
    assert run(code, tmp_path).split() == ["True"] * 8
