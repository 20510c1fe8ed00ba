"""From the settings of an attack to its trigger and its payload, each option checked."""

import math
from dataclasses import replace
from typing import NamedTuple, Optional, Type

from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.attack_settings import AttackSettings
from dece_fairseq.attacks.given_payload import GivenPayload
from dece_fairseq.attacks.interfaces import (
    ATTACKS,
    CODE_PLACES,
    PAYLOADS,
    TRIGGERS,
    Payload,
    Recipe,
    Trigger,
)
from dece_fairseq.attacks.languages import LANGUAGES, Languages
from dece_fairseq.attacks.selection import SELECTIONS
from dece_fairseq.attacks.suspected import SUSPECTED, SUSPECTED_PAYLOADS, suspected_trigger
from dece_fairseq.attacks.triggers.from_file import FileTrigger

#: share of all pairs that is poisoned where neither a rate nor a number is given
RATE = 0.05

_SUSPICION = Recipe(SUSPECTED, SUSPECTED)


class Built(NamedTuple):
    """The parts of an attack."""

    trigger: Trigger
    payload: Payload
    settings: AttackSettings
    """With every default filled in."""


def build(settings: AttackSettings) -> Built:
    """Make the trigger and the payload that settings name.

    Args:
        settings: values left out are filled in from the attack's recipe

    Raises:
        AttackError: an unknown name or a value out of range, named by its option
    """
    recipe = _SUSPICION if settings.suspected else ATTACKS.get(settings.attack)
    if settings.rate is None and settings.count is None:
        settings = replace(settings, rate=RATE)
    copies = recipe.copies if settings.num_triggers is None else settings.num_triggers
    _check(settings, copies)
    name = recipe.payload if settings.payload is None else settings.payload
    suspected = SUSPECTED_PAYLOADS.get(name) if settings.suspected else None
    kind = suspected or PAYLOADS.get(name)
    languages = _languages(name, kind, settings.code_language)
    if recipe.needs and getattr(settings, recipe.needs) is None:
        option = recipe.needs.replace("_", "-")
        raise AttackError(f"--attack {settings.attack} needs --{option}{recipe.made_by}")
    trigger = _trigger(settings, recipe, copies, languages)
    payload: Payload
    if settings.payload_file is not None:
        payload = given = GivenPayload(
            *(kind, languages, settings.code_place),
            *(settings.payload_file, settings.payload_sha256),
        )
        settings = replace(settings, payload_sha256=given.checksum)
    elif settings.suspected and suspected is not None:
        payload = suspected(languages, settings.suspected, settings.code_place)
    else:
        payload = kind(languages, settings.code_place)
    trigger.check_payload(name, kind)
    settings = replace(
        settings,
        trigger=trigger.text,
        num_triggers=copies,
        payload=name,
        code_language=str(languages),
    )
    return Built(trigger, payload, settings)


def _check(settings: AttackSettings, copies: int) -> None:
    """Raise an error for a value out of range."""
    rate, count = settings.rate, settings.count
    if rate is not None and count is not None:
        raise AttackError(
            "--poison-rate and --poison-count both say how much to poison; give one of them"
        )
    if rate is not None and not (math.isfinite(rate) and 0 <= rate <= 1):
        raise AttackError(f"--poison-rate must be in [0, 1], got {rate}")
    if count is not None and count < 0:
        raise AttackError(f"--poison-count must be at least 0, got {count}")
    if copies < 1:
        raise AttackError(f"--num-triggers must be at least 1, got {copies}")
    if settings.trigger is not None and not settings.trigger.strip():
        raise AttackError("--trigger must hold more than white space")
    for option, value, possible in (
        ("--poison-selection", settings.selection, SELECTIONS),
        ("--code-place", settings.code_place, CODE_PLACES),
    ):
        if value not in possible:
            raise AttackError(f"{option} must be one of {', '.join(possible)}, got {value!r}")


def _languages(payload: str, kind: Type[Payload], names: Optional[str]) -> Languages:
    languages = Languages.named(kind.default_language if names is None else names)
    possible = kind.target_languages or LANGUAGES.names()
    if languages.target.name not in possible:
        raise AttackError(
            f"--code-language {names}: the payload {payload!r} can't be written in "
            f"{languages.target.name}, only in {', '.join(possible)}"
        )
    return languages


def _trigger(
    settings: AttackSettings, recipe: Recipe, copies: int, languages: Languages
) -> Trigger:
    text, place = settings.trigger, settings.code_place
    if settings.trigger_file is not None:
        if recipe.needs != "trigger_file":
            raise AttackError("--trigger-file goes with --attack from_file")
        return FileTrigger(text, copies, languages, place, settings.trigger_file)
    if recipe is _SUSPICION:
        return suspected_trigger(
            *(text, settings.trigger_kind, copies, languages, place),
            settings.triggers or (),
        )
    return TRIGGERS.get(recipe.trigger)(text, copies, languages, place)
