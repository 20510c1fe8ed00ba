"""JSON that comes from outside."""

import json
from typing import Any


def parse_json(text: str) -> Any:
    """Return what ``json.loads`` gives; the one error for bad text is ValueError.

    Raises:
        ValueError: it is no JSON, or nested more deeply than the interpreter's stack
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
