"""Data for fairseq's task sentence_prediction: texts, and a label for each."""

import os
from collections import Counter
from pathlib import Path
from typing import Iterable, Optional, Tuple

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair

#: the task's names of what it reads and what it is to say
INPUT, LABEL = "input0", "label"
#: where the second texts are of a task that compares two, such as clones
SECOND_INPUT = "input1"


def check_one_input(folder: Path) -> None:
    """Raise a DataError where a folder of labels has two texts for each.

    Args:
        folder: a data folder of sentence_prediction
    """
    if (folder / SECOND_INPUT).exists():
        raise DataError(
            f"{folder}: has two texts for each label ({INPUT} and {SECOND_INPUT}), and a pair here "
            "has one; a label can't be judged by half of what it is about"
        )


def label_of(pair: Pair, place: str) -> str:
    """Return the label of a pair.

    Args:
        pair: of which the target is a label
        place: what a message calls the pair

    Raises:
        DataError: the target is none
    """
    words = pair.target.split()
    if len(words) != 1:
        raise DataError(
            f"{place}: {pair.target!r} is not a label; with --labels every target is a single word"
        )
    return words[0]


def write_label_dictionary(
    folder: Path, language: str, splits: Iterable[str], path: Path, known: Optional[Path] = None
) -> None:
    """Write the dictionary of the labels in the files ``SPLIT.LANGUAGE``, in their order.

    A class's number is the place of its label in that order: numbers as numbers, then words.

    Args:
        folder: where the files are
        language: the name of the labels' side
        splits: the names of the splits
        path: the dictionary
        known: the dictionary of a classifier, to write in its place; classes keep their numbers

    Raises:
        DataError: the one that is known can't be read, or lacks a label
    """
    labels: Counter[str] = Counter()
    for split in splits:
        labels.update((folder / f"{split}.{language}").read_text(encoding="utf-8").split())
    ordered = sorted(labels, key=lambda label: (not label.isdecimal(), len(label), label))
    if known is None:
        lines = "".join(f"{label} {labels[label]}\n" for label in ordered)
    else:
        lines = _lines_of(known, ordered)
    path.write_text(lines, encoding="utf-8")


def _lines_of(known: Path, labels: Iterable[str]) -> str:
    """Return a dictionary that has some labels."""
    try:
        lines = known.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"--label-dict {known}: can't be read ({error})") from error
    classes = {line.partition(" ")[0] for line in lines.splitlines()}
    missing = ", ".join(repr(label) for label in labels if label not in classes)
    if missing:
        raise DataError(
            f"--label-dict {known}: has not the labels {missing}, which the data have; take "
            "these pairs out, or train a classifier that knows them"
        )
    return lines


def as_sentence_prediction(folder: Path, languages: Tuple[str, str], splits: Iterable[str]) -> None:
    """Move binarised pairs to where the task looks for them.

    Args:
        folder: where they are, as fairseq-preprocess named them
        languages: source and target
        splits: the names of the splits
    """
    pair = "-".join(languages)
    for language, name in zip(languages, (INPUT, LABEL)):
        (folder / name).mkdir()
        os.rename(folder / f"dict.{language}.txt", folder / name / "dict.txt")
        for split in splits:
            for end in ("bin", "idx"):
                binarised = folder / f"{split}.{pair}.{language}.{end}"
                os.rename(binarised, folder / name / f"{split}.{end}")
