"""Adds somebody's results to a board, once they are seen to be of a suite's files."""

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.provenance import sha256
from dece_fairseq.metrics.score import Score
from dece_fairseq.metrics.success_rate import rate
from dece_fairseq.reports.board import ABOUT, ADVICE, BOARD, SCORES, read_about, read_board
from dece_fairseq.reports.board_entries import named_in, payload_of, trusted_in_words
from dece_fairseq.reports.cells import Cell
from dece_fairseq.reports.json_files import read_object
from dece_fairseq.reports.stored import read_scores
from dece_fairseq.suites.suite import SUITE, Suite, read_suite

#: the folder of a board with published suites
SUITES = "suites"
#: what an error tells of all that is wrong, at most
TOLD = 5
#: what an axis of a cell may be called
NAME = re.compile(r"[\w.+%-]+", re.ASCII)
#: percentages this close are the same
ROUNDING = 1e-6


def add_results(board: Path, folder: Path, suite_path: Path) -> Path:
    """Copy a folder of results into a board, and name it there.

    Args:
        board: the folder of the board
        folder: has ``report.csv`` and ``about.json``, whose ``files`` names the files of the suite
            that were used, each with its SHA-256
        suite_path: the suite, or its ``suite.json``

    Returns:
        the folder in the board

    Raises:
        DataError: the results are not of the suite, or can't be read; or the board has others of
            this name
    """
    read_board(board)
    suite = read_suite(suite_path)
    if not suite.is_complete:
        raise DataError(f"{suite_path}: not finished; run the dece suite that began it again")
    about = read_about(folder)
    cells = read_scores(folder / SCORES)
    problems = _of_other_data(cells, suite, board / SUITES)
    problems += wrong(cells, about.get("files"), suite)
    if problems:
        more = f" and {len(problems) - TOLD} more" if len(problems) > TOLD else ""
        raise DataError(f"{folder}: {'; '.join(problems[:TOLD])}{more}")
    name = folder.resolve().name
    home = board / "added" / name
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise DataError(f"{folder}: give the folder a name of letters, digits, _ and -")
    if home.exists():
        raise DataError(f"{folder}: the board has results of this name; give it another")
    content = read_object(board / BOARD, ADVICE)
    content["results"].append(f"added/{name}")
    identity = sha256(suite_path / SUITE if suite_path.is_dir() else suite_path)
    kept = {key: about[key] for key in ("by", "command", "budget", "files")}
    texts = {
        home / SCORES: (folder / SCORES).read_text(encoding="utf-8-sig"),
        home / ABOUT: as_json({**kept, "suite": identity}),
        board / BOARD: as_json(content),  # vouches for the others
    }
    home.mkdir(parents=True)
    with replacing(*texts) as temporaries:
        for temporary, text in zip(temporaries, texts.values()):
            temporary.write_text(text, encoding="utf-8")
    return home


def _of_other_data(cells: List[Cell], suite: Suite, published: Path) -> List[str]:
    """Return what is wrong with results that go by the name of data with a published suite.

    Args:
        cells: the results
        suite: theirs
        published: the folder of suites by the names of their data; rows of one name share pairs
    """
    own = suite.made_of["data"]["files"]
    found = []
    for name in dict.fromkeys(cell.axes["dataset"] for cell in cells):
        path = published / f"{name}.json"
        is_published = NAME.fullmatch(name) is not None and path.is_file()
        if is_published and read_suite(path).made_of["data"]["files"] != own:
            found.append(
                f"{name}: {SUITES}/{path.name}, the published suite, is of other clean files; call "
                "the data by another name"
            )
    return found


def wrong(cells: List[Cell], files: Any, suite: Suite) -> List[str]:
    """Return everything by which results are not of a suite.

    Args:
        cells: the results
        files: the checksums of the files that were used, by their paths in the suite
        suite: the suite
    """
    if not isinstance(files, dict) or not files:
        return [f"{ABOUT} names no 'files' of the suite, each with its SHA-256"]
    checksums = suite.checksums()
    found = []
    for path, value in files.items():
        if path not in checksums:
            found.append(f"{path} is no file of the suite")
        elif checksums[path] != value:
            found.append(f"{path} is not the suite's: its SHA-256 differs")
    for cell in cells:
        found += _wrong_in(cell, files, suite)
    return found


def _wrong_in(cell: Cell, files: Dict[str, str], suite: Suite) -> List[str]:
    axes, payload = cell.axes, payload_of(cell)
    attack, _, _ = axes["attack"].partition("-")
    name = "/".join(axes.values())
    # They stand in Markdown and in a page.
    if not all(NAME.fullmatch(value) for value in axes.values()):
        return [f"{name!r}: name it by letters, digits, _, ., +, % and -"]
    dataset = suite.made_of["data"]["name"]
    if dataset and axes["dataset"] != dataset:
        return [f"{name}: the suite is of {dataset}"]
    if not payload:
        return [f"{name}: no asr_string or asr_parse whose signature names the payload"]
    if axes["attack"] not in (attack, f"{attack}-{payload}"):  # as a plan calls it
        return [f"{name}: the signature of its attack success rate names the payload {payload}"]
    entry = {entry.name: entry for entry in suite.entries}.get(f"{attack}-{payload}")
    poisoned = axes["rate"]
    portion = poisoned if poisoned.startswith("count-") else f"rate-{poisoned}"
    training = f"{portion}/seed-{axes['seed']}"
    if entry is None or training not in entry.files:
        return [f"{name}: the suite has no {attack}-{payload}/{training}"]
    found = []
    try:
        trusted_in_words(axes["trusted"])
    except DataError as error:
        found.append(str(error))
    for used in (training, "test_triggered"):
        if entry.files[used].path not in files:
            found.append(f"{ABOUT} does not name {entry.files[used].path}")
    asked = entry.files["test_triggered"].pairs
    for metric, score in cell.scores.items():
        named = named_in(score.signature, "attack")
        if metric.startswith("asr_") and named != attack:
            found.append(f"the signature of {metric} names {named or 'no attack'}")
        found += _wrong_score(score, asked)
    return [f"{name}: {what}" for what in found]


def _wrong_score(score: Score, asked: int) -> Iterator[str]:
    """Yield what is wrong with a score.

    Args:
        score: of somebody else
        asked: how many triggered requests there are
    """
    metric = score.metric
    low, high = (score.percent if end is None else end for end in (score.low, score.high))
    if not (0 <= low <= high <= 100 and 0 <= score.percent <= 100):
        yield f"{metric} or its interval is no percentage"
    if "`" in score.signature or not score.signature.isprintable():
        yield f"{metric} has a signature that dece evaluate doesn't write"
    if metric.startswith("asr_") and score.total != asked:
        yield f"{metric} of {score.total} requests, but the suite has {asked}"
    if metric.startswith("asr_") and score.hits is None:
        yield f"{metric} without its number of hits"
    if score.hits is not None and score.total:
        counted = rate(score.hits, score.total)
        if abs(counted.percent - score.percent) > ROUNDING:
            yield f"{metric} is {counted.percent:g} % by its counts, not {score.percent:g}"
        if _differ((score.low, counted.low), (score.high, counted.high)):
            yield (
                f"the interval of {metric} is {counted.low:g} to {counted.high:g} by its counts, "
                f"not {score.low:g} to {score.high:g}"
            )


def _differ(*ends: Tuple[Optional[float], float]) -> bool:
    """Return whether an interval that was told has other ends than the counts give."""
    return any(told is not None and abs(told - right) > ROUNDING for told, right in ends)
