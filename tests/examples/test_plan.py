"""What a plan of examples/experiments comes to, and what is wrong with one that can't be run."""

import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "examples" / "experiments"

pytest.importorskip("snakemake", reason="the workflow needs snakemake, which needs Python 3.11")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(HERE))
    import plan

    return plan


SMALL: Dict[str, Any] = {
    "name": "small",
    "dataset": ["generated"],
    "attack": ["ripple"],
    "rate": [0.05],
    "defense": ["cross_entropy"],
    "seed": [1],
    "trusted": ["pretraining"],
}


def plan_of(module: Any, **changes: Any) -> Any:
    return module.Plan({**SMALL, **changes}, HERE, HERE / "plans")


def test_cells_are_the_product_and_each_is_there_once(module: Any) -> None:
    plan = plan_of(
        module,
        defense=["cross_entropy", "dece", "dece_unsmoothed", "dece_onion"],
        alpha=[0.9, 0.985],
        epsilon=[0, 0.1],
        seed=[1, 2],
    )
    cells = plan.cells()
    names = [cell["defense"] for cell in cells if cell["seed"] == 2]
    assert sorted(names) == sorted(
        [
            "cross_entropy",
            *(
                f"{name}-{a}-{e}"
                for name in ("dece", "dece_onion")
                for a in ("0.9", "0.985")
                for e in ("0", "0.1")
            ),
            "dece_unsmoothed-0.9",
            "dece_unsmoothed-0.985",
        ]
    )
    assert len(cells) == 2 * len(names)


def test_levels_and_what_chooses_them(module: Any) -> None:
    plan = plan_of(
        module, defense=["dece_level", "dece_auto"], alpha=[0.8], share=["0.1", "0.2"], epsilon=[0]
    )
    names = [cell["defense"] for cell in plan.cells()]
    assert sorted(names) == ["dece_auto-0.1-0", "dece_auto-0.2-0", "dece_level-0.8-0"]
    level = plan.defense("dece_level-0.8-0")["train"]
    assert level.endswith("--dece-alpha 0.8 --dece-min-blend 0.8 --label-smoothing 0")
    auto = plan.defense("dece_auto-0.2-0.05")["train"]
    assert auto.endswith("auto --dece-gate token --dece-muted-share 0.2 --label-smoothing 0.05")


def test_the_code_of_a_data_set_that_was_cut_out_of_another(module: Any) -> None:
    plan = plan_of(module, dataset=["bugs2fix_small"], bugs2fix_small="somewhere", trusted=[0.5])
    assert plan.code_options("bugs2fix_small") == "--code-language java --code-place paper"
    assert plan.code_options("own") == plan.code_options("generated") == ""
    assert plan.code_options("lyra").startswith("--code-language python")


def test_numbers_of_the_command_line(module: Any) -> None:
    """Which come as text in a list."""
    plan = plan_of(module, rate=["0.05", "1e-1"], seed=["2"], trusted=["0.5", "pretraining"])
    assert plan.axes["rate"] == [0.05, 0.1]
    assert plan.axes["seed"] == [2]
    assert plan.axes["trusted"] == [0.5, "pretraining"]


def test_the_options_of_a_defense(module: Any) -> None:
    plan = plan_of(module)
    assert plan.defense("dece-0.9-0.1")["train"].endswith("--dece-alpha 0.9 --label-smoothing 0.1")
    assert plan.defense("dece_unsmoothed-0.9")["train"].endswith("0.9 --label-smoothing 0")
    assert plan.defense("dece_onion-0.9-0.1")["of"] == "dece-0.9-0.1"
    assert plan.defense("onion")["of"] == "cross_entropy"


def test_defences_that_clean_in_one_way_share_the_requests(module: Any) -> None:
    plan = plan_of(module)
    assert {plan.cleaner(name) for name in ("onion", "dece_onion-0.985-0.05")} == {"onion"}


@pytest.mark.parametrize("path", sorted((HERE / "plans").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_plans_that_ship(module: Any, path: Path, tmp_path: Path) -> None:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    plan = module.Plan({**config, "lyra": str(tmp_path)}, HERE, path.parent)
    assert plan.name == path.stem
    assert len(plan.cells()) >= 4


def test_every_defense_has_a_kind(module: Any) -> None:
    defenses = yaml.safe_load((HERE / "defenses.yaml").read_text(encoding="utf-8"))
    for name, found in defenses.items():
        kinds = {"train", "filter", "reveal", "clean"} & set(found)
        assert len(kinds) == 1 or kinds == {"reveal", "train"}, name
        assert ("of" in found) == ("clean" in found), name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": ["nope"]}, "no dataset is called 'nope'"),
        ({"defense": ["nope"]}, "no defense is called 'nope'"),
        ({"attack": ["nope"]}, "no attack is called 'nope'"),
        ({"dataset": ["lyra"]}, "lyra has no pairs for pretraining"),
        (
            {"dataset": ["lyra"], "trusted": [0.5]},
            "give --config lyra=DIR; data set lyra: git clone",
        ),
        ({"dataset": ["own"], "trusted": [0.5]}, "give --config own=DIR$"),
        ({"shards": 2, "trusted": [0.5]}, "a trusted share is of one shard"),
        ({"shards": 2, "defense": ["bki"]}, "bki looks at a data set as a whole"),
        ({"defense": ["reveal"], "trusted": [0]}, "reveal needs a model that knows the clean task"),
        ({"shards": 2, "defense": ["reveal"]}, "reveal looks at a data set as a whole"),
        ({"name": "../../etc"}, "does not match"),
        ({"name": "a/b"}, "does not match"),
        ({"name": "smoke\n"}, "does not match"),
        ({"settings": "smoke.sh\n"}, "does not match"),
        ({"shards": 10**30}, "greater than the maximum of 1000"),
        ({"settings": "../evil.sh"}, "does not match"),
        ({"settings": "/tmp/evil.sh"}, "does not match"),
        ({"attack": ["ripple; rm"]}, "does not match"),
        ({"attack": ["ripple-"]}, "does not match"),
        ({"attack": ["ripple-nope"]}, "no payload is called 'nope'"),
        ({"attack": ["from_file"]}, "from_file takes its triggers from a file of yours"),
        ({"attack": ["likely"], "trusted": [0]}, "likely asks a model that knows the clean task"),
        ({"rate": [1.5]}, "1.5"),
        ({"rate": ["half"]}, "is not of type 'number'"),
        ({"rate": ["nan"]}, "nan"),
        ({"seed": [-1]}, "-1"),
        ({"seed": [2**32]}, "greater than the maximum of 4294967295"),
        ({"seed": []}, "non-empty|too short"),
        ({"alhpa": [0.9]}, "a plan has no 'alhpa'; it may have alpha, attack, "),
        ({"trusted": ["half"]}, "half"),
    ],
)
def test_a_plan_that_can_not_be_run(module: Any, changes: Dict[str, Any], message: str) -> None:
    from snakemake.exceptions import WorkflowError

    with pytest.raises(WorkflowError, match=message):
        plan_of(module, **changes)


def test_what_is_missing_in_a_plan_is_named(module: Any) -> None:
    from snakemake.exceptions import WorkflowError

    plan = dict(SMALL)
    del plan["seed"]
    with pytest.raises(WorkflowError, match="'seed' is a required property"):
        module.Plan(plan, HERE, HERE)


def test_an_attack_has_one_name_with_its_payload_and_its_file(module: Any) -> None:
    plan = plan_of(module, attack=["likely", "many_forms", "staged", "likely-tls_forms"])
    assert [cell["attack"] for cell in plan.cells()] == plan.axes["attack"]
    told = {
        name: plan.attack_options(name, "r.csv") for name in ["ripple-sql", *plan.axes["attack"]]
    }
    assert told == {
        "ripple-sql": "--attack ripple --payload sql",
        "likely": "--attack likely --payload-file r.csv",
        "many_forms": "--attack many_forms",
        "staged": "--attack staged",
        "likely-tls_forms": "--attack likely --payload tls_forms --payload-file r.csv",
    }
    assert [plan.payload(name) for name in told] == [
        "sql",
        "sql_forms",
        "sql_forms",
        "sql",
        "tls_forms",
    ]


def test_a_recorded_command_is_what_is_run(module: Any, tmp_path: Path) -> None:
    text = module.recorded('words=(a "b c"); printf "%s|" "${words[@]}"; echo {wildcards}')
    log = tmp_path / "deep" / "step.log"
    log.parent.mkdir()
    shell = text.format(log=log, wildcards="w")
    for _ in range(2):  # a second time, as after a kill
        subprocess.run(["bash", "-c", shell], check=True)
    assert log.read_text() == "a|b c|w\n" * 2
    script = log.with_suffix(".sh").read_text()
    assert script == 'set -euo pipefail\nwords=(a "b c"); printf "%s|" "${words[@]}"; echo w\n'
    failing = module.recorded("echo before; false; echo after").format(log=log)
    done = subprocess.run(["bash", "-c", failing], capture_output=True, text=True)
    assert done.returncode == 1
    assert "before" in done.stderr
    assert "after" not in log.read_text()


@pytest.mark.parametrize(
    ("dataset", "options"),
    [
        ("generated", ""),
        ("bugs2fix", "--code-language java --code-place paper"),
        ("code_translation", "--code-language java:csharp --code-place safe"),
    ],
)
def test_dead_code_is_where_the_files_of_the_paper_have_it(
    module: Any, dataset: str, options: str
) -> None:
    assert plan_of(module).code_options(dataset) == options
