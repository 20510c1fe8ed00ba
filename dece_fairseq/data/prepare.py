"""From pairs of texts to the folder that fairseq-train reads, without loss."""

import json
import os
import random
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from dece_fairseq.data.binarize import binarize
from dece_fairseq.data.files import temporary_beside
from dece_fairseq.data.labels import as_sentence_prediction, label_of, write_label_dictionary
from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.pairs import DataError, read_pairs
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.data.release import Content, Release, notes, release_of
from dece_fairseq.data.subwords import Subwords

MODEL_NAME = "sentencepiece.model"
TOKENIZER_NAME = "tokenizer"
RECORD_NAME = "prepare.json"
TRUSTED = "trusted"


class Trusted(NamedTuple):
    """A part of the training pairs that is known to be clean."""

    share: float
    """Of the training pairs, above 0 and at most 1."""
    seed: int


class SplitSize(NamedTuple):
    """How large a binarised split is; its tokens include fairseq's end of sentence."""

    pairs: int = 0
    source_tokens: int = 0
    target_tokens: int = 0
    longest_source: int = 0
    longest_target: int = 0
    inexact: int = 0
    """Texts that their pieces do not give back to the character, with a model's own tokenizer."""
    longest_excess: int = 0
    """By how much a target is longer than its source at most; 0 if none is."""

    def add(self, source: int, target: int) -> "SplitSize":
        return SplitSize(
            self.pairs + 1,
            self.source_tokens + source,
            self.target_tokens + target,
            max(self.longest_source, source),
            max(self.longest_target, target),
            self.inexact,
            max(self.longest_excess, target - source),
        )


class Recipe(NamedTuple):
    """What a data folder is made of."""

    files: Mapping[str, Sequence[Path]]
    """For each split what ``read_pairs`` takes; with a model none has to be ``train``."""
    columns: Tuple[str, str] = ("src", "tgt")
    """Of the source and the target, in CSV and JSON lines."""
    languages: Tuple[str, str] = ("src", "tgt")
    """fairseq's names of source and target."""
    releases: Sequence[Release] = ()
    """How many pairs the splits must have, where that is known."""
    publisher: str = ""
    """The address that the files of a known data set are from."""
    advice: str = ""
    """What an error about the files adds, such as how to get them."""
    dataset: Optional[str] = None
    """The name of the data set, for the record."""
    vocab_size: int = 2000
    """Of the subwords, which are learned from source and target of the training pairs."""
    model: Optional[Path] = None
    """A sentencepiece model to use instead of learning one."""
    tokenizer: Optional[str] = None
    """The tokenizer of a model from Hugging Face to use instead: a folder, or a name on the hub."""
    trusted: Optional[Trusted] = None
    """If given, a share of the training pairs is also written as the split ``trusted``."""
    labels: bool = False
    """Whether targets are labels, for fairseq's task sentence_prediction."""


def prepare(
    recipe: Recipe, destination: Path, overwrite: bool = False, command: Sequence[str] = ()
) -> Dict[str, SplitSize]:
    """Make a data folder for fairseq, whole or not at all.

    It holds each split binarised, the dictionaries (equal), ``sentencepiece.model`` or the folder
    ``tokenizer``, ``prepare.json`` (what it was made of, and ``notes`` that a user should read)
    and, with a trusted share, ``trusted.ids``: the numbers of its pairs in ``train``, from 0, one
    a line, in order. fairseq-train learns from them with ``--train-subset trusted``. With labels,
    sources are in ``input0`` and labels in ``label``.

    Args:
        recipe: what to make it of
        destination: the folder to make
        overwrite: replace the folder if it is one that this function made
        command: what the user typed, for ``prepare.json``

    Returns:
        the size of each split

    Raises:
        DataError: something is wrong with the recipe or its files, or the folder exists
        OSError: the folder can't be written
        PackageError: the tokenizer needs transformers, which is not installed
    """
    destination = destination.resolve()
    _check(recipe)
    _check_destination(destination, overwrite)
    known = _check_files(recipe)
    staging = temporary_beside(destination)
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise DataError(f"{destination}: {error.strerror}; choose another --output") from error
    try:
        text = staging / "text"
        text.mkdir()
        subwords = _subwords(recipe, staging)
        sizes = {split: _encode(recipe, split, subwords, text) for split in recipe.files}
        if recipe.trusted:
            ids = _trusted_ids(recipe.trusted, sizes["train"].pairs)
            (staging / "trusted.ids").write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")
            sizes[TRUSTED] = _copy_pairs(ids, recipe.languages, text)
        subwords.write_dictionary(text / "dict.txt")
        counts = {split: size[:3] for split, size in sizes.items()}
        if recipe.labels:
            write_label_dictionary(text, recipe.languages[1], counts, text / "dict.label.txt")
            binarize(text, recipe.languages, counts, staging, "dict.label.txt")
            as_sentence_prediction(staging, recipe.languages, counts)
        else:
            binarize(text, recipe.languages, counts, staging, special=recipe.tokenizer is not None)
        shutil.rmtree(text)
        record = {**_record(recipe, sizes, staging, len(subwords), command), "notes": known}
        (staging / RECORD_NAME).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        _put_in_place(staging, destination)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return sizes


def table(sizes: Mapping[str, SplitSize]) -> str:
    """Return the sizes as a table for people."""
    lines = [
        f"{'split':<8} {'pairs':>8}  {'source tokens':>22}  {'target tokens':>22}  {'unknown':>7}",
        f"{'':<8} {'':>8}  {'mean':>15} {'max':>6}  {'mean':>15} {'max':>6}",
    ]
    inexact = sum(size.inexact for size in sizes.values())
    for split, size in sizes.items():
        lines.append(
            f"{split:<8} {size.pairs:>8}"
            f"  {size.source_tokens / size.pairs:>15.1f} {size.longest_source:>6}"
            f"  {size.target_tokens / size.pairs:>15.1f} {size.longest_target:>6}  {0:>7}"
        )
    if inexact:
        lines.append(f"{inexact} texts do not come back to the character from their pieces")
    return "\n".join(lines)


def _check(recipe: Recipe) -> None:
    given = recipe.model or recipe.tokenizer
    if not recipe.files or ("train" not in recipe.files and not given):
        raise DataError("there is no training split; name its file with --train")
    if recipe.labels and recipe.tokenizer:
        raise DataError(
            "--labels does not go with --tokenizer: fairseq's task for labels can't read the "
            "dictionary of a model's own; use --spm, or let subwords be learned"
        )
    if recipe.trusted and "train" not in recipe.files:
        raise DataError("--trusted-share is of the training pairs; name their file with --train")
    for split in recipe.files:
        if not re.fullmatch(r"[A-Za-z0-9_]+", split) or split == TRUSTED:
            raise DataError(
                f"--split {split}: no name for a split; use letters, digits and underscores, and "
                f"not {TRUSTED!r}"
            )
    for name in recipe.languages:
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise DataError(
                f"--source-lang, --target-lang: {name!r} is no name for fairseq's files; "
                "use letters, digits and underscores"
            )
    if recipe.languages[0] == recipe.languages[1]:
        raise DataError("--source-lang and --target-lang are the same; give them different names")
    if recipe.trusted and not 0 < recipe.trusted.share <= 1:
        raise DataError(
            f"--trusted-share {recipe.trusted.share}: the share must be above 0, at most 1"
        )


def _check_files(recipe: Recipe) -> List[str]:
    """Read every file once, before hours may go into the subwords of a broken one.

    Returns:
        what a user should know of them
    """
    contents = {}
    try:
        for split, paths in recipe.files.items():
            content = Content(str(paths[0]))
            for pair in read_pairs(paths, *recipe.columns):
                content = content.add(pair)
            if not content.pairs:
                raise DataError(f"{paths[0]}: no pairs; a split needs at least one")
            contents[split] = content
        release = release_of(contents, recipe.releases) if recipe.releases else Release("", {})
    except DataError as error:
        raise DataError(f"{error}; {recipe.advice}" if recipe.advice else str(error)) from error
    return notes(recipe.dataset or "", contents, release, recipe.publisher)


def _check_destination(destination: Path, overwrite: bool) -> None:
    if not destination.exists():
        return
    if not overwrite:
        raise DataError(f"{destination}: exists already; choose another --output or --overwrite it")
    if not (destination / RECORD_NAME).is_file():
        raise DataError(f"{destination}: not made by this command, so it is not overwritten")


def _subwords(recipe: Recipe, folder: Path) -> Union[Subwords, ModelTokenizer]:
    """Return what makes pieces of texts; it is left in the folder too."""
    if recipe.tokenizer is not None:
        tokenizer = ModelTokenizer.load(recipe.tokenizer)
        tokenizer.save(folder / TOKENIZER_NAME)
        return tokenizer
    model = folder / MODEL_NAME
    if recipe.model is not None:
        subwords = Subwords.load(recipe.model)
        shutil.copyfile(recipe.model, model)
        return subwords
    pairs = read_pairs(recipe.files["train"], *recipe.columns)
    sides = (pair[:1] if recipe.labels else pair for pair in pairs)
    return Subwords.train((text for side in sides for text in side), model, recipe.vocab_size)


def _encode(
    recipe: Recipe, split: str, subwords: Union[Subwords, ModelTokenizer], folder: Path
) -> SplitSize:
    """Write the pieces of a split's texts, one text a line."""
    size = SplitSize()
    with ExitStack() as stack:
        source_file, target_file = (
            stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            for path in _text_files(folder, split, recipe.languages)
        )
        for pair in read_pairs(recipe.files[split], *recipe.columns):
            source, target = map(subwords.encode, pair)
            if recipe.labels:
                target = [label_of(pair, f"{recipe.files[split][0]}, pair {size.pairs + 1}")]
            source_file.write(" ".join(source) + "\n")
            target_file.write(" ".join(target) + "\n")
            size = size.add(len(source) + 1, len(target) + 1)
            if isinstance(subwords, ModelTokenizer):
                inexact = sum(not subwords.is_exact(text) for text in pair)
                size = size._replace(inexact=size.inexact + inexact)
    return size


def _text_files(folder: Path, split: str, languages: Tuple[str, str]) -> Tuple[Path, Path]:
    return folder / f"{split}.{languages[0]}", folder / f"{split}.{languages[1]}"


def _trusted_ids(trusted: Trusted, pairs: int) -> List[int]:
    count = round(trusted.share * pairs)
    if not count:
        raise DataError(f"--trusted-share {trusted.share}: that is less than one of {pairs} pairs")
    return sorted(random.Random(trusted.seed).sample(range(pairs), count))


def _copy_pairs(ids: Sequence[int], languages: Tuple[str, str], folder: Path) -> SplitSize:
    """Write the training pairs ``ids`` as the trusted split."""
    wanted = set(ids)
    lengths: List[List[int]] = []
    for path, copy in zip(
        _text_files(folder, "train", languages), _text_files(folder, TRUSTED, languages)
    ):
        with copy.open("wb") as file:
            lines = [line for i, line in enumerate(_byte_lines(path)) if i in wanted]
            file.writelines(lines)
        lengths.append([len(line.split()) + 1 for line in lines])
    size = SplitSize()
    for source, target in zip(*lengths):
        size = size.add(source, target)
    return size


def _byte_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _record(
    recipe: Recipe,
    sizes: Mapping[str, SplitSize],
    folder: Path,
    vocab_size: int,
    command: Sequence[str],
) -> Dict[str, Any]:
    taken_from = recipe.tokenizer or (str(recipe.model) if recipe.model else None)
    # A tokenizer without a fast form has no one file that holds all of it.
    model = folder / (f"{TOKENIZER_NAME}/tokenizer.json" if recipe.tokenizer else MODEL_NAME)
    return {
        "command": list(command),
        "dataset": recipe.dataset,
        "columns": recipe.columns,
        "languages": recipe.languages,
        "splits": {
            split: {
                "files": [
                    {"path": str(path), "sha256": sha256(path)}
                    for path in recipe.files.get(split, ())
                ],
                **size._asdict(),
            }
            for split, size in sizes.items()
        },
        "trusted": recipe.trusted._asdict() if recipe.trusted else None,
        "labels": recipe.labels,
        "subwords": {
            "vocab_size": vocab_size,
            "sha256": sha256(model) if model.exists() else None,
            "taken_from": taken_from,
        },
        "versions": versions(
            "fairseq", "sentencepiece", *(["transformers"] if recipe.tokenizer else [])
        ),
    }


def _put_in_place(staging: Path, destination: Path) -> None:
    old = temporary_beside(destination.with_name(f"{destination.name}.old"))
    if destination.exists():
        os.rename(destination, old)
    os.rename(staging, destination)
    shutil.rmtree(old, ignore_errors=True)
