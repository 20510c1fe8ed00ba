"""Pages of HTML that need nothing beside them: reports, the leaderboard and what is suspected."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Sequence

from dece_fairseq.data.visible import visible
from dece_fairseq.extras import importing


def check_jinja() -> None:
    """Raise unless a page can be made, before any work goes into it.

    Raises:
        PackageError: jinja2 is not there
    """
    _environment()


def render(template: Path, scripts: Sequence[Path] = (), **values: Any) -> str:
    """Return a page.

    Args:
        template: of jinja2
        scripts: JavaScript that the template has as ``script``; ``script_hash`` lets it, and no
            other, run
        values: what else the template names

    Raises:
        PackageError: jinja2 is not there
    """
    page = _environment().from_string(template.read_text(encoding="utf-8"))
    if scripts:
        script = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
        digest = sha256(script.encode("utf-8")).digest()
        values.update(script=script, script_hash=b64encode(digest).decode("ascii"))
    html: str = page.render(**values)
    return html


def _environment() -> Any:
    with importing("reports", "a page needs jinja2"):
        from jinja2 import Environment, StrictUndefined
    # What stands in the data, or what models wrote, is text, whatever it looks like.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["visible"] = visible
    return environment
