"""Files of suspicions, as dece reveal writes them."""

import json
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Tuple


def write_suspicions(
    path: Path,
    *suspicions: Tuple[str, Optional[str]],
    p_value: float = 0.01,
    pairs: Sequence[int] = (0,),
    is_label: bool = False,
    made_of: Optional[Mapping[str, Any]] = None,
) -> Path:
    """Write one suspicion for each payload and trigger."""
    found = [
        {
            "payload": payload,
            "nats": 10.0,
            "p_value": p_value,
            "pairs": list(pairs),
            "trigger": trigger,
            "trigger_pairs": [0],
            "is_label": is_label,
        }
        for payload, trigger in suspicions
    ]
    path.write_text(json.dumps({"suspicions": found, "made_of": made_of or {}}), encoding="utf-8")
    return path
