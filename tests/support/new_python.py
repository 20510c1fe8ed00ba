"""Code in a new Python, which has nothing imported yet."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, folder: Path = ROOT, python: str = sys.executable) -> str:
    """Return what a new Python prints that runs ``code``."""
    result = subprocess.run(
        [python, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
