"""What a run was made of, written beside its result."""

from pathlib import Path
from typing import Any, Dict, Optional

from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json, parse_json
from dece_fairseq.data.provenance import versions
from dece_fairseq.errors import UserError

FILE_NAME = "poison_manifest.json"


class ManifestError(UserError):
    """A save dir that holds a run made of something else."""


def check_save_dir(save_dir: str, attack: Optional[Dict[str, Any]], begins_anew: bool) -> None:
    """Check that a training run goes on as it began, before anything is written.

    Args:
        save_dir: fairseq's ``--save-dir``
        attack: the attack's settings; None without one
        begins_anew: whether a checkpoint there would only give the weights to start from
            (``--reset-dataloader``)

    Raises:
        ManifestError: the run there was attacked in another way, or one of the two was not
    """
    path = Path(save_dir) / FILE_NAME
    manifest = read_manifest(path)
    if manifest is not None:
        _check_attack(path, manifest["attack"], attack)
    elif attack is not None and not begins_anew:
        checkpoint = next(iter(sorted(Path(save_dir).glob("checkpoint_last*.pt"))), None)
        if checkpoint is not None:
            raise ManifestError(
                f"{checkpoint} is of a run without --attack, which can't go on with one: give this "
                "run a --save-dir of its own; --finetune-from-model starts it from these weights"
            )


def _check_attack(path: Path, recorded: Dict[str, Any], attack: Optional[Dict[str, Any]]) -> None:
    if attack is None:
        raise ManifestError(
            f"{path} records a run with --attack {recorded.get('attack')}, which can't go on "
            "without one: give the same options, or this run a --save-dir of its own"
        )
    changed = sorted(key for key in {**recorded, **attack} if attack.get(key) != recorded.get(key))
    if changed:
        raise ManifestError(
            f"{path} records a run with another {', '.join(changed)}; "
            "give this run a --save-dir of its own"
        )


def record_poisoning(
    save_dir: str, shard: str, entry: Dict[str, Any], attack: Dict[str, Any]
) -> None:
    """Write, or check against, the manifest of a training run.

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
    _check_attack(path, manifest["attack"], attack)
    known = manifest["shards"].setdefault(shard, entry)
    if any(known.get(key) != entry[key] for key in ("pairs", "ids")):
        raise ManifestError(
            f"{path} records other poisoned pairs for {shard}: the data set, or how long a pair "
            "may be (--max-source-positions, --max-target-positions, --max-tokens), has changed "
            "since; give this run a --save-dir of its own"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as (temporary,):
        temporary.write_text(as_json(manifest), encoding="utf-8")


def read_manifest(path: Path) -> Optional[Dict[str, Any]]:
    """Return the manifest at ``path``; None if there is none.

    Raises:
        ManifestError: the file is no manifest
    """
    if not path.exists():
        return None
    try:
        manifest: Dict[str, Any] = parse_json(path.read_text(encoding="utf-8"))
        parts = (manifest["attack"], manifest["shards"], *manifest["shards"].values())
        if not all(isinstance(part, dict) for part in parts):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} is not a manifest of this project; remove it") from error
    return manifest
