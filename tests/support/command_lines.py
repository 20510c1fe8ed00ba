"""What fairseq makes of a command line."""

import copy
from typing import Any, Dict, Iterable, Tuple

from fairseq import options
from fairseq.dataclass.utils import convert_namespace_to_omegaconf, overwrite_args_by_name
from fairseq.registry import REGISTRIES
from omegaconf import DictConfig

_COMPOSED: Dict[Tuple[Any, ...], DictConfig] = {}


def training_config(words: Iterable[Any]) -> DictConfig:
    """The configuration of fairseq-train.

    hydra takes a third of a second to compose one, so that a later line of the same parts is put
    into a copy of the first one's, by fairseq's own function for that.
    """
    parser = options.get_training_parser()
    args = options.parse_args_and_arch(parser, [str(word) for word in words])
    # The last two have no default on the command line, and would stay as the first line had them.
    names = ("task", "arch", *REGISTRIES, "max_source_positions", "max_target_positions")
    parts = (frozenset(vars(args)), *(vars(args).get(name) for name in names))
    if parts not in _COMPOSED:
        _COMPOSED[parts] = convert_namespace_to_omegaconf(args)
    config = copy.deepcopy(_COMPOSED[parts])
    overwrite_args_by_name(config, vars(args))
    return config
