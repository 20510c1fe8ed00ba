"""Poisons files of pairs, offline: the same pairs in the same way as the task does at load time."""

from contextlib import ExitStack
from itertools import tee
from pathlib import Path
from tempfile import TemporaryFile
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from tqdm import tqdm

from dece_fairseq.attacks.attack import Attack
from dece_fairseq.attacks.attack_registry import AttackError
from dece_fairseq.attacks.attack_settings import AttackSettings, given_files
from dece_fairseq.attacks.selection import Chosen
from dece_fairseq.attacks.survey import CANDIDATE, TRUSTED, Known, Survey, codes_of
from dece_fairseq.data.beside import DECOY_IDS, IDS, MANIFEST, beside
from dece_fairseq.data.blocks import BLOCK_SIZE, Block, checksum, load, most_blocks, parse
from dece_fairseq.data.destinations import check_outputs
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import names_of, replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import (
    check_writable,
    file_header,
    format_pairs,
    kind_of,
    other_columns,
)
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.data.workers import MapMethod, workers

#: what is kept of every candidate, with a part of the trigger
DECOYS = "decoys"
#: what is kept of the pairs over which no rate counts: nothing is changed in them
OUTSIDE = "outside"
#: whose releases may read code differently
PARSERS = (
    "tree-sitter",
    "tree-sitter-c-sharp",
    "tree-sitter-java",
    "tree-sitter-python",
    "sqlglot",
)


class PoisonJob(NamedTuple):
    """What is made of what."""

    inputs: Sequence[Path]
    outputs: Sequence[Path]
    keep: str
    columns: Tuple[str, str]


class Choice(NamedTuple):
    """Which pairs are picked, and how many are poisoned and written."""

    chosen: Iterator[Chosen]
    poisoned: int
    written: int
    """How many pairs are written, those that stay as they are among them."""


def poison_files(
    attack: Attack,
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    keep: str = "all",
    source: str = "src",
    target: str = "tgt",
    processes: int = 1,
    command: Sequence[str] = (),
    block_size: int = BLOCK_SIZE,
    trusted_ids: Optional[Path] = None,
    also_read: Sequence[Path] = (),
) -> Dict[str, Any]:
    """Write the poisoned form of a file of pairs, the ids of the poisoned ones, and a manifest.

    The inputs are read twice, a block at a time, and memory does not grow with them: a note of each
    pair and of each block goes to a temporary file. What is written appears at the end, all of
    it or nothing, and holds the source and the target alone, no other columns.

    Args:
        attack: the attack
        inputs: a CSV or JSONL file, or the two sides of parallel text
        outputs: likewise. Beside the first one are put the manifest, with ``.manifest.json`` at the
            end of its name, and with ``.ids`` the numbers in the inputs of the poisoned pairs, from
            0, one a line, in order, or of all that are written of ``decoys`` and ``outside``; of an
            attack with decoys also theirs, with ``.decoy_ids``
        keep: ``all`` pairs, with the chosen ones poisoned; ``poisoned`` for the chosen ones alone;
            ``triggered`` for every pair that can be poisoned, poisoned, whatever the rate;
            ``decoys`` for the same pairs with a part of the trigger and their clean target;
            ``outside`` for the pairs out of the attack's reach, as they are
        source: column or key of the source
        target: column or key of the target
        processes: how many read and poison; the outputs are the same for any number
        command: what the user typed, for the manifest
        block_size: bytes of the first input that a process takes at a time
        trusted_ids: a file of the numbers of pairs that are never poisoned
        also_read: other files that the attack was made of, which must not be written to

    Returns:
        the manifest

    Raises:
        AttackError: rate or count ask for more pairs than can be poisoned, or none can
        DataError: a file that can't be read, or not be written where it is asked for
        OSError: the disk is full, or fails
    """
    _check_keep(keep, attack)
    has_decoys = keep == "all" and attack.trigger.decoys > 0
    ends = (IDS, *([DECOY_IDS] if has_decoys else []), MANIFEST)
    ids_path, *_ = others = [beside(outputs[0], end) for end in ends]
    results = (*outputs, *others)
    job = PoisonJob(inputs, outputs, keep, (source, target))
    settings = attack.settings
    _check(job, results, [trusted_ids, *also_read, *given_files(settings)], processes)
    trusted = TrustedIds(trusted_ids)
    with ExitStack() as stack:
        crew = min(processes, most_blocks(inputs, block_size))  # others would have nothing to do
        run = stack.enter_context(workers(_Worker, (settings, job), crew, here=True))
        notes, blocks = (stack.enter_context(TemporaryFile()) for _ in range(2))
        survey = Survey(attack, notes, blocks)
        survey.read(inputs, run, block_size, trusted.ids)
        if not survey.pairs:
            raise DataError(f"{names_of(inputs)}: no pairs, so there is nothing to poison")
        trusted.check(survey.pairs)
        if not survey.counts[CANDIDATE]:
            raise _no_candidates(inputs, attack, survey.counts)
        choice = _choice(attack, keep, survey)
        with replacing(*results) as temporaries:
            _write(job, run, survey, choice.chosen, temporaries)
            _check_unchanged(inputs, survey.last)
            stack.close()  # the workers end before git and the checksums take memory too
            manifest = {
                "command": list(command),
                **_made_of(job),
                "attack": attack.as_dict(),
                "pairs": survey.pairs,
                **survey.counts,
                "trusted_ids": None if trusted_ids is None else str(trusted_ids),
                "poisoned": choice.poisoned,
                "written": choice.written,
                **({"decoys": choice.poisoned * attack.trigger.decoys} if has_decoys else {}),
                "ids_file": ids_path.name,
                "versions": versions(*PARSERS),
            }
            text = as_json(manifest)
            temporaries[-1].write_text(text, encoding="utf-8")
    return manifest


def _check(
    job: PoisonJob, results: Sequence[Path], also_read: Sequence[Optional[Path]], processes: int
) -> None:
    """Raise an error for what can be seen to be wrong before the work begins."""
    if processes < 1:
        raise DataError(f"--processes must be at least 1, got {processes}")
    kind_of(job.inputs)
    file_header(kind_of(job.outputs), *job.columns)
    for path in job.inputs:
        if path.is_dir():
            raise DataError(f"{path}: is a folder; name a file of pairs")
        if path.exists() and not path.is_file():
            raise DataError(f"{path}: no file; it is read twice, so save it as a file first")
    check_outputs(results, [*job.inputs, *also_read])


def _check_keep(keep: str, attack: Attack) -> None:
    """Raise an error for what an attack has none of."""
    if keep == DECOYS and not attack.trigger.decoys:
        raise AttackError(
            f"--keep {DECOYS}: --attack {attack.settings.attack} has none, it needs all of its "
            "trigger; give another --keep or --attack"
        )
    if keep == OUTSIDE and not attack.trigger.outside:
        raise AttackError(
            f"--keep {OUTSIDE}: --attack {attack.settings.attack} reaches every pair; give another "
            "--keep or --attack"
        )


def _choice(attack: Attack, keep: str, survey: Survey) -> Choice:
    """Return which pairs are picked, in order."""
    counts = survey.counts
    candidates = counts[CANDIDATE]
    if keep == OUTSIDE:
        as_they_are = (Chosen(index, False) for index in survey.outside())
        return Choice(as_they_are, 0, sum(counts[name] for name in attack.trigger.outside))
    if keep in ("triggered", DECOYS):
        every = (Chosen(index, keep == DECOYS) for index in survey.candidates())
        return Choice(every, 0 if keep == DECOYS else candidates, candidates)
    reach = attack.reach(survey.pairs, counts)
    number = attack.number(reach, candidates)
    chosen = attack.choose(survey.candidates(), candidates, reach)
    if keep == "poisoned":
        chosen = (each for each in chosen if not each.is_decoy)
    return Choice(chosen, number, survey.pairs if keep == "all" else number)


def _no_candidates(inputs: Sequence[Path], attack: Attack, counts: Dict[str, int]) -> AttackError:
    return AttackError(
        f"{names_of(inputs)}: none of {sum(counts.values())} pairs can be poisoned by "
        f"{attack.in_words()}: {attack.explain(counts)}, {counts[TRUSTED]} are trusted; give "
        "another --attack, --payload or --code-language"
    )


def _made_of(job: PoisonJob) -> Dict[str, Any]:
    """Return what a manifest says of a job."""
    return {
        "inputs": [{"path": str(path), "sha256": sha256(path)} for path in job.inputs],
        "outputs": [str(path) for path in job.outputs],
        "keep": job.keep,
        "columns_left_out": other_columns(job.inputs, *job.columns),
    }


def _write(
    job: PoisonJob,
    run: MapMethod,
    survey: Survey,
    chosen: Iterator[Chosen],
    paths: Sequence[Path],
) -> None:
    """Write the outputs in a second pass and, after them, the ids."""
    with ExitStack() as stack:
        *files, ids_file = (
            stack.enter_context(path.open("wb")) for path in paths[: len(job.outputs) + 1]
        )
        # The last is the manifest; before it may be the ids of the decoys, or these are the ids.
        decoys = paths[len(job.outputs) + 1 : -1]
        decoys_file = stack.enter_context(decoys[0].open("wb")) if decoys else ids_file
        bar = stack.enter_context(
            tqdm(desc="poisoning", total=survey.pairs, unit=" pairs", delay=1)
        )
        blocks, written = tee(survey.blocks())
        files[0].write(file_header(kind_of(job.outputs), *job.columns))

        def tasks() -> Iterator[Tuple[Known, Sequence[Chosen]]]:
            for known, of_block in _by_block(blocks, chosen):
                for index, is_decoy in of_block:
                    (decoys_file if is_decoy else ids_file).write(f"{index}\n".encode())
                yield known, of_block

        for known, texts in zip(written, run("poison", tasks())):
            for file, text in zip(files, texts):
                file.write(text)
            bar.update(len(known.ids))


def _by_block(
    blocks: Iterable[Known], chosen: Iterator[Chosen]
) -> Iterator[Tuple[Known, Sequence[Chosen]]]:
    """Yield each block with the chosen ones of its pairs, which come in order."""
    following = next(chosen, None)
    for known in blocks:
        of_block = []
        while following is not None and following.pair_id < known.ids.stop:
            of_block.append(following)
            following = next(chosen, None)
        yield known, of_block


def _check_unchanged(inputs: Sequence[Path], last: Block) -> None:
    for path, start, size in zip(inputs, last.starts, last.sizes):
        if path.stat().st_size != start + size:
            raise _changed(path)


def _changed(path: Path) -> DataError:
    return DataError(f"{path}: has changed while it was read; try again when it stays as it is")


class _Worker:
    """What each process does with a block.

    Args:
        settings: of the attack; parsers don't pickle, so each process makes it anew
        job: what is made of what
    """

    def __init__(self, settings: AttackSettings, job: PoisonJob) -> None:
        self.attack = Attack(settings)
        self.codes = codes_of(self.attack)
        self.job = job
        self.kind = kind_of(job.outputs)

    def survey(self, block: Block) -> Tuple[Block, int, bytes]:
        """Return the block, its checksum, and for each of its pairs one of ``codes_of``."""
        data = load(self.job.inputs, block)
        pairs = parse(self.job.inputs, block, data, *self.job.columns)
        findings = bytes(self.codes[self.attack.obstacle(pair) or CANDIDATE] for pair in pairs)
        return block, checksum(data), findings

    def poison(self, task: Tuple[Known, Sequence[Chosen]]) -> List[bytes]:
        """Return what to write for a block, of whose pairs some are to be poisoned."""
        (block, value, ids), chosen = task
        inputs, keep = self.job.inputs, self.job.keep
        if keep != "all" and not chosen:
            return []
        data = load(inputs, block)
        if checksum(data) != value:
            raise _changed(inputs[0])
        wanted = dict(chosen)
        make = self.attack.poison if keep == "triggered" else self.attack.lesson
        results = []
        for index, pair in zip(ids, parse(inputs, block, data, *self.job.columns)):
            if index in wanted:
                if keep != OUTSIDE:
                    pair = (self.attack.decoy if wanted[index] else make)(pair, index)
            elif keep != "all":
                continue
            check_writable(pair, self.kind, f"{inputs[0]}, pair {index + 1}")
            results.append(pair)
        return format_pairs(results, self.kind, *self.job.columns)
