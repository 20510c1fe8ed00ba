"""What a plan comes to: its cells, and what the commands of each are told."""

import math
import re
from itertools import product
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from dece_fairseq.attacks import ATTACKS, PAYLOADS
from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.errors import DataError

PRETRAINING = "pretraining"
#: what the deceptive losses depend on, which goes with the name of a defence
PARAMETERS = ("alpha", "share", "epsilon")
#: of a plan, in the order of a cell's folders
AXES = ("dataset", "trusted", "attack", "rate", "defense", *PARAMETERS, "seed")
#: those of numbers, which snakemake leaves as text in a list of --config
NUMBERS = frozenset({"trusted", "rate", *PARAMETERS, "seed"})


def as_numbers(value: Any) -> Any:
    """A list with a number for each text that is one; anything else is left to the schema."""
    if not isinstance(value, list):
        return value
    return [_as_number(item) if isinstance(item, str) else item for item in value]


def _as_number(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return text


def _parts(attack: str) -> Tuple[str, str]:
    """The names of an attack and, if the plan gives another than its own, of its payload."""
    name, _, payload = attack.partition("-")
    return name, payload


def recorded(command: str) -> str:
    """A rule's shell text: writes the command beside the rule's log, and runs it from there.

    Args:
        command: the command, with snakemake's ``{input}`` and the shell's ``${variable}``
    """
    command = re.sub(r"\$\{([^{}]*)\}", r"${{\1}}", command.strip())
    return (
        'script={log}; script="${{script%.log}}.sh"\n'
        "cat > \"$script\" <<'END_OF_COMMAND'\n"
        "set -euo pipefail\n"
        f"{command}\n"
        "END_OF_COMMAND\n"
        'bash "$script" >> {log} 2>&1 || {{ tail -n 20 {log} >&2; exit 1; }}\n'
    )


class Plan:
    """A plan that has been checked.

    Args:
        config: what the plan's file and ``--config`` say
        here: the folder of the workflow
        beside: the folder of the plan's file

    Raises:
        WorkflowError: the plan does not follow schema.yaml, or names something that is not there
    """

    def __init__(self, config: Mapping[str, Any], here: Path, beside: Path) -> None:
        schema = here / "schema.yaml"
        known = yaml.safe_load(schema.read_text(encoding="utf-8"))["properties"]
        self._here = here
        self._datasets = yaml.safe_load((here / "datasets.yaml").read_text(encoding="utf-8"))
        self._defenses = yaml.safe_load((here / "defenses.yaml").read_text(encoding="utf-8"))
        strangers = set(config) - set(known) - set(self._datasets)
        if strangers:
            raise WorkflowError(
                f"a plan has no {', '.join(sorted(map(repr, strangers)))}; it may have "
                f"{', '.join(sorted(known))}, and the folder of a data set by its name"
            )
        plan = {name: value for name, value in config.items() if name in known}
        for axis in NUMBERS & set(plan):
            plan[axis] = as_numbers(plan[axis])
        validate(plan, str(schema))
        self.name = plan["name"]
        self.folder = f"runs/{self.name}"
        self.axes = {axis: plan[axis] for axis in AXES}
        self.shards = range(plan["shards"])
        self._more_settings: Optional[Path] = None
        if "settings" in plan:
            self._more_settings = beside / plan["settings"]
        self._folders = {name: Path(str(value)) for name, value in config.items()}
        self._check_names("dataset", self._datasets)
        self._check_names("defense", self._defenses)
        for name in self.axes["attack"]:
            self._check_attack(name)
        for name in self.axes["dataset"]:
            self._check_dataset(name)
        self._check_shards()
        self._check_reference()

    def _check_names(self, axis: str, known: Any) -> None:
        for name in self.axes[axis]:
            if name not in known:
                raise WorkflowError(
                    f"plan {self.name}: no {axis} is called {name!r}; there are: "
                    f"{', '.join(sorted(known))}"
                )

    def _check_attack(self, name: str) -> None:
        attack, payload = _parts(name)
        for what, part, known in (("attack", attack, ATTACKS), ("payload", payload, PAYLOADS)):
            if part and part not in known.names():
                raise WorkflowError(
                    f"plan {self.name}: no {what} is called {part!r}; there are: "
                    f"{', '.join(known.names())}"
                )
        if ATTACKS.get(attack).needs == "trigger_file":
            raise WorkflowError(
                f"plan {self.name}: {attack} takes its triggers from a file of yours, which a plan "
                "can't name; give another attack"
            )
        if self.is_ranked(name) and 0 in self.axes["trusted"]:
            raise WorkflowError(
                f"plan {self.name}: {attack} asks a model that knows the clean task; from "
                "scratch (trusted: 0) there is none"
            )

    def _check_dataset(self, name: str) -> None:
        kind = self._datasets[name]["files"]
        if kind == "generated":
            return
        if PRETRAINING in self.axes["trusted"]:
            raise WorkflowError(
                f"plan {self.name}: {name} has no pairs for {PRETRAINING}; give shares as trusted"
            )
        if name not in self._folders:
            advice = f"; {DATASETS.get(name).advice()}" if kind == "published" else ""
            raise WorkflowError(
                f"plan {self.name}: {name} is a folder of yours, give --config {name}=DIR{advice}"
            )

    def _check_shards(self) -> None:
        if len(self.shards) == 1:
            return
        for name in self.axes["dataset"]:
            if self._datasets[name]["files"] != "generated":
                raise WorkflowError(f"plan {self.name}: only generated pairs are cut into shards")
        for share in self.axes["trusted"]:
            if share not in (0, PRETRAINING):
                raise WorkflowError(
                    f"plan {self.name}: a trusted share is of one shard, not of many"
                )
        for name in self.axes["defense"]:
            if {"filter", "reveal"} & set(self._defenses[name]):
                raise WorkflowError(
                    f"plan {self.name}: {name} looks at a data set as a whole, not at its shards"
                )

    def _check_reference(self) -> None:
        for name in self.axes["defense"]:
            if "reveal" in self._defenses[name] and 0 in self.axes["trusted"]:
                raise WorkflowError(
                    f"plan {self.name}: {name} needs a model that knows the clean task; from "
                    "scratch (trusted: 0) there is none"
                )

    def named_by(self, kind: str) -> str:
        """A regular expression of the defences of a kind, as ``named`` names them."""
        names = "|".join(name for name, found in self._defenses.items() if kind in found)
        return f"(?:{names})(?:-[0-9.e-]+)*"

    def cells(self) -> List[Dict[str, Any]]:
        """Every cell once, as wildcards."""
        found = {}
        for values in product(*self.axes.values()):
            cell = dict(zip(self.axes, values))
            parameters = {name: cell.pop(name) for name in PARAMETERS}
            cell["defense"] = self.named(cell["defense"], parameters)
            found[tuple(cell.values())] = cell
        return list(found.values())

    def named(self, defense: str, values: Mapping[str, float]) -> str:
        """A defence and what it depends on of the parameters: ``dece-0.985-0.05``."""
        return "-".join([defense, *(f"{values[name]:g}" for name in self._parameters(defense))])

    def _parameters(self, defense: str) -> List[str]:
        found = self._defenses[defense]
        found = self._defenses[found.get("of", defense)]
        return [name for name in PARAMETERS if f"{{{name}}}" in found.get("train", "")]

    def defense(self, name: str) -> Dict[str, Any]:
        """What ``defenses.yaml`` says of the defence that ``named`` named, filled in."""
        kind, *values = name.split("-")
        found = dict(self._defenses[kind])
        if "of" in found:
            found["of"] = "-".join([found["of"], *values])
        if "train" in found:
            found["train"] = found["train"].format(**dict(zip(self._parameters(kind), values)))
        return found

    def cleaner(self, defense: str) -> str:
        """The first defence that cleans requests as this one does, whose name these go by."""
        how = self.defense(defense)["clean"]
        return next(name for name, found in self._defenses.items() if found.get("clean") == how)

    def settings(self, dataset: str) -> str:
        """The beginning of a command: the settings that the rest of it uses."""
        paths = [self._here.parent / "generation.sh"]
        paths += [(self._here / self._datasets[dataset]["settings"]).resolve()]
        paths += [self._more_settings] if self._more_settings else []
        return "\n".join(f'source "{path}"' for path in paths)

    @staticmethod
    def is_ranked(attack: str) -> bool:
        """Whether the attack takes its poisoned targets from a file of ``dece rank``."""
        return ATTACKS.get(_parts(attack)[0]).needs == "payload_file"

    @staticmethod
    def payload(attack: str) -> str:
        """The payload of an attack, its own or the one behind its name."""
        name, payload = _parts(attack)
        return payload or ATTACKS.get(name).payload

    @staticmethod
    def attack_options(attack: str, ranked: str) -> str:
        """The options that name an attack.

        Args:
            attack: its name in the plan: ``ripple``, or ``ripple-sql_forms`` with another payload
            ranked: the file of ``dece rank``, which it may need
        """
        name, payload = _parts(attack)
        options = [f"--attack {name}"]
        options += [f"--payload {payload}"] if payload else []
        options += [f"--payload-file {ranked}"] if Plan.is_ranked(attack) else []
        return " ".join(options)

    def code_language(self, dataset: str) -> str:
        """The option of that name, for data sets whose code is in a language of its own."""
        code = self._code_of(dataset)
        return f"--code-language {DATASETS.get(code).code_language}" if code else ""

    def _code_of(self, dataset: str) -> str:
        """The published data set whose code it has; none for the payload's own language."""
        found = self._datasets[dataset]
        return str(found.get("code_of", dataset if found["files"] == "published" else ""))

    def code_options(self, dataset: str) -> str:
        """The options of an attack on the code of a data set: its language, and the places."""
        language = self.code_language(dataset)
        place = DATASETS.get(self._code_of(dataset)).code_place if language else ""
        return f"{language} --code-place {place}" if language else ""

    def files(self, dataset: str, split: str, seed: Any, shard: Any = 0) -> List[str]:
        """The clean pairs of a split: a file, or two of parallel text.

        Raises:
            WorkflowError: they are not in the data set's folder
        """
        kind = self._datasets[dataset]["files"]
        if kind == "generated":
            return [f"{self.folder}/corpus/{seed}/{split}{int(shard) or ''}.csv"]
        folder = self._folders[dataset]
        if kind == "own":
            return [str(folder / f"{split}.csv")]
        try:
            found = DATASETS.get(dataset).locate(folder, [split])
        except DataError as error:
            raise WorkflowError(str(error)) from error
        return [str(path) for path in found.files[split]]

    def columns(self, dataset: str) -> str:
        """The options that name the columns of the clean pairs."""
        if self._datasets[dataset]["files"] != "published":
            return ""
        names = DATASETS.get(dataset).locate(self._folders[dataset], ["test"]).columns
        return "--source-column {} --target-column {}".format(*names)
