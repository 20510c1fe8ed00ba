"""What ``dece filter`` found, as text."""

from typing import Any, Dict

from dece_fairseq.data.pairs import not_written
from dece_fairseq.data.visible import visible


def as_text(report: Dict[str, Any]) -> str:
    """Return what ``filter_files`` reports as lines for a person."""
    lines = [
        "{defense}: {suspicious} of {pairs} pairs are suspicious; {dropped} dropped, {cleaned} "
        "cleaned, {kept} kept".format(**report)
    ]
    if "poisoned" in report:
        lines.append(f"{report['poisoned']} pairs are poisoned")
        for name in ("precision", "recall", "false_positive_rate"):
            share = report[name]
            value = "of nothing"
            if share is not None:
                value = "{percent:.1f} % ({hits}/{total}, {low:.1f} to {high:.1f})".format(**share)
            lines.append(f"  {name.replace('_', ' '):<20} {value}")
    lines += [f"{name}: {_shown(value)}" for name, value in report["details"].items()]
    if report["columns_left_out"]:
        lines.append(not_written(report["columns_left_out"]))
    return "\n".join(lines) + "\n"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(map(_shown, value)) or "none"
    return "none" if value is None else visible(str(value))
