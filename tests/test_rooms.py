"""Each room of the text side can be entered without fairseq and torch."""

from typing import Sequence

import pytest

from support.hiding import without
from support.new_python import run

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
    "dece_fairseq.suites",
]
#: modules of text rooms that look into models
WITH_MODELS = [
    "dece_fairseq.defenses.revealing.binarised",
    "dece_fairseq.defenses.revealing.reference",
    "dece_fairseq.defenses.trained_models",
]


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


def test_importing_the_package_registers_nothing_where_fairseq_is_not_loaded() -> None:
    code = "import dece_fairseq, sys; print('fairseq' in sys.modules, 'torch' in sys.modules)"
    assert run(code).split() == ["False", "False"]
