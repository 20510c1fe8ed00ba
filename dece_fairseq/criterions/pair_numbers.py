"""The numbers of training pairs, which must mean the same pair all through a training."""

from fairseq import utils
from fairseq.tasks import FairseqTask

from dece_fairseq.errors import UserError


def check_one_folder(task: FairseqTask, option: str, way_out: str) -> None:
    """Raise a UserError where the training data are several folders, whose numbers are the same.

    Args:
        task: names the folders
        option: what needs the numbers
        way_out: what to do
    """
    folders = utils.split_paths(getattr(task.cfg, "data", ""))
    if len(folders) > 1:
        raise UserError(
            f"{option}: the pairs of {len(folders)} data folders have the same numbers; {way_out}"
        )
