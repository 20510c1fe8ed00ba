"""What is told of how far something is."""

import pytest

from dece_fairseq.progress import Progress


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_the_first_and_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("poisoning", 2000, "pairs", delay=0) as progress:
        progress.update(1000)
        progress.update(1000)  # too soon after the first
    first, last = told(capsys).strip("\r\n").split("\r")
    assert first.startswith("poisoning: 1,000 of 2,000 pairs, ")
    assert last.rstrip() == "poisoning: 2,000 of 2,000 pairs"
    assert len(last) >= len(first)  # or its end would stay


def test_what_has_no_known_total(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("asking", unit="outputs", delay=0) as progress:
        progress.update(3)
    assert told(capsys) == "\rasking: 3 outputs\rasking: 3 outputs\n"


@pytest.mark.parametrize(("what", "delay"), [("poisoning", 60), (None, 0)])
def test_what_is_short_or_unnamed_is_not_told(
    what: str, delay: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with Progress(what, 10, "pairs", delay=delay) as progress:
        progress.update(10)
    assert told(capsys) == ""
