"""Files of JSON that reports are made of."""

from pathlib import Path
from typing import Any, Dict

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.json_text import parse_json


def read_object(path: Path, advice: str) -> Dict[str, Any]:
    """Return the object in a file of JSON, which may begin with a byte-order mark.

    Args:
        path: the file
        advice: what to do about a broken one, for the message

    Raises:
        DataError: it can't be read, or holds no object
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read: {error}; {advice}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds a JSON {type(content).__name__}, not an object; {advice}")
    return content
