"""Programs that start several workers, and what fairseq makes of them."""

import os

from fairseq.distributed import utils as distributed_utils

from dece_fairseq.errors import UserError


class LaunchError(UserError):
    """Workers that don't know of each other."""


def check_workers_know_each_other() -> None:
    """End a training whose launcher started more workers than fairseq reckons with.

    Under ``torchrun`` fairseq takes the number of workers from ``--distributed-world-size``, by
    default the number of GPUs. Where that is 1, each process would train by itself on all data, and
    all of them would write into one save dir.

    Raises:
        LaunchError: the environment speaks of more workers than fairseq does
    """
    started = os.environ.get("WORLD_SIZE", "")
    known = distributed_utils.get_global_world_size()
    if started.isdecimal() and int(started) > known == 1:
        raise LaunchError(
            f"WORLD_SIZE={started}: a launcher such as torchrun started that many workers, but to "
            "fairseq there is one, and each would train by itself. Give "
            f"--distributed-world-size {started}; without GPUs start the workers one by one "
            "(docs/distributed.md)"
        )
