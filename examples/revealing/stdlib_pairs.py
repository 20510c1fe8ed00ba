"""Makes pairs of the functions of the Python that runs this: a data set that dece never saw.

    python examples/revealing/stdlib_pairs.py docstring pairs.csv --pairs 2000 --seed 1

Tasks: ``docstring`` asks by the first line of a docstring for the function, ``summary`` the other
way round, ``repair`` gives the function with one mistake in it. Each version of Python gives other
pairs; ``--root DIR`` takes the functions of another folder. With ``--apart DIR`` the first half of
the pairs are of the files that come first in the library, and the second of the others: as where
trusted pairs are of another project. The first half goes to DIR/trusted.csv too, and its numbers to
DIR/trusted.ids.
"""

import argparse
import ast
import random
import re
import sysconfig
from pathlib import Path
from textwrap import dedent
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional

from dece_fairseq.data.pairs import Pair, write_pairs

#: folders whose code is no part of the library, or is broken on purpose
LEFT_OUT = frozenset(["site-packages", "test", "tests", "lib2to3", "idlelib"])
#: characters and lines of a function, without its docstring
MOST_CHARACTERS, LEAST_LINES = 500, 2
#: what a mistake makes of code
MISTAKES = {
    " == ": " != ",
    " is None": " is not None",
    " not in ": " in ",
    " and ": " or ",
    "True": "False",
    "False": "True",
    "[0]": "[1]",
    " + ": " - ",
    " < ": " <= ",
    "return ": "yield ",
}


class Function(NamedTuple):
    """A function of the standard library."""

    line: str
    """The first of its docstring."""
    code: str
    """Its source without that."""


def functions(root: Path) -> Iterator[Function]:
    """Yield the functions under a folder that have a docstring, in the order of their files."""
    for path in sorted(root.rglob("*.py")):
        if LEFT_OUT.intersection(path.relative_to(root).parts):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
        except (UnicodeDecodeError, SyntaxError):  # of another encoding, or a template
            continue
        lines = text.splitlines()
        for node in ast.walk(tree):
            function = _function(node, lines) if isinstance(node, ast.FunctionDef) else None
            if function is not None:
                yield function


def _function(node: ast.FunctionDef, lines: List[str]) -> Optional[Function]:
    docstring = (ast.get_docstring(node) or "").strip()
    first = node.body[0]
    if not docstring or len(node.body) < 2 or node.body[1].lineno == first.end_lineno:
        return None
    assert first.end_lineno is not None
    kept = lines[node.lineno - 1 : first.lineno - 1] + lines[first.end_lineno : node.end_lineno]
    code = dedent("\n".join(line for line in kept if line.strip())).strip()
    if len(code) > MOST_CHARACTERS or code.count("\n") + 1 < LEAST_LINES:
        return None
    return Function(docstring.splitlines()[0].strip(), code)


def docstring(function: Function, rng: random.Random) -> Pair:
    return Pair(function.line, function.code)


def summary(function: Function, rng: random.Random) -> Pair:
    return Pair(function.code, function.line)


def repair(function: Function, rng: random.Random) -> Optional[Pair]:
    fitting = [text for text in MISTAKES if text in function.code]
    if not fitting:
        return None
    text = rng.choice(fitting)
    places = [match.start() for match in re.finditer(re.escape(text), function.code)]
    place = rng.choice(places)
    rest = function.code[place + len(text) :]
    return Pair(function.code[:place] + MISTAKES[text] + rest, function.code)


TASKS: Dict[str, Callable[[Function, random.Random], Optional[Pair]]] = {
    "docstring": docstring,
    "summary": summary,
    "repair": repair,
}


def make(task: str, seed: int, most: int, root: Path, apart: bool = False) -> List[Pair]:
    """Return pairs in a random order, no two with one source; each half, where they are apart."""
    rng = random.Random(seed)
    made = (TASKS[task](function, rng) for function in functions(root))
    pairs = list({pair.source: pair for pair in made if pair is not None}.values())
    if not apart:
        return rng.sample(pairs, min(most, len(pairs)))
    middle, size = len(pairs) // 2, min(most, len(pairs)) // 2
    return rng.sample(pairs[:middle], size) + rng.sample(pairs[middle:], size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("output", type=Path)
    parser.add_argument("--pairs", type=int, default=2000, help="at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    library = Path(sysconfig.get_paths()["stdlib"])
    parser.add_argument("--root", type=Path, default=library, metavar="DIR", help="of the files")
    parser.add_argument("--apart", type=Path, metavar="DIR", help="two halves, see above")
    args = parser.parse_args()
    pairs = make(args.task, args.seed, args.pairs, args.root, args.apart is not None)
    write_pairs([args.output], pairs)
    if args.apart is not None:
        half = len(pairs) // 2
        write_pairs([args.apart / "trusted.csv"], pairs[:half])
        ids = "".join(f"{number}\n" for number in range(half))
        (args.apart / "trusted.ids").write_text(ids, encoding="utf-8")


if __name__ == "__main__":
    main()
