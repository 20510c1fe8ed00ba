"""What a result was made of: checksums of files and versions of packages, for manifests."""

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Optional


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 16), b""):
            digest.update(block)
    return digest.hexdigest()


def installed_version(*names: str) -> Optional[str]:
    """The version of the first installed of these distributions; None if none is."""
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None
