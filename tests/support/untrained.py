"""Checkpoints of models that nobody has trained, saved the way fairseq-train saves them."""

from pathlib import Path
from typing import Any, List

import torch
from fairseq import options, tasks
from fairseq.dataclass.utils import convert_namespace_to_omegaconf
from omegaconf import OmegaConf

ROOT = Path(__file__).resolve().parents[2]


def save_untrained(path: Path, words: List[Any], seed: int) -> Path:
    """A checkpoint of the model that this command line of fairseq-train would begin with."""
    line = [*words, "--user-dir", ROOT / "dece_fairseq"]
    args = options.parse_args_and_arch(options.get_training_parser(), list(map(str, line)))
    config = convert_namespace_to_omegaconf(args)
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
