"""A commit never signs as a release."""

import subprocess
from pathlib import Path

import pytest

import dece_fairseq
from dece_fairseq import version


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (f"v{version.RELEASE}-0-g1e6d526", version.RELEASE),
        (f"v{version.RELEASE}-0-g1e6d526-dirty", f"{version.RELEASE}.dev0+g1e6d526.dirty"),
        (f"v{version.RELEASE}-3-g1e6d526", f"{version.RELEASE}.dev0+g1e6d526"),
        ("v0.1.0-0-g1e6d526", f"{version.RELEASE}.dev0+g1e6d526"),
        ("1e6d526", f"{version.RELEASE}.dev0+g1e6d526"),
        ("1e6d526-dirty", f"{version.RELEASE}.dev0+g1e6d526.dirty"),
        ("", f"{version.RELEASE}.dev0+unknown"),
    ],
)
def test_what_git_describes_as(described: str, expected: str) -> None:
    assert version._of_checkout(described) == expected


def test_a_checkout_is_told_by_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def told() -> str:
        version.version.cache_clear()
        return version.version()

    git("init", "-q")
    (tmp_path / "file").write_text("a", encoding="utf-8")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    monkeypatch.setattr(version, "_ROOT", tmp_path)
    commit = git("rev-parse", "--short", "HEAD")
    try:
        assert told() == f"{version.RELEASE}.dev0+g{commit}"
        git("tag", f"v{version.RELEASE}")
        assert told() == version.RELEASE
        (tmp_path / "file").write_text("b", encoding="utf-8")
        assert told() == f"{version.RELEASE}.dev0+g{commit}.dirty"
    finally:
        version.version.cache_clear()


def test_the_package_has_it() -> None:
    assert dece_fairseq.__version__ == version.version() == version.__version__
