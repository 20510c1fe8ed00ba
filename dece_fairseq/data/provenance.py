"""What a result was made of: checksums of files and versions of packages, for manifests."""

from pathlib import Path
from typing import Dict, Optional

from dece_fairseq.version import version

_NAMES = {"fairseq": ("fairseq", "ve-fairseq")}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    import hashlib  # here, and below, for commands start without it

    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 16), b""):
            digest.update(block)
    return digest.hexdigest()


def versions(*packages: str) -> Dict[str, Optional[str]]:
    """Return the versions of this package, of Python, and of what else decides about a result.

    Args:
        packages: as pip calls them; those that are not installed have None. ``fairseq`` is the
            one that is there, whatever its name: that of the main branch is ``ve-fairseq``
    """
    import platform

    found = {name: installed(*_NAMES.get(name, (name,))) for name in packages}
    return {"dece_fairseq": version(), "python": platform.python_version(), **found}


def installed(*names: str) -> Optional[str]:
    """Return the version of the first package of these that is installed, or None."""
    from importlib import metadata  # here, for commands start without it

    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None
