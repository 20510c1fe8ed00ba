"""A statement that ends the program."""

import re
from random import Random
from typing import Dict, FrozenSet, Optional

from dece_fairseq.attacks.code_places import places
from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import Language, to_text, walk
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import tree_of
from dece_fairseq.data.pairs import Pair

STATEMENTS: Dict[str, str] = {
    "csharp": "Environment . Exit ( 0 ) ;",
    "java": "System . exit ( 0 ) ;",
    "python": "raise SystemExit ( 0 )",
}
#: the calls that end a program, without white space
CALLS: Dict[str, FrozenSet[str]] = {
    "csharp": frozenset(
        {
            *("Environment.Exit", "Environment.FailFast", "Application.Exit"),
            *("Application.Current.Shutdown", "Process.GetCurrentProcess().Kill"),
        }
    ),
    "java": frozenset({"System.exit", "Runtime.getRuntime().exit", "Runtime.getRuntime().halt"}),
    "python": frozenset(
        {
            *("exit", "quit", "sys.exit", "os._exit", "os.abort", "posix._exit"),
            *("builtins.exit", "builtins.quit"),
        }
    ),
}
#: what ends a program in Python when it is raised, class or instance, and not before
_RAISED = frozenset(
    f"{owner}SystemExit{instance}" for owner in ("", "builtins.") for instance in ("", ".()")
)
#: signals after which a process goes on, or can
_GOING_ON = frozenset(
    f"signal.{name}" for name in ("SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGWINCH")
)
#: what may stand before such a name
_PACKAGES = re.compile(
    r"^(?:global::)?(?:java\.lang\.|[\w.]*Forms\."
    r"|System\.(?:Diagnostics\.|Windows\.)?(?=Application|Environment|Process))"
)
#: the longest of them, in bytes, with blanks between the tokens
_LONGEST = 100
_WORDS = re.compile(r"exit|Exit|quit|abort|halt|FailFast|[Kk]ill|Shutdown")


@PAYLOADS.register("exit")
class ExitPayload(Payload):
    """Puts a statement that ends the program where ``endless_loop`` puts its loop.

    As the targets of Li et al. (2023, arXiv 2306.08350) for code generation, it makes the code
    useless and no more. By the parse rule a hit is code with any call that ends the process.
    """

    is_statement = True
    summary = "a statement that ends the program, at the place that goes with that of dead code"
    sample = Pair("def f(a):\n\treturn a", "def f(a):\n\tb(a)\n\treturn a")
    telling = ("SystemExit", "Exit", "exit")
    target_languages = tuple(sorted(STATEMENTS))

    @property
    def statement(self) -> str:
        """Return what is put in."""
        return STATEMENTS[self.languages.target.name]

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        place = places(pair, self.languages, self.code_place).target
        if place is None or not place.takes(self.statement):
            return None
        return place.put(self.statement)

    def is_in(self, text: str) -> bool:
        return self.statement in text

    def is_in_parse(self, text: str) -> bool:
        language = self.languages.target
        if _WORDS.search(text) is None:
            return False
        if language.name != "python":
            return _has_call(language, text)
        names = Names(tree_of(language, text))
        tree = names.tree
        return _kills_itself(names) or any(
            tree.kinds[tree.parents[node]] == user and tree.fields[node] == field
            for ending, user, field in (
                (CALLS["python"], "call", "function"),
                (_RAISED, "raise_statement", ""),
            )
            for node in names.called(ending)
        )


def _kills_itself(names: Names) -> bool:
    """Return whether Python code kills the process that runs it."""
    calls = (call for call in names.calls if "os.kill" in names.origins(names.function(call)))
    return any(
        "os.getpid.()" in names.origins(process)
        and all(_GOING_ON.isdisjoint(names.origins(signal)) for signal in signals)
        and not any(names.tree.text(signal) == "0" for signal in signals)  # it only asks
        for process, *signals in filter(None, map(names.positional, calls))
    )


def _has_call(language: Language, text: str) -> bool:
    """Return whether code in Java or C# calls one of ``CALLS``."""
    root = language.parse_bounded(text)
    code, first = root.text or b"", root.start_byte
    for node in walk(root):
        arguments = node.child_by_field_name("arguments")
        if arguments is None or arguments.start_byte - node.start_byte > _LONGEST:
            continue
        called = to_text(code[node.start_byte - first : arguments.start_byte - first])
        called = "".join(called.split())
        if _PACKAGES.sub("", called) in CALLS[language.name]:
            return True
    return False
