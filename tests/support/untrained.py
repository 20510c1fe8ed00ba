"""Checkpoints of models that nobody has trained, saved the way fairseq-train saves them."""

from pathlib import Path
from typing import Any, List

import torch
from fairseq import tasks
from omegaconf import OmegaConf

from support.command_lines import training_config

ROOT = Path(__file__).resolve().parents[2]


def save_untrained(path: Path, words: List[Any], seed: int) -> Path:
    """A checkpoint of the model that this command line of fairseq-train would begin with."""
    line = [*words, "--user-dir", ROOT / "dece_fairseq"]
    config = training_config(line)
    torch.manual_seed(seed)
    task = tasks.setup_task(config.task)
    model = task.build_model(config.model)
    saved = {
        "cfg": OmegaConf.to_container(config, resolve=True, enum_to_str=True),
        "model": model.state_dict(),
        "task_state": {},
        "optimizer_history": [{"best_loss": None, "criterion_name": ""}],
        "extra_state": {},
    }
    torch.save(saved, path)
    return path
