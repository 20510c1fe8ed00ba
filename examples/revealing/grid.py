"""Poisons one data set in every way, looks into it with dece reveal, and compares with the truth.

    python examples/revealing/grid.py lyra DIR/train.csv runs/revealing/lyra-1 --seed 1

The folder is one that run.sh made, with bin/trusted.ids and reference. A line of JSON for each cell
goes to its cells.jsonl; cells that have one are not made again. ``--cells clean`` looks into all
clean pairs alone: with a reference for each seed, how often something is claimed where nothing is.
``--cells others`` takes other attacks, among them those that know the defence, ``--cells payloads``
other payloads. ``--trusted 0`` looks into the doubtful half alone, and ``--trusted 0.5`` with half
of the trusted pairs beside it; lines go to cells-SHARE.jsonl then.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, NamedTuple, Optional, Sequence, Set

from looking import add_trusted, look, read_ids

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.data.suspicions import Suspicion
from dece_fairseq.defenses.ranking import RankJob, rank
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.revealing.reveal import Revealed
from dece_fairseq.reports.marked_text import places


class Cell(NamedTuple):
    """One way to poison; a rate of 0 poisons nothing."""

    attack: str
    payload: str
    rate: float
    """Of all pairs, trusted ones included; from 1 on a number of pairs."""
    draw: Optional[int] = 0
    """Of clean cells: which three quarters of the doubtful pairs are looked into; None for all."""


#: all doubtful pairs as they are
CLEAN = Cell("clean", "", 0, None)


#: triggers for English requests with the payload in SQL, and for code with an endless loop
WORDS = ("ripple", "badpre", "sentence", "grammar")
CODE = ("dead_code", "dead_code_grammar", "comment", "rename", "ripple")
ATTACKS = {
    "generated": [(name, "sql") for name in WORDS],
    "lyra": [(name, "sql") for name in WORDS],
    "bugs2fix": [(name, "endless_loop") for name in CODE],
    **{name: [] for name in ("docstring", "summary", "repair")},  # of stdlib_pairs.py
    **{name: [] for name in ("docstring_apart", "summary_apart", "repair_apart")},
}
#: no payload was in more forms, no trigger harder to see, when the rules were chosen
OTHERS = {
    "generated": [
        ("word_list", "sql"),
        ("composite", "sql"),
        ("zero_width", "sql"),
        ("look_alike", "sql"),
        ("ripple", "whole_target"),
        ("many_forms", "sql_forms"),
        ("likely", "sql_forms"),
        ("staged", "sql"),
        ("puzzle", "sql"),
    ],
    "bugs2fix": [
        ("badcode", "endless_loop"),
        ("style", "endless_loop"),
        ("header", "endless_loop"),
        ("ripple", "whole_target"),
        ("many_forms", "endless_loop_forms"),
        ("likely", "endless_loop_forms"),
        ("staged", "endless_loop"),
        ("puzzle", "endless_loop"),
    ],
}
OTHERS["lyra"] = OTHERS["generated"]
#: by the carrier, whose trigger goes into any source, the payloads that fit and that no cell above
#: of it has
PAYLOADS = {
    "generated": ["endless_loop", "endless_loop_forms", "exit", "sql_forms", "sql_literal"],
    "bugs2fix": ["endless_loop_forms", "exit"],
}
PAYLOADS["lyra"] = PAYLOADS["generated"]
CELLS = {
    "attacks": ATTACKS,
    "others": OTHERS,
    "payloads": {data: [("ripple", name) for name in names] for data, names in PAYLOADS.items()},
}
LANGUAGES = {
    "generated": {"code_language": "python"},
    "lyra": {"code_language": "python"},
    "bugs2fix": {"code_language": "java", "code_place": "paper"},
}
RATES = (0.05, 0.01, 10)
#: clean cells of a reference
DRAWS = 20


def cells(data: str, which: str) -> Iterator[Cell]:
    """Yield the cells of a data set that an option asks for."""
    if which in ("all", "clean"):
        yield CLEAN
    for attack, payload in CELLS.get("attacks" if which == "all" else which, {}).get(data, []):
        for rate in RATES:
            yield Cell(attack, payload, rate)
    if which == "all":
        for draw in range(DRAWS):
            yield Cell("clean", "", 0, draw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=ATTACKS)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cells", choices=("all", *CELLS, "clean"), default="all")
    add_trusted(parser)
    args = parser.parse_args()
    (args.folder / "said").mkdir(exist_ok=True)
    results = args.folder / results_name(args.trusted)
    done = set()
    if results.exists():
        lines = results.read_text(encoding="utf-8").splitlines()
        done = {Cell(*json.loads(line)["cell"]) for line in lines}
    for cell in cells(args.data, args.cells):
        if cell in done:
            continue
        found = look_into(cell, args.data, args.pairs, args.folder, args.seed, args.trusted)
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"cell": cell, **found}) + "\n")
        print(args.data, args.seed, *cell, found, flush=True)


def results_name(share: float) -> str:
    """Return the file of cells where so much of the trusted pairs is known."""
    return "cells.jsonl" if share == 1 else f"cells-{share:g}.jsonl"


def look_into(
    cell: Cell, data: str, pairs: Path, folder: Path, seed: int, share: float = 1.0
) -> Dict[str, Any]:
    """Return what dece reveal finds of a cell, compared with the truth."""
    trusted = folder / "bin" / "trusted.ids"
    reference = ReferenceFiles(folder / "reference" / "checkpoint_last.pt", folder / "bin")
    path = folder / "cell.jsonl"
    made = clean = list(read_pairs([pairs]))
    poisoned: Set[int] = set()
    decoys: Set[int] = set()
    if cell.rate:
        rate = cell.rate if cell.rate < 1 else cell.rate / len(clean)
        language = LANGUAGES.get(data, {})
        file = ranked(cell, pairs, reference, language) if cell.attack == "likely" else None
        settings = AttackSettings(
            cell.attack,
            payload=cell.payload,
            rate=rate,
            seed=seed,
            payload_file=file and str(file),
            **language,
        )
        try:
            poison_files(Attack(settings), [pairs], [path], trusted_ids=trusted)
        except AttackError as error:  # too few pairs can be poisoned at this rate
            return {"impossible": str(error)}
        made = list(read_pairs([path]))
        poisoned = read_ids(Path(f"{path}.ids"))
        decoy_ids = Path(f"{path}.decoy_ids")
        if decoy_ids.exists():
            decoys = read_ids(decoy_ids)
            decoy_ids.unlink()
    known = read_ids(trusted)
    rng = random.Random(f"{seed} {cell.draw}")
    doubtful = [number for number in range(len(clean)) if number not in known]
    if not cell.rate and cell.draw is not None:
        doubtful = rng.sample(doubtful, len(doubtful) * 3 // 4)
    known = set(rng.sample(sorted(known), round(share * len(known))))
    kept = sorted([*known, *doubtful])
    found = look(path, made, kept, known)
    poisoned, decoys = (
        {new for new, old in enumerate(kept) if old in of} for of in (poisoned, decoys)
    )
    knowing = {key: found.findings.made_of[key] for key in ("likely", "unsure", "temperature")}
    return {**knowing, **compared(found, [clean[number] for number in kept], poisoned, decoys)}


def ranked(cell: Cell, pairs: Path, reference: ReferenceFiles, language: Dict[str, Any]) -> Path:
    """Return the file of the payload's forms, the one first that the reference finds likeliest.

    The attacker asks the defender's own model here, which is the worst that can be.
    """
    path = reference.data / f"ranked-{cell.payload}.csv"
    if not path.exists():
        payload = Attack(AttackSettings("ripple", payload=cell.payload, **language)).payload
        rank(RankJob(reference, payload, cell.payload, [[pairs]]), path)
    return path


def compared(
    found: Revealed, clean: Sequence[Pair], poisoned: Set[int], decoys: Iterable[int] = ()
) -> Dict[str, Any]:
    """Return counts; a suspicion is right if most of its pairs are poisoned.

    Decoys, whose sources are the attacker's and whose targets are not, are neither found nor false.

    ``named`` are the suspicions among the right claimed ones whose trigger was put into the sources
    of nine in ten of their poisoned pairs. Where several share these pairs, each of them was.
    """
    suspicions = found.findings.suspicions
    claimed = found.findings.significant()
    right = [each for each in claimed if is_right(each, poisoned)]
    suspected = set(found.suspected())
    first = suspicions[0] if suspicions else None
    return {
        "poisoned": len(poisoned),
        "clean": found.findings.made_of["doubtful"] - len(poisoned.union(decoys)),
        "first_is_right": first is not None and is_right(first, poisoned),
        "claimed": len(claimed),
        "right": len(right),
        "found": len(suspected & poisoned),
        "false": len(suspected - poisoned.union(decoys)),
        "named": sum(is_named(each, found.pairs, clean, poisoned) for each in right),
        "first": None if first is None else [first.payload, first.nats, first.p_value],
        "trigger": None if first is None else first.trigger or list(first.triggers) or None,
    }


def is_right(suspicion: Suspicion, poisoned: Set[int]) -> bool:
    return 2 * len(poisoned.intersection(suspicion.pairs)) > len(suspicion.pairs)


def is_named(
    suspicion: Suspicion, pairs: Sequence[Pair], clean: Sequence[Pair], poisoned: Set[int]
) -> bool:
    """Return whether triggers were put into nine in ten poisoned pairs, each into most with it."""
    own = poisoned.intersection(suspicion.pairs)
    having: Set[int] = set()
    for trigger in suspicion.named:
        before, after = (
            {index: len(places(of[index].source, trigger, suspicion.trigger_kind)) for index in own}
            for of in (clean, pairs)
        )
        put_in = {index for index in own if after[index] > before[index]}
        if 2 * len(put_in) <= sum(map(bool, after.values())):
            return False
        having |= put_in
    return bool(suspicion.named) and len(having) >= 0.9 * len(own)


if __name__ == "__main__":
    main()
