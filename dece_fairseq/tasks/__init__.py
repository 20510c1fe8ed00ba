"""The tasks."""

from dece_fairseq.tasks import backdoor_poisoned_translation  # noqa: F401  registers it
