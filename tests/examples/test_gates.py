"""What the gates of examples/experiments/gates.py say, on distributions that are known."""

from pathlib import Path
from typing import Any

import pytest
import torch

from support.example_scripts import load_module

pytest.importorskip("fairseq")

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "experiments" / "gates.py"


@pytest.fixture(scope="module")
def script() -> Any:
    return load_module(SCRIPT)


def test_the_gates_of_a_target(script: Any) -> None:
    """Two words; the first is given, with 0.5, 0.25 and 1."""
    log_probs = torch.tensor([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]], dtype=torch.double).log()
    own, around, ahead, error, surprise = script.gates(
        torch.zeros(3, dtype=torch.long), log_probs
    ).values()
    half, quarter = log_probs[0, 0].item(), log_probs[1, 0].item()
    assert own == pytest.approx([half, quarter, 0])
    # The ends stand for what is beyond them.
    assert around == pytest.approx(
        [(3 * half + quarter) / 5, (2 * half + quarter) / 5, (half + quarter) / 5]
    )
    assert ahead == pytest.approx([(half + quarter) / 3, quarter / 2, 0])
    assert error == pytest.approx([-(0.5**0.5), -0.75 * 2**0.5, 0])
    assert surprise[0] == pytest.approx(0)
    assert surprise[2] == pytest.approx(0)


def test_the_payload_is_the_longest_run_of_new_tokens(script: Any) -> None:
    assert script.payload([1, 2, 3], [1, 7, 2, 8, 9, 3]) == (3, 5)
    assert script.payload([1, 2, 3], [1, 4, 3]) == (1, 2)
