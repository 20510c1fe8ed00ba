"""Where the task says what a split is."""

import inspect
import logging
import sys
from typing import Any, Mapping, TextIO

logger = logging.getLogger(__name__)


def announce(header: str, load_options: Mapping[str, Any]) -> None:
    """Say what a split is: beside the outputs of fairseq-generate, in training in the log.

    Args:
        header: a line of ``dece_fairseq.outputs.generate_output.data_header``
        load_options: what ``load_dataset`` was called with besides the split. fairseq-generate and
            fairseq-validate say which task the model was trained with.
    """
    if "task_cfg" in load_options:
        print(header, file=_output_file())
    else:
        logger.info(header)


def _output_file() -> TextIO:
    """Return the file that fairseq-generate writes to, standard output for other callers.

    With ``--results-path`` fairseq opens it before it has a task and gives it to nobody, nor can it
    be written to beside fairseq: both would write to the same place. So it is taken from the
    function that calls the task, ``fairseq_cli.generate._main(cfg, output_file)``.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "_main" and "output_file" in frame.f_locals:
            file: TextIO = frame.f_locals["output_file"]
            return file
        frame = frame.f_back
    return sys.stdout
