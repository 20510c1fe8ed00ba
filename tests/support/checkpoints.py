"""Checkpoints as tests look into them."""

from pathlib import Path
from typing import Any, Dict

import torch


def load_checkpoint(path: Path) -> Dict[str, Any]:
    """What is in a checkpoint, by torch's safe loading where this torch has it."""
    has_safe_loading = hasattr(torch.serialization, "add_safe_globals")
    state: Dict[str, Any] = torch.load(path, **({"weights_only": True} if has_safe_loading else {}))
    return state
