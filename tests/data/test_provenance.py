"""Checksums and versions for manifests."""

import hashlib
import platform

import torch

from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.version import __version__


def test_versions_of_what_is_installed_under_either_name_and_of_what_is_not():
    found = versions("fairseq", "torch", "no-such-package")
    assert found.pop("fairseq").startswith("0.12.")
    assert torch.__version__.startswith(found.pop("torch"))  # which may add +cu102 and the like
    assert found == {
        "dece_fairseq": __version__,
        "python": platform.python_version(),
        "no-such-package": None,
    }


def test_the_checksum_is_sha256(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
