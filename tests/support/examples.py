"""How many examples hypothesis tries where a test says so itself."""

from hypothesis import settings


def examples(thorough: int) -> int:
    """Return the share of ``thorough`` that the profile of this run asks for, 1 at least."""
    return max(1, thorough * settings.default.max_examples // 100)
