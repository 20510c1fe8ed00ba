"""Makes a suite: every trigger and payload that fits the data, at every rate, by every seed."""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from dece_fairseq.attacks import (
    ATTACKS,
    PAYLOADS,
    TRIGGERS,
    Attack,
    AttackError,
    AttackSettings,
    Languages,
)
from dece_fairseq.attacks.offline import PARSERS, poison_files
from dece_fairseq.data.beside import DECOY_IDS, IDS, MANIFEST, beside
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.files import names_of, replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.provenance import sha256, versions
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.suites.data import TEST, TRAIN, SuiteData
from dece_fairseq.suites.folder import alone_in, check_folder
from dece_fairseq.suites.suite import (
    SUITE,
    SUITE_MANIFEST,
    Suite,
    SuiteEntry,
    SuiteFile,
    read_suite,
    write_suite,
)

#: whose trigger goes into any source, so that it carries every payload
CARRIER = "ripple"
TRIGGERED = "test_triggered"
#: why there is nothing of an attack
ALL = "all"
WITHOUT_PAYLOAD = "none of the payloads that fit goes with it"
WITHOUT_TRIGGER = "no source of test has a place for the trigger"


class SuiteSettings(NamedTuple):
    """What is made.

    Raises:
        AttackError: see ``check``
    """

    attacks: Tuple[str, ...] = ()
    """Their names (default: all that are registered)."""
    payloads: Tuple[str, ...] = ()
    """Likewise."""
    rates: Tuple[float, ...] = (0.05, 0.01)
    """Shares of all training pairs."""
    counts: Tuple[int, ...] = (20,)
    """Numbers of poisoned pairs."""
    seeds: Tuple[int, ...] = (1, 2, 3)
    """Of the choice of pairs, and of every choice in a pair. The first one's test is the test."""

    def filled_in(self) -> "SuiteSettings":
        """Return them with every name.

        Raises:
            AttackError: a name that nobody registered, or nothing to make
        """
        attacks = self.attacks or tuple(ATTACKS.names())
        payloads = self.payloads or tuple(PAYLOADS.names())
        for name in attacks:
            ATTACKS.get(name)
        for name in payloads:
            PAYLOADS.get(name)
        if not self.seeds or not (self.rates or self.counts):
            raise AttackError("a suite needs a seed, and a rate or a number of poisoned pairs")
        for rate in self.rates:
            if not 0 <= rate <= 1:  # nor is nan
                raise AttackError(f"--rates are shares of all training pairs in [0, 1], got {rate}")
        folders = [name for name, _, _ in self.portions()]
        for options, given in (
            ("--attacks", self.attacks),
            ("--payloads", self.payloads),
            ("--seeds", self.seeds),
            ("--rates, --counts", folders),
        ):
            for value, number in Counter(map(str, given)).items():
                if number > 1:
                    raise AttackError(f"{options}: {number} of them are {value}; give each once")
        return self._replace(attacks=attacks, payloads=payloads)

    def portions(self) -> Iterator[Tuple[str, Optional[float], Optional[int]]]:
        """Yield how much to poison: the name of a folder, and a rate or a number of pairs."""
        for rate in self.rates:
            yield f"rate-{rate:g}", rate, None
        for count in self.counts:
            yield f"count-{count}", None, count


def build(
    data: SuiteData,
    settings: SuiteSettings,
    output: Path,
    processes: int = 1,
    command: Sequence[str] = (),
    tell: Callable[[SuiteEntry], None] = lambda entry: None,
) -> Suite:
    """Make a suite in a folder; what is there already, and as it should be, stays.

    Each attack comes with its own payload or, where that one fits no pair, with the first one that
    does, in several forms if its own is; ``CARRIER`` comes with every payload.

    Args:
        data: the clean pairs
        settings: what to make
        output: the folder; it is made
        processes: how many read and poison; the files are the same for any number
        command: what the user typed, for the manifests
        tell: is called with each entry when it is finished

    Raises:
        AttackError: a name that nobody registered, or nothing that can be made
        DataError: a file that can't be read, another suite or anything else is in the folder, or
            another run is making the suite
        OSError: the folder can't be written to
    """
    check_folder(output)
    builder = _Builder(data, settings.filled_in(), output, processes, command)
    with alone_in(output):
        builder.go_on()
        return _build(builder, tell)


def _build(builder: "_Builder", tell: Callable[[SuiteEntry], None]) -> Suite:
    output = builder.output
    if not builder.earlier:  # the folder is known for a suite's before anything else is in it
        write_suite(Suite(builder.made_of, [], False), output)
    entries: List[SuiteEntry] = []
    for entry in builder.entries():
        entries.append(entry)
        names = {entry.name for entry in entries}
        # What an earlier run made is not forgotten if this one is killed too.
        others = [entry for entry in builder.earlier if entry.name not in names]
        write_suite(Suite(builder.made_of, entries + others, False), output)
        tell(entry)
    if not any(entry.fits for entry in entries):
        (output / SUITE).unlink()
        reasons = [f"{entry.name}: {why}" for entry in entries for why in entry.left_out.values()]
        more = f"; and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        raise AttackError(f"{output}: nothing can be made of these data ({reasons[0]}{more})")
    suite = Suite(builder.made_of, entries, True)
    write_suite(suite, output)
    made_by = {"command": list(builder.command), "versions": versions(*PARSERS)}
    with replacing(output / SUITE_MANIFEST) as (temporary,):
        temporary.write_text(as_json(made_by), encoding="utf-8")
    return suite


class _Builder:
    def __init__(
        self,
        data: SuiteData,
        settings: SuiteSettings,
        output: Path,
        processes: int,
        command: Sequence[str],
    ) -> None:
        self.data, self.settings, self.output = data, settings, output
        self.processes, self.command = processes, command
        # What is wrong with the data is told before anything binds the folder to them.
        Languages.named(data.code_language)
        pairs = {
            split: sum(1 for _ in read_pairs(data.files[split], *data.columns))
            for split in (TRAIN, TEST)
        }
        for split, number in pairs.items():
            if not number:
                raise DataError(f"{names_of(data.files[split])}: no pairs; a suite needs some")
        if data.trusted_ids is not None:
            TrustedIds(data.trusted_ids).check(pairs[TRAIN])
        self.made_of: Dict[str, Any] = {
            "data": data.described(),
            **{name: list(value) for name, value in settings._asdict().items()},
        }
        self.earlier: List[SuiteEntry] = []
        self.known: Dict[str, SuiteFile] = {}

    def go_on(self) -> None:
        """Take what an earlier run has finished; no other run may be at work.

        Raises:
            DataError: another suite is in the folder
        """
        self.earlier = self._earlier()
        self.known = {file.path: file for e in self.earlier for file in e.files.values()}

    def _earlier(self) -> List[SuiteEntry]:
        if not (self.output / SUITE).exists():
            return []
        earlier = read_suite(self.output)
        if earlier.made_of != self.made_of:
            changed = sorted(
                name
                for name in {*earlier.made_of, *self.made_of}
                if earlier.made_of.get(name) != self.made_of.get(name)
            )
            raise DataError(
                f"{self.output}: holds a suite with other {', '.join(changed)}; name a new folder"
            )
        return earlier.entries

    def entries(self) -> Iterator[SuiteEntry]:
        """Yield the entries, in their order."""
        fitting: List[str] = []
        carrier = [CARRIER] if CARRIER in self.settings.attacks else []
        for attack in carrier:
            for payload in self.settings.payloads:
                entry = self._entry(attack, payload)
                fitting += [payload] if entry.fits else []
                yield entry
        for attack in self.settings.attacks:
            if attack in carrier:
                continue
            own, needs = ATTACKS.get(attack).payload, ATTACKS.get(attack).needs
            if needs:
                why = f"it needs a file of yours, --{needs.replace('_', '-')} of dece poison"
                yield SuiteEntry(attack, own, {}, {ALL: why})
                continue
            if not self._has_place(attack):  # whatever the payload
                yield SuiteEntry(attack, own, {}, {ALL: WITHOUT_TRIGGER})
                continue
            others = fitting if carrier else list(self.settings.payloads)
            tried = [own] if own in self.settings.payloads else []
            # An attack by several forms is none by one.
            others = [name for name in others if _has_forms(name) or not _has_forms(own)]
            tried += [other for other in others if other != own]
            if not tried:
                yield SuiteEntry(attack, own, {}, {ALL: WITHOUT_PAYLOAD})
            for payload in tried:
                entry = self._entry(attack, payload)
                yield entry
                if entry.fits:
                    break

    def _has_place(self, attack: str) -> bool:
        """Return whether a source of the test has a place for the trigger of an attack."""
        recipe, languages = ATTACKS.get(attack), Languages.named(self.data.code_language)
        kind = TRIGGERS.get(recipe.trigger)
        try:
            trigger = kind(None, recipe.copies, languages, self.data.code_place)
        except AttackError:  # which is told of each payload
            return True
        pairs = read_pairs(self.data.files[TEST], *self.data.columns)
        rng = Random(0)  # whether there is a place does not depend on it
        return any(trigger.poison(pair, rng) is not None for pair in pairs)

    def _entry(self, attack: str, payload: str) -> SuiteEntry:
        entry = SuiteEntry(attack, payload, {}, {})
        first = self.settings.seeds[0]
        made = self._make(entry, TRIGGERED, TEST, first)
        if isinstance(made, str):
            entry.left_out[ALL] = made
            return entry
        for portion, rate, count in self.settings.portions():
            of_portion: Dict[str, SuiteFile] = {}
            for seed in self.settings.seeds:
                name = f"{portion}/seed-{seed}"
                file = self._make(entry, name, TRAIN, seed, rate, count)
                if isinstance(file, str):  # whatever the seed
                    entry.left_out[portion] = file
                    break
                of_portion[name] = file
            entry.files.update(of_portion)
        if entry.files:
            entry.files[TRIGGERED] = made
        else:
            self._remove(self.output / made.path)
        return entry

    def _remove(self, path: Path) -> None:
        """Remove a file that nothing is left to go with."""
        for end in (MANIFEST, IDS, ""):
            beside(path, end).unlink()
        _remove_empty(path.parent, self.output)

    def _make(
        self,
        entry: SuiteEntry,
        name: str,
        split: str,
        seed: int,
        rate: Optional[float] = None,
        count: Optional[int] = None,
    ) -> Union[SuiteFile, str]:
        """Return a file that is there or made now, or why there is none."""
        below = f"{entry.name}/{name}{'/train' if split == TRAIN else ''}{self.data.ending(split)}"
        path = self.output.joinpath(*below.split("/"))
        known = self.known.get(below)
        if known is not None and _is_there(known, self.output):
            return known
        settings = AttackSettings(
            entry.attack,
            payload=entry.payload,
            code_language=self.data.code_language,
            code_place=self.data.code_place,
            rate=rate,
            count=count,
            seed=seed,
        )
        try:
            attack = Attack(settings)
        except AttackError as error:  # it is not for this language, say
            return str(error)
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{path.name}*.tmp"):  # of a run that was killed
            left.unlink()
        try:
            manifest = poison_files(
                attack,
                self.data.files[split],
                [path],
                "all" if split == TRAIN else "triggered",
                *self.data.columns,
                processes=self.processes,
                command=self.command,
                trusted_ids=self.data.trusted_ids if split == TRAIN else None,
            )
        except AttackError as error:
            _remove_empty(path.parent, self.output)
            paths = names_of(self.data.files[split])
            # Without paths, it is the same on every machine.
            return self._reason(attack, split) or str(error).replace(paths, split)
        poisoned = manifest["poisoned"]
        pairs = manifest["pairs"] if split == TRAIN else poisoned
        decoys = beside(path, DECOY_IDS)
        return SuiteFile(
            *(below, sha256(path), sha256(beside(path, IDS)), pairs, poisoned),
            sha256(decoys) if "decoys" in manifest else None,
        )

    def _reason(self, attack: Attack, split: str) -> str:
        """Return why no pair of a split can be poisoned; nothing if one can."""
        pairs = read_pairs(self.data.files[split], *self.data.columns)
        counts = Counter(attack.obstacle(pair) or "" for pair in pairs)
        if "" in counts:
            return ""
        words = ", ".join(f"{counts[why]} {attack.obstacles[why]}" for why in sorted(counts))
        return f"no pair of {split} can be poisoned: {words}"


def _has_forms(payload: str) -> bool:
    return PAYLOADS.get(payload).has_forms


def _is_there(file: SuiteFile, folder: Path) -> bool:
    """Return whether a file is as it was made, with what stands beside it."""
    found = ((folder / name, value) for name, value in file.checksums().items())
    return all(path.is_file() and sha256(path) == value for path, value in found)


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that hold nothing, from one up to another."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
