"""Asks a reference model about many pairs: in chunks, by several processes, and only once."""

from hashlib import sha256 as digest
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence
from zipfile import BadZipFile

import numpy as np
from tqdm import tqdm

from dece_fairseq.data.files import replacing
from dece_fairseq.data.pairs import DataError, Pair
from dece_fairseq.data.provenance import sha256
from dece_fairseq.data.workers import workers
from dece_fairseq.defenses.revealing.surprises import TargetWords, TokenSurprises
from dece_fairseq.user_dir import import_user_dir

#: pairs that a process is given at a time
CHUNK = 1000


class ReferenceFiles(NamedTuple):
    """Where a reference model is.

    Args:
        checkpoint: as fairseq-train saved it
        data: its data folder
        user_dir: a package of plug-ins that it needs besides this one
    """

    checkpoint: Path
    data: Path
    user_dir: Optional[str] = None

    def key(self) -> str:
        """Return what changes when the model does."""
        files = [self.checkpoint, *sorted(self.data.glob("**/dict*.txt"))]
        files += sorted(path for path in self.data.glob("tokenizer/*") if path.is_file())
        files += sorted(self.data.glob("*.model"))
        return " ".join(map(sha256, files))


def target_words(
    reference: ReferenceFiles,
    pairs: Sequence[Pair],
    chosen: Sequence[int],
    processes: int = 1,
    work: Optional[Path] = None,
) -> TargetWords:
    """Return what a reference model says of the targets of some pairs.

    Args:
        reference: the model
        pairs: all pairs
        chosen: the numbers of those that it is asked about
        processes: how many ask side by side; the result is the same for any number
        work: a folder for what the model said, from which a run that was killed goes on, and
            another one with the same model and pairs takes it; None for none

    Raises:
        DataError: the model can't be loaded, or a process was killed
        DefenseError: it is of no kind that can be asked
    """
    words = TargetWords(pairs)
    chunks = [chosen[start : start + CHUNK] for start in range(0, len(chosen), CHUNK)]
    places: List[Optional[Path]] = [None] * len(chunks)
    if work is not None:
        key = reference.key()
        places = [_place(work, key, [pairs[index] for index in chunk]) for chunk in chunks]
    missing = [place is None or not place.is_file() for place in places]
    crew = max(1, min(processes, sum(missing)))
    with tqdm(total=len(chosen), desc="surprise", unit=" pairs", delay=2) as bar, workers(
        _Worker, (reference, crew), crew
    ) as run:
        asked = (
            [pairs[index] for index in chunk] for chunk, is_new in zip(chunks, missing) if is_new
        )
        answers = run("surprises", asked)
        for chunk, place, is_new in zip(chunks, places, missing):
            told = next(answers) if is_new else _load(place)
            if is_new and place is not None:
                _save(place, told)
            for index, tokens in zip(chunk, told):
                words.add(index, tokens)
            bar.update(len(chunk))
    return words


class _Worker:
    """Asks the reference, in a process; loads it when it is first asked."""

    def __init__(self, files: ReferenceFiles, processes: int) -> None:
        self._files = files
        self._is_one_of_many = processes > 1
        self._reference: Any = None

    def surprises(self, pairs: Sequence[Pair]) -> List[TokenSurprises]:
        if self._reference is None:
            import torch  # here: it takes seconds, and needs fairseq beside it

            from dece_fairseq.defenses.revealing.reference import load_reference

            import_user_dir(self._files.user_dir)
            if self._is_one_of_many:
                torch.set_num_threads(1)
            self._reference = load_reference(self._files.checkpoint, self._files.data)
        told: List[TokenSurprises] = self._reference.surprises(pairs)
        return told


def _place(work: Path, key: str, pairs: Sequence[Pair]) -> Path:
    texts = digest(key.encode())
    for pair in pairs:
        for text in pair:
            texts.update(f"{len(text)} {text}".encode("utf-8", "surrogatepass"))
    return work / f"{texts.hexdigest()}.npz"


def _save(place: Path, told: Sequence[TokenSurprises]) -> None:
    with replacing(place) as (temporary,), temporary.open("wb") as file:
        np.savez(
            file,
            lengths=np.array([len(tokens.ends) for tokens in told]),
            ends=np.concatenate([tokens.ends for tokens in told]),
            surprise=np.concatenate([tokens.surprise for tokens in told]),
            is_cut=np.array([tokens.is_cut for tokens in told]),
        )


def _load(place: Any) -> List[TokenSurprises]:
    try:
        with np.load(place) as stored:
            borders = np.cumsum(stored["lengths"])[:-1]
            columns = [np.split(stored[name], borders) for name in ("ends", "surprise")]
            columns.append(stored["is_cut"].tolist())
            return [TokenSurprises(*row) for row in zip(*columns)]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{place}: can't be read ({error}); remove it") from error
