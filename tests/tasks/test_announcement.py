"""Where the line of the task's data goes."""

import io
import logging
from typing import Any, Dict, TextIO

from dece_fairseq.tasks.announcement import announce

HEADER = 'dece_fairseq data: {"split": "test"}'


def _main(cfg: Dict[str, Any], output_file: TextIO) -> None:
    """Call the task as ``fairseq_cli.generate._main`` does."""

    def load_dataset() -> None:
        announce(HEADER, {"task_cfg": None, **cfg})

    load_dataset()


def test_it_goes_where_fairseq_generate_writes(capsys):
    file = io.StringIO()
    _main({}, file)
    assert file.getvalue() == f"{HEADER}\n"
    assert capsys.readouterr().out == ""


def test_other_commands_print_it(capsys):
    announce(HEADER, {"task_cfg": None})
    assert capsys.readouterr().out == f"{HEADER}\n"


def test_in_training_it_is_logged(capsys, caplog):
    with caplog.at_level(logging.INFO):
        announce(HEADER, {})
    assert caplog.messages == [HEADER]
    assert capsys.readouterr().out == ""
