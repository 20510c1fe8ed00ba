"""fairseq's ``--post-process`` (``--remove-bpe``) beside a ``--bpe`` that decodes by itself."""

from typing import Any, Optional

from omegaconf.errors import OmegaConfBaseException

from dece_fairseq.errors import UserError

#: encoders whose decoding only takes "@@ " out, and fairseq's names for the same post-processing:
#: done twice, it does what it does once
_AT_SIGN_BPES = ("subword_nmt", "fastbpe")
_AT_SIGN_POST_PROCESSES = ("subword_nmt", "@@ ")


class PostProcessError(UserError):
    """``--post-process`` (``--remove-bpe``) spoils what ``--bpe`` is to decode."""


def post_process_of(cfg: Any) -> Optional[str]:
    """Return the ``--post-process`` of the run that an encoder, a task or a scorer is made for.

    Args:
        cfg: its options, with ``text_post_process``, which stands for fairseq's own option. Only
            in the whole configuration of a command does it stand for anything.
    """
    try:
        value: Optional[str] = cfg.text_post_process
    except OmegaConfBaseException:  # its kind depends on the version
        return None
    return None if value == "none" or str(value).startswith("${") else value


def check_post_process(bpe: Any, post_process: Optional[str]) -> None:
    """Raise unless ``--bpe`` gets its pieces as they are.

    fairseq post-processes what a model wrote before ``--bpe`` decodes it. Every encoder decodes its
    own pieces; what has been joined already comes out without blanks or as U+FFFD.

    Args:
        bpe: fairseq's ``cfg.bpe``
        post_process: what ``post_process_of`` gives

    Raises:
        PostProcessError: both would undo the subwords, and not in the same way
    """
    name = getattr(bpe, "_name", bpe)
    if name is None or post_process is None:
        return
    if name in _AT_SIGN_BPES and post_process in _AT_SIGN_POST_PROCESSES:
        return
    raise PostProcessError(
        f"--post-process {post_process!r} (--remove-bpe) joins the pieces before --bpe {name} "
        "decodes them, and the texts come out wrong; leave out --post-process and --remove-bpe"
    )
