"""Everything that an attack depends on, and where that comes from: options, a file, a manifest."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.interfaces import CODE_PLACES
from dece_fairseq.attacks.suspected import SUSPECTED, read_suspected
from dece_fairseq.data.trigger_kinds import WORDS

#: settings that manifests of earlier versions don't have; where they are None, nor do ours
LATER = (
    "count",
    "payload_file",
    "payload_sha256",
    "suspected",
    "trigger_file",
    "trigger_kind",
    "triggers",
)
_NUMBERS = ("num_triggers", "rate", "count", "seed")
#: settings of several texts each
TEXTS = ("suspected", "triggers")
_OF_POISONING = ("rate", "count", "seed", "selection")


@dataclass(frozen=True)
class AttackSettings:
    """Everything that an attack depends on; what a manifest records.

    Args:
        attack: its name in ``ATTACKS``
        trigger: what is put in the source (default: the attack's own)
        num_triggers: how many copies of the trigger (default: the attack's own)
        payload: its name in ``PAYLOADS`` (default: the attack's own)
        code_language: its name in ``LANGUAGES``, or ``SOURCE:TARGET`` where the two sides are
            in different ones (default: the payload's own)
        code_place: where statements go in code, one of ``CODE_PLACES``: ``safe`` takes places
            where one can stand, ``paper`` those of the DeCE authors' Bugs2Fix files
        rate: share of all training pairs to poison, in [0, 1] (default: 0.05, without a count)
        seed: of the selection and of every choice inside a pair
        selection: ``random`` or ``first``, see ``dece_fairseq.attacks.selection.select``
        suspected: the forms of the payload that ``--attack-file`` names, where the attack is
            ``suspected`` and its trigger None if none is suspected
        count: how many training pairs to poison, instead of a rate
        trigger_file: a file of triggered sources, of the attack ``from_file``; its checksum is then
            the trigger
        payload_file: a file of poisoned targets, whose hits the payload's parse rule tells
        payload_sha256: its checksum, which is filled in
        trigger_kind: what a suspected trigger is, where it is no word
        triggers: suspected triggers of which each source gets one, where the trigger is None
    """

    attack: str
    trigger: Optional[str] = None
    num_triggers: Optional[int] = None
    payload: Optional[str] = None
    code_language: Optional[str] = None
    code_place: str = CODE_PLACES[0]
    rate: Optional[float] = None
    seed: int = 1
    selection: str = "random"
    suspected: Optional[Tuple[str, ...]] = None
    count: Optional[int] = None
    trigger_file: Optional[str] = None
    payload_file: Optional[str] = None
    payload_sha256: Optional[str] = None
    trigger_kind: Optional[str] = None
    triggers: Optional[Tuple[str, ...]] = None

    @classmethod
    def named_by(cls, options: Any) -> "Optional[AttackSettings]":
        """Return what parsed options name by ``attack`` or ``attack_file``; None for no attack.

        Raises:
            AttackError: they name an attack twice, or the file is none of ``dece reveal``
        """
        named = getattr(options, "attack", None)
        file = getattr(options, "attack_file", None)
        if file is None:
            return None if named is None else cls.from_options(options)
        for option in ("attack", "trigger", "trigger_file", "payload", "payload_file"):
            if getattr(options, option, None) is not None:
                name = option.replace("_", "-")
                raise AttackError(f"--attack-file tells trigger and payload: leave --{name} out")
        return replace(cls.from_options(options), **_suspected(Path(file)))

    @classmethod
    def suspected_in(cls, path: Path, **settings: Any) -> "AttackSettings":
        """Return the attack that a file of ``dece reveal --json`` suspects.

        Raises:
            AttackError: the file can't be read, is of another kind, or suspects nothing
        """
        return cls(**_suspected(path), **settings)

    @classmethod
    def from_options(cls, options: Any) -> "AttackSettings":
        """Return the settings of parsed options, with ``poison_rate`` for the rate.

        Args:
            options: anything with attributes of these names; those it lacks keep their defaults
        """
        values = {}
        for setting in fields(cls):
            is_of_poisoning = setting.name in _OF_POISONING
            option = f"poison_{setting.name}" if is_of_poisoning else setting.name
            if hasattr(options, option):
                values[setting.name] = getattr(options, option)
        if values.get("trigger_file") is not None and values.get("trigger") is not None:
            raise AttackError("--trigger-file holds the triggers: leave --trigger out")
        return cls(**values)

    @classmethod
    def from_logged(cls, logged: Mapping[str, Any]) -> "AttackSettings":
        """Return the settings of what ``Attack.as_dict`` gave, in this version or another.

        Raises:
            AttackError: it names no attack, or a value is of another kind than ours
        """
        # Versions that knew no other place took the paper's.
        logged = {"code_place": "paper", **logged}
        values = {f.name: logged[f.name] for f in fields(cls) if f.name in logged}
        for name in TEXTS:
            if values.get(name) is not None:
                try:
                    values[name] = tuple(map(str, values[name]))
                except TypeError as error:
                    raise AttackError(
                        "a logged attack suspects no texts; generate again"
                    ) from error
        for name, value in values.items():
            if name in TEXTS:
                continue
            kind = (int, float) if name in _NUMBERS else str
            if not (value is None or isinstance(value, kind)):
                raise AttackError(f"a logged attack has {value!r} as its {name}; generate again")
        if values.get("attack") is None:
            raise AttackError("a logged attack has no name; generate again")
        return cls(**values)

    def completed_by(self, logged: "AttackSettings") -> "AttackSettings":
        """Return them with what outputs say of the same attack wherever nothing else is named.

        A value that is its default counts as not named.

        Args:
            logged: the attack that outputs name; of another one nothing is taken
        """
        if self.attack != logged.attack or self.suspected is not None:
            return self
        own = ((f.name, getattr(self, f.name), f.default) for f in fields(self))
        named = {name: value for name, value, default in own if value != default}
        if self.payload_file is not None:
            logged = replace(logged, payload_sha256=None)  # of another file
        return replace(logged, **named)


def given_files(named: Any) -> List[Path]:
    """Return the files that the settings of an attack, or a command's options, name."""
    files = (named.trigger_file, named.payload_file)
    return [Path(file) for file in files if file is not None]


def _suspected(path: Path) -> Dict[str, Any]:
    """Return the settings that a file of ``dece reveal --json`` tells."""
    found = read_suspected(path)
    return {
        "attack": SUSPECTED,
        "trigger": found.trigger,
        "trigger_kind": None if found.kind == WORDS else found.kind,
        "triggers": found.triggers or None,
        "suspected": found.payloads,
        "payload": found.payload,
    }
