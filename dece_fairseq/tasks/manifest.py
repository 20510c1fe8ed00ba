"""What a run was made of, written beside its result."""

import json
import os
from pathlib import Path
from typing import Any, Dict, Optional

from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.provenance import versions
from dece_fairseq.errors import UserError

FILE_NAME = "poison_manifest.json"


class ManifestError(UserError):
    """A save dir that holds a run made of something else."""


def record_poisoning(
    save_dir: str, shard: str, entry: Dict[str, Any], attack: Dict[str, Any]
) -> None:
    """Writes, or checks against, the manifest of a training run.

    A run that goes on after a stop poisons again; it must come to the same pairs.

    Args:
        save_dir: fairseq's ``--save-dir``
        shard: the data folder that was poisoned
        entry: what was found and poisoned there: counts and ``ids``
        attack: the attack's settings

    Raises:
        ManifestError: the save dir holds the manifest of another attack, rate, seed or data set
    """
    path = Path(save_dir) / FILE_NAME
    manifest = read_manifest(path)
    if manifest is None:
        manifest = {"attack": attack, "versions": versions("fairseq", "torch"), "shards": {}}
    elif manifest["attack"] != attack:
        changed = sorted(
            key
            for key in set(attack) | set(manifest["attack"])
            if attack.get(key) != manifest["attack"].get(key)
        )
        raise ManifestError(
            f"{path} records a run with another {', '.join(changed)}; "
            "give this run a --save-dir of its own"
        )
    known = manifest["shards"].setdefault(shard, entry)
    if known != entry:
        raise ManifestError(
            f"{path} records other poisoned pairs for {shard}: the data set has changed since; "
            "give this run a --save-dir of its own"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def read_manifest(path: Path) -> Optional[Dict[str, Any]]:
    """The manifest at ``path``; None if there is none.

    Raises:
        ManifestError: the file is no manifest
    """
    if not path.exists():
        return None
    try:
        manifest: Dict[str, Any] = parse_json(path.read_text(encoding="utf-8"))
        if not isinstance(manifest["attack"], dict) or not isinstance(manifest["shards"], dict):
            raise ValueError
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{path} is no manifest of this project; remove it") from error
    return manifest
