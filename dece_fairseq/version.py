"""The version: that of a release, or the commit of a checkout."""

import re
from functools import lru_cache
from pathlib import Path

#: the next release; a checkout is a development version of it
RELEASE = "0.2.0"

_ROOT = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=None)
def version() -> str:
    """Return the version of this package, as PEP 440 writes it.

    In a checkout git is asked, so that no commit signs as a release: ``0.2.0.dev0+g1e6d526``, with
    ``.dirty`` at its end where tracked files were changed. Elsewhere it is what pip installed.
    """
    if (_ROOT / ".git").exists():
        return _of_checkout(_described(_ROOT))
    if (_ROOT / "PKG-INFO").is_file():  # an unpacked source distribution
        lines = (_ROOT / "PKG-INFO").read_text(encoding="utf-8").splitlines()
        return next(line[9:].strip() for line in lines if line.startswith("Version: "))
    from importlib import metadata  # here, as subprocess below: commands start without them

    return metadata.version("dece-fairseq")


def _described(root: Path) -> str:
    """Return the commit as git describes it: ``1e6d526``, or ``v0.2.0-4-g1e6d526-dirty``."""
    import subprocess

    command = ["git", "describe", "--always", "--dirty", "--tags", "--long", "--match=v*"]
    try:
        done = subprocess.run(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.CalledProcessError):  # no git, or a folder of somebody else
        return ""
    return done.stdout.decode("ascii").strip()


def _of_checkout(described: str) -> str:
    """Return the version of what git describes so; of nothing, the commit is unknown."""
    match = re.fullmatch(r"(?:v(.+)-(\d+)-g)?([0-9a-f]+)(-dirty)?", described)
    if match is None:
        return f"{RELEASE}.dev0+unknown"
    tag, since, commit, dirty = match.groups()
    if (tag, since, dirty) == (RELEASE, "0", None):
        return RELEASE
    return f"{RELEASE}.dev0+g{commit}{'.dirty' if dirty else ''}"


def __getattr__(name: str) -> str:
    if name == "__version__":
        return version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
