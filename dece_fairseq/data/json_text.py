"""JSON that comes from outside, and how this project writes its own."""

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


def as_json(value: Any) -> str:
    """Return a value as every JSON file of this project has it: a line each, indented by one."""
    return json.dumps(value, indent=1) + "\n"
