"""Stock fairseq-preprocess, run on files of subwords, and a check of what it says it did."""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Iterable, List, Mapping, Sequence, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.user_dir import PACKAGE

_SUMMARY = re.compile(
    r"\[(?P<language>\w+)\] (?P<split>\w+)\.(?P=language): "
    r"(?P<pairs>\d+) sents, (?P<tokens>\d+) tokens, (?P<unknown>\S+)% replaced"
)


def binarize(
    folder: Path,
    languages: Tuple[str, str],
    tokens: Mapping[str, Tuple[int, int, int]],
    destination: Path,
    target_dictionary: str = "dict.txt",
    special: bool = False,
) -> None:
    """Binarise the files ``SPLIT.LANGUAGE`` of a folder with its dictionary ``dict.txt``.

    fairseq-preprocess names every split but one valid, valid1, valid2 and so on, in a folder of
    its own; with their own names they go to the destination. Its log is read and removed: its times
    would make two folders of the same data differ.

    Args:
        folder: what to binarise: one sentence a line, pieces between blanks
        languages: source and target
        tokens: for each split the number of pairs, source tokens and target tokens, with end of
            sentence
        destination: where the result goes
        target_dictionary: the name of another dictionary of the folder, of the target
        special: whether the dictionary is one with special ids of its own, which only the plug-in's
            task can read

    Raises:
        DataError: fairseq-preprocess fails, counts something else, or meets an unknown piece
    """
    others = [split for split in tokens if split != "train"]
    command = [sys.executable, "-m", "fairseq_cli.preprocess"]
    command += ["--source-lang", languages[0], "--target-lang", languages[1]]
    command += ["--srcdict", "dict.txt", "--tgtdict", target_dictionary]
    if "train" in tokens:
        command += ["--trainpref", "train"]
    if special:
        command += ["--user-dir", str(PACKAGE), "--task", "backdoor_poisoned_translation"]
    if others:
        command += ["--validpref", ",".join(others)]
    with TemporaryDirectory(dir=destination.resolve()) as made:
        _preprocess(folder, [*command, "--destdir", made])
        # its own log holds bare messages, while the streams depend on what else sets up logging
        log = Path(made, "preprocess.log")
        _check(log.read_text(encoding="utf-8"), languages, tokens)
        log.unlink()
        stock_names = ["valid{}".format(number or "") for number in range(len(others))]
        _move(Path(made), destination, dict(zip(stock_names, others)))


def _preprocess(folder: Path, command: Sequence[str]) -> None:
    # in the folder itself, since a comma in its path would part the list of prefixes
    run = subprocess.run(
        command,
        cwd=str(folder),
        env={**os.environ, "LOGLEVEL": "INFO"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if run.returncode:
        last = (run.stderr.strip() or run.stdout.strip()).splitlines()[-1:]
        raise DataError(f"fairseq-preprocess failed: {''.join(last) or 'it printed nothing'}")


def _move(made: Path, destination: Path, names: Mapping[str, str]) -> None:
    """Move what was made, each split under its own name.

    To another folder: in the same one a split called ``valid1`` would take the place of the stock
    file of that name, which is another split's.
    """
    for path in list(made.iterdir()):
        stock, dot, rest = path.name.partition(".")
        os.rename(path, destination / f"{names.get(stock, stock)}{dot}{rest}")


def _check(
    log: str, languages: Tuple[str, str], tokens: Mapping[str, Tuple[int, int, int]]
) -> None:
    counted = {
        (line["split"], line["language"]): (
            int(line["pairs"]),
            int(line["tokens"]),
            float(line["unknown"]),
        )
        for line in _SUMMARY.finditer(log)
    }
    for split, (pairs, *lengths) in tokens.items():
        for language, length in zip(languages, lengths):
            if counted.get((split, language)) != (pairs, length, 0.0):
                raise DataError(
                    f"fairseq-preprocess counted {counted.get((split, language))} for {split}."
                    f"{language} (sentences, tokens, percent unknown), not {(pairs, length, 0.0)}"
                )


def splits_of(folder: Path) -> List[str]:
    """Return the names of the splits of pairs in a binarised folder, in order."""
    return sorted({path.name.split(".")[0] for path in folder.glob("*.*-*.*.idx")})


def no_split(
    folder: Path, split: str, there: Iterable[str], which: str = "one that is there"
) -> DataError:
    """Return the error that a binarised folder lacks a split.

    Args:
        folder: the folder
        split: what it lacks
        there: the splits that it has
        which: of them to name, and how, for the message
    """
    names = ", ".join(sorted(there)) or "none"
    return DataError(f"{folder}: no split {split!r} of pairs; name {which}: {names}")
