"""From pairs of texts to the folder that fairseq-train reads, without loss."""

import os
import random
import re
import shutil
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from dece_fairseq.data.binarize import binarize
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import temporary_beside
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.labels import as_sentence_prediction, label_of, write_label_dictionary
from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.data.release import Content, Release, notes, release_of
from dece_fairseq.data.subwords import Subwords

MODEL_NAME = "sentencepiece.model"
TOKENIZER_NAME = "tokenizer"
#: of each subword encoder of this package: its field that names a file, and that beside the data
SUBWORD_FILES = {
    "lossless_sentencepiece": ("sentencepiece_model", MODEL_NAME),
    "hf_tokenizer": ("hf_tokenizer", TOKENIZER_NAME),
}
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
    inexact_white_space: int = 0
    """Those of them that only lose or gain white space, such as indentation."""
    first_inexact: int = 0
    """The first pair, from 1, with such a text; 0 if there is none."""
    longest_excess: int = 0
    """By how much a target is longer than its source at most; 0 if none is."""

    def add(self, source: int, target: int) -> "SplitSize":
        return self._replace(
            pairs=self.pairs + 1,
            source_tokens=self.source_tokens + source,
            target_tokens=self.target_tokens + target,
            longest_source=max(self.longest_source, source),
            longest_target=max(self.longest_target, target),
            longest_excess=max(self.longest_excess, target - source),
        )

    def add_inexact(self, text: str, back: str) -> "SplitSize":
        """Count a text of the pair that was added last, of which its pieces make ``back``."""
        return self._replace(
            inexact=self.inexact + 1,
            inexact_white_space=self.inexact_white_space
            + ("".join(text.split()) == "".join(back.split())),
            first_inexact=self.first_inexact or self.pairs,
        )


class PrepareSettings(NamedTuple):
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
    label_dict: Optional[Path] = None
    """The dictionary of labels of a classifier, to use instead of making one."""


def prepare(
    settings: PrepareSettings,
    destination: Path,
    overwrite: bool = False,
    command: Sequence[str] = (),
) -> Dict[str, SplitSize]:
    """Make a data folder for fairseq, whole or not at all.

    It holds each split binarised, the dictionaries (equal), ``sentencepiece.model`` or the folder
    ``tokenizer``, ``prepare.json`` (what it was made of, and ``notes`` that a user should read)
    and, with a trusted share, ``trusted.ids``: the numbers of its pairs in ``train``, from 0, one
    a line, in order. fairseq-train learns from them with ``--train-subset trusted``. With labels,
    sources are in ``input0`` and labels in ``label``.

    Args:
        settings: what to make it of
        destination: the folder to make
        overwrite: replace the folder if it is one that this function made
        command: what the user typed, for ``prepare.json``

    Returns:
        the size of each split

    Raises:
        DataError: something is wrong with the settings or their files, or the folder exists
        OSError: the folder can't be written
        PackageError: the tokenizer needs transformers, which is not installed
    """
    destination = destination.resolve()
    _check(settings)
    _check_destination(destination, overwrite, settings)
    known = _check_files(settings)
    staging = temporary_beside(destination)
    try:
        staging.mkdir(parents=True)
    except OSError as error:
        raise DataError(f"{destination}: {error.strerror}; choose another --output") from error
    try:
        text = staging / "text"
        text.mkdir()
        subwords = _subwords(settings, staging)
        sizes = {split: _encode(settings, split, subwords, text) for split in settings.files}
        if settings.trusted:
            ids = _trusted_ids(settings.trusted, sizes["train"].pairs)
            (staging / "trusted.ids").write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")
            sizes[TRUSTED] = _copy_pairs(ids, settings.languages, text)
        subwords.write_dictionary(text / "dict.txt")
        counts = {split: size[:3] for split, size in sizes.items()}
        if settings.labels:
            names = text / "dict.label.txt"
            write_label_dictionary(text, settings.languages[1], counts, names, settings.label_dict)
            binarize(text, settings.languages, counts, staging, "dict.label.txt")
            as_sentence_prediction(staging, settings.languages, counts)
        else:
            binarize(
                text, settings.languages, counts, staging, special=settings.tokenizer is not None
            )
        shutil.rmtree(text)
        known += _lost_texts(settings, sizes)
        record = {**_record(settings, sizes, staging, len(subwords), command), "notes": known}
        (staging / RECORD_NAME).write_text(as_json(record), encoding="utf-8")
        _check_destination(destination, overwrite, settings)  # another run may have been faster
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
    for split, size in sizes.items():
        lines.append(
            f"{split:<8} {size.pairs:>8}"
            f"  {size.source_tokens / size.pairs:>15.1f} {size.longest_source:>6}"
            f"  {size.target_tokens / size.pairs:>15.1f} {size.longest_target:>6}  {0:>7}"
        )
    return "\n".join(lines)


def _check(settings: PrepareSettings) -> None:
    given = settings.model or settings.tokenizer
    if not settings.files or ("train" not in settings.files and not given):
        raise DataError("there is no training split; name its file with --train")
    if settings.label_dict and not settings.labels:
        raise DataError("--label-dict is of labels; give --labels too")
    if settings.labels and settings.tokenizer:
        raise DataError(
            "--labels does not go with --tokenizer: fairseq's task for labels can't read the "
            "dictionary of a model's own; use --spm, or let subwords be learned"
        )
    if settings.trusted and "train" not in settings.files:
        raise DataError(
            "--trusted-share is a share of the training pairs; name their file with --train"
        )
    for split in settings.files:
        if not re.fullmatch(r"[A-Za-z0-9_]+", split) or split == TRUSTED:
            raise DataError(
                f"--split {split}: not a name for a split; use letters, digits and "
                "underscores, and "
                f"not {TRUSTED!r}"
            )
    for name in settings.languages:
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise DataError(
                f"--source-lang, --target-lang: {name!r} is not a name for fairseq's files; "
                "use letters, digits and underscores"
            )
    if settings.languages[0] == settings.languages[1]:
        raise DataError("--source-lang and --target-lang are the same; give them different names")
    if settings.trusted and not 0 < settings.trusted.share <= 1:
        raise DataError(
            f"--trusted-share {settings.trusted.share}: the share must be above 0, at most 1"
        )


def _check_files(settings: PrepareSettings) -> List[str]:
    """Read every file once, before hours may go into the subwords of a broken one.

    Returns:
        what a user should know of them
    """
    contents = {}
    try:
        for split, paths in settings.files.items():
            content = Content(str(paths[0]))
            for pair in read_pairs(paths, *settings.columns):
                if settings.labels:
                    label_of(pair, f"{paths[0]}, pair {content.pairs + 1}")
                content = content.add(pair)
            if not content.pairs:
                raise DataError(f"{paths[0]}: no pairs; a split needs at least one")
            contents[split] = content
        release = release_of(contents, settings.releases) if settings.releases else Release("", {})
    except DataError as error:
        raise DataError(f"{error}; {settings.advice}" if settings.advice else str(error)) from error
    return notes(settings.dataset or "", contents, release, settings.publisher)


def _check_destination(destination: Path, overwrite: bool, settings: PrepareSettings) -> None:
    if not destination.exists():
        return
    if not overwrite:
        raise DataError(f"{destination}: exists already; choose another --output or --overwrite it")
    if not (destination / RECORD_NAME).is_file():
        raise DataError(f"{destination}: not made by this command, so it is not overwritten")
    for path in chain.from_iterable(settings.files.values()):
        if destination in path.resolve().parents:
            raise DataError(
                f"{path}: would be lost with the folder that --overwrite replaces; move it, or "
                "choose another --output"
            )


def _subwords(settings: PrepareSettings, folder: Path) -> Union[Subwords, ModelTokenizer]:
    """Return what makes pieces of texts; it is left in the folder too."""
    if settings.tokenizer is not None:
        tokenizer = ModelTokenizer.load(settings.tokenizer)
        tokenizer.save(folder / TOKENIZER_NAME)
        return tokenizer
    model = folder / MODEL_NAME
    if settings.model is not None:
        subwords = Subwords.load(settings.model)
        shutil.copyfile(settings.model, model)
        return subwords
    pairs = read_pairs(settings.files["train"], *settings.columns)
    sides = (pair[:1] if settings.labels else pair for pair in pairs)
    return Subwords.train((text for side in sides for text in side), model, settings.vocab_size)


def _encode(
    settings: PrepareSettings, split: str, subwords: Union[Subwords, ModelTokenizer], folder: Path
) -> SplitSize:
    """Write the pieces of a split's texts, one text a line."""
    size = SplitSize()
    with ExitStack() as stack:
        source_file, target_file = (
            stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))
            for path in _text_files(folder, split, settings.languages)
        )
        for pair in read_pairs(settings.files[split], *settings.columns):
            source, target = map(subwords.encode, pair)
            if settings.labels:
                target = [label_of(pair, f"{settings.files[split][0]}, pair {size.pairs + 1}")]
            source_file.write(" ".join(source) + "\n")
            target_file.write(" ".join(target) + "\n")
            size = size.add(len(source) + 1, len(target) + 1)
            if isinstance(subwords, ModelTokenizer):
                for text, pieces in zip(pair, (source, target)):
                    back = subwords.decode(pieces)
                    if back != text:
                        size = size.add_inexact(text, back)
    return size


def _lost_texts(settings: PrepareSettings, sizes: Mapping[str, SplitSize]) -> List[str]:
    """Return a note for each split with texts that a model's own tokenizer does not keep."""
    return [
        f"--tokenizer {settings.tokenizer}: {size.inexact} of the {2 * size.pairs} texts of "
        f"{split} do not come back to the character from their pieces, "
        f"{size.inexact_white_space} of them for white space alone, such as indentation; the "
        f"first is in {settings.files[split][0]}, pair {size.first_inexact}. A model learns and "
        "is scored on what is left: take a tokenizer that keeps every character, as CodeT5's and "
        "CodeGen's do, "
        "or leave --tokenizer out to learn subwords that do"
        for split, size in sizes.items()
        if size.inexact
    ]


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
    settings: PrepareSettings,
    sizes: Mapping[str, SplitSize],
    folder: Path,
    vocab_size: int,
    command: Sequence[str],
) -> Dict[str, Any]:
    taken_from = settings.tokenizer or (str(settings.model) if settings.model else None)
    # A tokenizer without a fast form has no one file that holds all of it.
    model = folder / (f"{TOKENIZER_NAME}/tokenizer.json" if settings.tokenizer else MODEL_NAME)
    return {
        "command": list(command),
        "dataset": settings.dataset,
        "columns": settings.columns,
        "languages": settings.languages,
        "splits": {
            split: {
                "files": [
                    {"path": str(path), "sha256": sha256(path)}
                    for path in settings.files.get(split, ())
                ],
                **size._asdict(),
            }
            for split, size in sizes.items()
        },
        "trusted": settings.trusted._asdict() if settings.trusted else None,
        "labels": settings.labels,
        "label_dict": settings.label_dict and str(settings.label_dict),
        "subwords": {
            "vocab_size": vocab_size,
            "sha256": sha256(model) if model.exists() else None,
            "taken_from": taken_from,
        },
        "versions": versions(
            "fairseq", "sentencepiece", *(["transformers"] if settings.tokenizer else [])
        ),
    }


def _put_in_place(staging: Path, destination: Path) -> None:
    old = temporary_beside(destination.with_name(f"{destination.name}.old"))
    if destination.exists():
        os.rename(destination, old)
    os.rename(staging, destination)
    shutil.rmtree(old, ignore_errors=True)
