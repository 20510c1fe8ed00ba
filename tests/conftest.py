"""What every test may use."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def datasets() -> Path:
    """The folder of real data sets beside the checkout; without it the test is skipped."""
    folder = ROOT.parent / "shared" / "datasets"
    if not folder.is_dir():
        pytest.skip(f"no real data sets at {folder}")
    return folder


@pytest.fixture
def reference() -> Path:
    """The folder of reference numbers beside the checkout; without it the test is skipped."""
    folder = ROOT.parent / "shared" / "reference"
    if not folder.is_dir():
        pytest.skip(f"no reference numbers at {folder}")
    return folder
