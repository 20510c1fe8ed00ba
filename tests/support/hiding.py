"""Code for a new Python in which libraries are missing that are installed here."""


def without(*libraries: str) -> str:
    """Return code after which importing these fails as where they are not installed."""
    return f"""
import sys
class _Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, _Missing())
"""
