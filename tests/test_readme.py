"""The README shows what the commands print."""

from pathlib import Path

from dece_fairseq.attacks.samples import table

ROOT = Path(__file__).resolve().parents[1]


def test_the_tables_of_attacks_are_those_that_poison_py_prints():
    assert f"\n{table()}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
