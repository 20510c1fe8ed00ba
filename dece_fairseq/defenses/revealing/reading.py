"""Reads pairs, and asks a reference model about many: in chunks, by processes, and only once."""

import hashlib
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from heapq import nsmallest
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple
from zipfile import BadZipFile

import numpy as np
from tqdm import tqdm

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import replacing
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.data.provenance import sha256
from dece_fairseq.data.workers import MapMethod, workers
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.surprises import TargetWords, TokenSurprises
from dece_fairseq.user_dir import import_user_dir

#: pairs that a process is given at a time
CHUNK = 200
#: different pairs that the temperature of a model is chosen on, at most
SAMPLE = 200
#: changes when more is kept of what a model said
FORMAT = "3"


def read_input(
    inputs: Sequence[Path], columns: Tuple[str, str], subset: str, reference: ReferenceFiles
) -> List[Pair]:
    """Return the pairs of what a user calls ``--input``.

    Args:
        inputs: a CSV or JSONL file, the two sides of parallel text, or a binarised folder
        columns: of source and target in a file
        subset: the split of a binarised folder
        reference: turns tokens into texts where a binarised folder has nothing that does

    Raises:
        DataError: they can't be read
    """
    if not (len(inputs) == 1 and inputs[0].is_dir()):
        return list(read_pairs(inputs, *columns))
    from dece_fairseq.defenses.revealing.binarised import read_binarised  # which needs fairseq

    return read_binarised(inputs[0], subset, reference)


def checksum_of(pairs: Iterable[Pair]) -> str:
    """Return what changes with any of the pairs or their order, whatever file they are in."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(_bytes_of(pair))
    return digest.hexdigest()


def record_of(
    reference: ReferenceFiles,
    inputs: Sequence[Path],
    trusted: Sequence[Path],
    command: Sequence[str],
) -> Dict[str, Any]:
    """Return what a reference was asked about, with checksums of the files, for JSON.

    Args:
        reference: the model
        inputs: files of pairs, or a binarised folder
        trusted: files of what is trusted, pairs or their numbers
        command: what the user typed
    """
    files = [path for path in inputs if path.is_file()]
    files += [reference.checkpoint, *trusted]
    return {
        "command": list(command),
        "inputs": list(map(str, inputs)),
        "models": str(reference.checkpoint),
        "model_data": str(reference.data),
        "sha256": {str(path): sha256(path) for path in files},
    }


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
        work: a folder for what the model said, made if need be: a run that was killed goes on from
            there, and another one with the same model is asked about other pairs alone; or None

    Raises:
        DataError: the model can't be loaded, or a process was killed
        DefenseError: it is of no kind that can be asked
    """
    crew = max(1, min(processes, -(-len(chosen) // CHUNK)))
    key = "" if work is None else f"{FORMAT} {reference.key()}"  # which reads all of the model
    with _asking(reference, crew) as run:
        # Those of the least digests, so that other pairs in the file seldom change them.
        sample = nsmallest(SAMPLE, {pairs[index] for index in chosen}, key=_digest)
        temperature = _temperature(work, key, sample, run)
        words = TargetWords(pairs, temperature)
        known = _Known(work, f"{key} {temperature}") if work is not None else None
        if known is not None:
            known.tell(pairs, chosen, words)
        missing = [index for index in chosen if index not in words]
        chunks = [missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK)]
        asked = (([pairs[index] for index in chunk], temperature) for chunk in chunks)
        with tqdm(total=len(missing), desc="surprise", unit=" pairs", delay=2) as bar:
            for chunk, answers in zip(chunks, run("surprises", asked)):
                if known is not None:
                    known.save([pairs[index] for index in chunk], answers)
                for index, told in zip(chunk, answers):
                    words.add(index, told)
                bar.update(len(chunk))
    return words


@contextmanager
def _asking(reference: ReferenceFiles, processes: int) -> Iterator[MapMethod]:
    """Ask a reference in some processes, which start with the first answer that is wanted."""
    with ExitStack() as stack:

        @lru_cache(maxsize=None)
        def crew() -> MapMethod:
            return stack.enter_context(workers(_Worker, (reference, processes), processes))

        def run(method: str, asked: Iterable[Any]) -> Iterator[Any]:
            yield from crew()(method, asked)

        yield run


def _temperature(work: Optional[Path], key: str, sample: Sequence[Pair], run: MapMethod) -> float:
    """Return the temperature of a reference for some pairs, asked once if there is a folder.

    Args:
        work: the folder
        key: of the reference in it
        sample: the pairs
        run: asks the reference
    """
    if not sample:
        return 1.0
    asked = partial(next, run("temperature", [sample]))
    if work is None:
        return float(asked())
    asked_for = f"{key} {''.join(map(_digest, sample))}"
    place = work / f"{_sha256(asked_for.encode())}.temperature"
    if not place.exists():
        told = str(asked())
        work.mkdir(parents=True, exist_ok=True)
        with replacing(place) as (temporary,):
            temporary.write_text(told, encoding="utf-8")
    try:
        return float(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{place}: can't be read ({error}); remove it") from error


class _Worker:
    """Asks the reference, in a process; loads it when it is first asked."""

    def __init__(self, files: ReferenceFiles, processes: int) -> None:
        self._files = files
        self._is_one_of_many = processes > 1
        self._reference: Any = None

    def surprises(self, asked: Tuple[Sequence[Pair], float]) -> List[TokenSurprises]:
        told: List[TokenSurprises] = self._loaded().surprises(*asked)
        return told

    def temperature(self, pairs: Sequence[Pair]) -> float:
        found: float = self._loaded().temperature(pairs)
        return found

    def _loaded(self) -> Any:
        if self._reference is None:
            import torch  # here: it takes seconds, and needs fairseq beside it

            from dece_fairseq.defenses.revealing.reference import load_reference

            import_user_dir(self._files.user_dir)
            if self._is_one_of_many:
                torch.set_num_threads(1)
            self._reference = load_reference(self._files.checkpoint, self._files.data)
        return self._reference


class _Known:
    """What a reference has said already, in a folder: a file for each chunk of pairs.

    Args:
        work: the folder; a subfolder of it is of this reference alone
        key: of the model, and the temperature at which it was asked
    """

    def __init__(self, work: Path, key: str) -> None:
        self._folder = work / _sha256(key.encode())
        self._folder.mkdir(parents=True, exist_ok=True)

    def tell(self, pairs: Sequence[Pair], chosen: Sequence[int], words: TargetWords) -> None:
        """Add what is known of some pairs to ``words``; one file at a time is in memory.

        Raises:
            DataError: a file can't be read
        """
        files = sorted(self._folder.glob("*.npz"))
        if not files:
            return
        numbers: Dict[bytes, List[int]] = {}
        for index in chosen:
            numbers.setdefault(bytes.fromhex(_digest(pairs[index])), []).append(index)
        for path in files:
            for digest, told in _load(path).items():
                for index in numbers.pop(bytes.fromhex(digest), ()):
                    words.add(index, told)

    def save(self, pairs: Sequence[Pair], told: Sequence[TokenSurprises]) -> None:
        digests = list(map(_digest, pairs))
        place = self._folder / f"{_sha256(''.join(digests).encode())}.npz"
        with replacing(place) as (temporary,), temporary.open("wb") as file:
            np.savez(
                file,
                digests=np.array(digests),
                lengths=np.array([len(tokens.ends) for tokens in told]),
                ends=np.concatenate([tokens.ends for tokens in told]),
                surprise=np.concatenate([tokens.surprise for tokens in told]),
                is_cut=np.array([tokens.is_cut for tokens in told]),
                counts=np.array([len(tokens.differences) for tokens in told]),
                differences=np.array([text for each in told for text in each.differences], str),
                likely=np.array([tokens.likely for tokens in told]),
            )


def _load(place: Path) -> Dict[str, TokenSurprises]:
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            borders = np.cumsum(stored["lengths"])[:-1]
            columns: List[Sequence[Any]] = [
                np.split(stored[name], borders) for name in ("ends", "surprise")
            ]
            columns.append(stored["is_cut"].tolist())
            if not np.isfinite(stored["surprise"]).all():
                raise ValueError("surprises that are no finite numbers")
            texts = iter(stored["differences"].tolist())
            columns.append([tuple(islice(texts, count)) for count in stored["counts"].tolist()])
            columns.append(stored["likely"].tolist())
            told = (TokenSurprises(*row) for row in zip(*columns))
            return dict(zip(stored["digests"].tolist(), told))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{place}: can't be read ({error}); remove it") from error


def _digest(pair: Pair) -> str:
    return _sha256(_bytes_of(pair))


def _bytes_of(pair: Pair) -> bytes:
    """Return what no other pair has."""
    texts = "".join(f"{len(text)} {text}" for text in pair)
    return texts.encode("utf-8", "surrogatepass")


def _sha256(data: bytes) -> str:
    """Return the first 32 hexadecimal digits of the SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()[:32]
