"""The registries of what attacks are made of, and the error that all of them raise."""

from typing import TypeVar

from dece_fairseq import registry
from dece_fairseq.errors import UserError

T = TypeVar("T")


class AttackError(UserError):
    """An attack that can't be carried out as asked; the message says what to change."""


class AttackRegistry(registry.Registry[T]):
    """Names triggers, payloads, attacks or languages."""

    error = AttackError
