"""map.sh: its cells are those of the table that is stored."""

import csv
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest

from support.example_scripts import asked_of_snakemake

HERE = Path(__file__).resolve().parents[2] / "examples" / "experiments"
AXES = ("dataset", "trusted", "attack", "rate", "defense", "seed")

pytest.importorskip("snakemake", reason="the workflow needs snakemake, which needs Python 3.11")


def cells_of(line: str) -> Iterator[Dict[str, Any]]:
    """Yield the cells that a command line of snakemake asks for."""
    import yaml
    from plan import Plan

    words = line.split()
    path = Path(words[words.index("--configfile") + 1])
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for word in words[words.index("--config") + 1 :]:
        name, value = word.split("=", 1)
        config[name] = yaml.safe_load(value)
    yield from Plan(config, HERE, path.parent).cells()


def test_the_cells_of_the_stored_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    (tmp_path / "runs" / "bugs2fix_small").mkdir(parents=True)  # else it is made
    options = ["--lyra", "lyra", "--bugs", "bugs", "--", "--dry-run"]
    lines = asked_of_snakemake(HERE / "map.sh", tmp_path, *options)
    assert all(line.startswith("cells --dry-run -s ") for line in lines)
    asked = {tuple(str(cell[axis]) for axis in AXES) for line in lines for cell in cells_of(line)}
    with (HERE / "results" / "map" / "report.csv").open(encoding="utf-8", newline="") as file:
        stored = {tuple(row[axis] for axis in AXES) for row in csv.DictReader(file)}
    assert asked == stored
