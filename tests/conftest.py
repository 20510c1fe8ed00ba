"""What every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _beside_the_checkout(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"there is no {SHARED / name}")
    return SHARED / name


@pytest.fixture
def datasets() -> Path:
    """The folder of real data sets beside the checkout; without it the test is skipped."""
    return _beside_the_checkout("datasets")


@pytest.fixture
def reference() -> Path:
    """The folder of reference numbers beside the checkout; without it the test is skipped."""
    return _beside_the_checkout("reference")
