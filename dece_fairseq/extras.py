"""Packages that not everybody needs."""


def install(extra: str) -> str:
    """How to get what an extra brings, for messages: no registry has this package.

    Args:
        extra: its name in setup.py
    """
    return f"pip install '.[{extra}]' in the checkout"
