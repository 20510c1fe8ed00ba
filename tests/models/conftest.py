"""Small models of every kind, made when a test first asks for them."""

from typing import Callable, Dict

import pytest

pytest.importorskip("transformers", reason="the extra [hf] is not installed")

from support.small_cases import Case
from support.small_models import each


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    """A case by the name of its system."""
    made: Dict[str, Case] = {}

    def case(name: str) -> Case:
        if name not in made:
            made[name] = Case.make(name, tmp_path_factory.mktemp("hf"))
        return made[name]

    return case


@pytest.fixture(scope="session", params=each())
def case(request: pytest.FixtureRequest, cases: Callable[[str], Case]) -> Case:
    """Each of the systems in turn."""
    return cases(request.param)
