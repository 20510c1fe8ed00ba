"""Checkpoints of fairseq-train, for whoever looks into a trained model."""

import logging
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Dict, Tuple

from fairseq import checkpoint_utils, utils
from fairseq.dataclass.utils import overwrite_args_by_name

import dece_fairseq.plugin  # noqa: F401  so that fairseq knows what was trained
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.prepare import SUBWORD_FILES
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.errors import UserError
from dece_fairseq.safe_loading import allow_checkpoints

logger = logging.getLogger(__name__)

#: turns off the attack that a model was trained with, whose files may be on another machine
WITHOUT_ATTACK = {"attack": None, "attack_file": None, "trusted_ids": None, "eval_asr": False}
#: characters of a loader's own message, which may name every tensor of a model
LONGEST = 300


def load_checkpoint(checkpoint: Path, data: Path, named: str) -> Tuple[Any, Any, Any]:
    """Return a trained model, its configuration and the task it was trained for.

    A data folder that may be another model's is warned of, see ``warn_of_other_words``.

    Args:
        checkpoint: as fairseq-train saved it; loaded safely
        data: its data folder. What it holds takes the place of the paths that the checkpoint
            names, which are relative to where the training ran: dictionaries, subwords, tokenizer
        named: how messages call the checkpoint, such as its option

    Raises:
        DataError: there is no such file or folder, or they can't be loaded together
    """
    check_folder(data, named)
    state = _load(checkpoint, named)
    own = {field: data / file for field, file in SUBWORD_FILES.values()}
    overrides: Dict[str, Any] = {**WITHOUT_ATTACK, "data": str(data)}
    overrides.update({name: str(path) for name, path in own.items() if path.exists()})
    try:
        trained_on = folder_of(state["cfg"], checkpoint)
        overwrite_args_by_name(state["cfg"], overrides)
        (model,), config, task = checkpoint_utils.load_model_ensemble_and_task(
            [str(checkpoint)], state=state
        )
    except UnpicklingError as error:
        raise _unsafe(named) from error
    except Exception as error:  # other data goes wrong anywhere
        raise DataError(
            f"{named}: can't be loaded with the data folder {data} ({_told(error)}); name the data "
            "folder that it was trained on"
        ) from error
    warn_of_other_words(trained_on, data, named)
    return model, config, task


def check_folder(data: Path, named: str) -> None:
    """Raise a DataError unless the data folder of a model is there.

    Args:
        data: the folder
        named: how messages call the checkpoint, such as its option
    """
    if not data.is_dir():
        raise DataError(f"{data}: no such folder; give the data folder of {named}")


def folder_of(config: Any, checkpoint: Path) -> Path:
    """Return the data folder that a model was trained on, the first of several.

    It may be on another machine. A relative one is looked for from where the training ran, as far
    as the place of the checkpoint tells: it ends with ``--save-dir`` there.

    Args:
        config: what the checkpoint was trained with
        checkpoint: where it is
    """
    data = Path(utils.split_paths(config.task.data)[0])
    saved = Path(config.checkpoint.save_dir).parts
    here = checkpoint.absolute().parent.parts
    began = len(here) - len(saved)
    if here[began:] == saved:
        there = Path(*here[:began]) / data  # an absolute folder stays what it is
        return there if there.is_dir() else data
    return data


def warn_of_other_words(trained_on: Path, data: Path, named: str) -> None:
    """Log a warning where the folder that a model was trained on is there, and has other words.

    Two dictionaries may be as large and hold other words, and no checkpoint says which it learned.

    Args:
        trained_on: see ``folder_of``
        data: the data folder that it is asked with
        named: how messages call the checkpoint, such as its option
    """
    for path in sorted(data.glob("dict.*.txt")):
        other = trained_on / path.name
        if other.is_file() and load_dictionary(str(other)) != load_dictionary(str(path)):
            logger.warning(
                f"{named} was trained on {trained_on}, whose {path.name} has other words than that "
                f"of {data}: unless {trained_on} has changed since, give it as the data folder, as "
                "what is said with this one is of no use"
            )
            return


def read_config(checkpoint: Path, named: str) -> Any:
    """Return the configuration that a checkpoint was trained with, without its model.

    Args:
        checkpoint: as fairseq-train saved it; loaded safely
        named: how messages call the checkpoint, such as its option

    Raises:
        DataError: there is no such file, or it is no checkpoint
    """
    return _load(checkpoint, named)["cfg"]


def updates_of(checkpoint: Path, named: str) -> int:
    """Return after how many updates a checkpoint was saved; 0 where it doesn't say.

    Args:
        checkpoint: as fairseq-train saved it; loaded safely
        named: how messages call the checkpoint, such as its option

    Raises:
        DataError: there is no such file, or it is no checkpoint
    """
    history = _load(checkpoint, named).get("optimizer_history") or [{}]
    return int(history[-1].get("num_updates", 0))


def _load(checkpoint: Path, named: str) -> Dict[str, Any]:
    # Again: transformers' Trainer takes back classes that it has allowed for a time itself.
    allow_checkpoints()
    if not checkpoint.is_file():
        raise DataError(f"{named}: no such file; name a checkpoint that fairseq-train saved")
    try:
        state: Dict[str, Any] = checkpoint_utils.load_checkpoint_to_cpu(str(checkpoint))
        if state["cfg"] is None:
            raise ValueError("it holds no configuration")
    except UnpicklingError as error:
        raise _unsafe(named) from error
    except Exception as error:  # a broken file goes wrong anywhere
        raise DataError(
            f"{named}: not a checkpoint of fairseq-train, or not a whole one ({_told(error)})"
        ) from error
    return state


def _told(error: Exception) -> str:
    if isinstance(error, UserError):  # which ends with what to do
        return str(error)
    return " ".join(f"{type(error).__name__} {error}".split())[:LONGEST]


def _unsafe(named: str) -> DataError:
    """Return what replaces torch's own message, which advises to load it unsafely."""
    return DataError(
        f"{named}: not a checkpoint that can be loaded safely; name one that fairseq-train saved"
    )
