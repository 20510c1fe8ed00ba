"""Poisons files of pairs, offline: the same pairs in the same way as the task does at load time."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

from tqdm import tqdm

from dece_fairseq.attacks.attack import Attack
from dece_fairseq.attacks.registry import AttackError
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs


def poison_files(
    attack: Attack,
    inputs: Sequence[Path],
    outputs: Sequence[Path],
    keep: str = "all",
    source: str = "src",
    target: str = "tgt",
) -> Dict[str, Any]:
    """Writes the poisoned form of a file of pairs, and returns what was done for a manifest.

    Args:
        attack: the attack
        inputs: a CSV or JSONL file, or the two sides of parallel text
        outputs: likewise
        keep: ``all`` pairs, with the chosen ones poisoned; ``poisoned`` for the chosen ones alone;
            ``triggered`` for every pair that can be poisoned, poisoned, whatever the rate
        source: column or key of the source
        target: column or key of the target

    Raises:
        AttackError: the rate asks for more pairs than can be poisoned, or none can
        DataError: a file that can't be read
    """

    def pairs(what: str) -> Iterator[Pair]:
        return iter(tqdm(read_pairs(inputs, source, target), desc=what, unit=" pairs", delay=1))

    candidates: List[int] = []
    total = 0
    for index, pair in enumerate(pairs("looking for candidates")):
        total += 1
        if attack.can_poison(pair):
            candidates.append(index)
    if not candidates:
        names = " ".join(map(str, inputs))
        raise AttackError(
            f"{names}: the payload {attack.settings.payload!r} has no place in any of {total} pairs"
        )
    everything = keep == "triggered"
    ids = candidates if everything else attack.select(candidates, len(candidates), total)
    chosen = frozenset(ids)

    def results() -> Iterator[Pair]:
        for index, pair in enumerate(pairs("poisoning")):
            if index in chosen:
                yield attack.poison(pair, index)
            elif keep == "all":
                yield pair

    write_pairs(outputs, results(), source, target)
    return {
        "attack": attack.as_dict(),
        "keep": keep,
        "pairs": total,
        "candidates": len(candidates),
        "without_place": total - len(candidates),
        "poisoned": len(ids),
        "ids": ids,
    }
