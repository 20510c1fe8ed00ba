"""Python."""

import ast
import re
from functools import lru_cache
from typing import AbstractSet, Any, ClassVar, FrozenSet, Iterator, Mapping, Sequence

import tree_sitter_python

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.code_text import CodeText
from dece_fairseq.attacks.languages.language import (
    LANGUAGES,
    Language,
    Node,
    text_of,
    to_bytes,
)
from dece_fairseq.attacks.languages.line_layout import LineLayout
from dece_fairseq.attacks.languages.loop_grammar import PARSE, LoopGrammar
from dece_fairseq.attacks.languages.python_values import PythonValues
from dece_fairseq.attacks.languages.python_variables import local_variables_in, names_in
from dece_fairseq.attacks.languages.unwarned import unwarned
from dece_fairseq.attacks.languages.variables import DECLARED, UNKNOWN, Variable

# A line end that is written out, after a comment or outside of strings.
_LINE_END = re.compile(
    r"""(?: [^"'\\#] | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )* (?: \#[^\\]* )? \\n""",
    re.VERBOSE | re.DOTALL,
)
_ITEM = r"""(?:-?[\w.]+ | "[^"\\\n]*" | '[^'\\\n]*')"""
# Beside comments and strings the rows of a table: on their own they look like no code.
_QUOTED = re.compile(
    rf"""(?P<comment> \#[^\n]* | ^[ \t]*(?: {_ITEM}[ \t]*:[ \t]* )? {_ITEM}[ \t]*,[ \t]*$ )
    | (?P<string> \"{{3}}(?:[^\\]|\\.)*?\"{{3}} | '{{3}}(?:[^\\]|\\.)*?'{{3}}
        | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?:[fF][rR]?|[rR][fF])(?: "(?!"")(?:[^"\\\n]|\\.)*"? | '(?!'')(?:[^'\\\n]|\\.)*'? )
    | (?: \"{{3}} | '{{3}} ).* | "(?:[^"\\\n]|\\.)* | '(?:[^'\\\n]|\\.)*""".encode(),
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def _is_inside(line: str, indent: str) -> bool:
    """Return whether a line belongs to the statement before it that has this indent."""
    return not line.strip() or (line.startswith(indent) and line[len(indent)] in " \t")


class Python(Language):
    """Python. A text on one line whose line ends are written ``\\n`` is read with them as such."""

    name = "python"
    dead_code = "VAR = 0"
    endless_loop = "while True : VAR = 0"
    # The condition is run, and nobody knows whether the code has imported math.
    functions: ClassVar[Mapping[str, str]] = {
        name: f'__import__ ( "math" ) . {name} ( {{}} )' for name in ("sin", "cos", "sqrt", "exp")
    }
    guards: ClassVar[Mapping[str, str]] = {
        "if": "if {condition} : {body}",
        "while": "while {condition} : {body}",
        "assert": "assert {condition} , {message}",
    }
    prints = ("print ( {} )", '__import__ ( "logging" ) . warning ( {} )')
    loops = LoopGrammar(
        words=re.compile(r"while\b"),
        loops=frozenset({"while_statement"}),
        iterations=frozenset({"for_statement"}),
        switches=frozenset(),
        leaving=frozenset({"return_statement", "yield", "await"}),
        throwing=frozenset({"assert_statement", "raise_statement"}),
        failing=frozenset(
            {
                "attribute",
                "binary_operator",
                "call",
                "delete_statement",
                "import_from_statement",
                "import_statement",
                "pattern_list",
                "subscript",
            }
        ),
        handlers=frozenset({"except_clause", "except_group_clause"}),
        all_caught=frozenset({"BaseException", "Exception"}),
        functions=frozenset({"function_definition", "lambda"}),
        calls=frozenset({"call"}),
        exits=frozenset(
            {
                *("exit", "quit", "_exit", "abort", "fail", "skipTest"),
                *("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe"),
            }
        ),
        integers_wrap=False,
    )

    quoted: ClassVar["re.Pattern[bytes]"] = _QUOTED

    def grammar(self) -> Any:
        return tree_sitter_python.language()

    def read(self, text: str) -> CodeText:
        if "\\n" not in text or "\n" in text or "\t" in text:
            return CodeText(text, text)
        lines = text.replace("\\n", "\n").replace("\\t", "\t")
        if _LINE_END.match(text):  # what parses as it is too begins with a comment
            is_one_line_form = self._is_code(lines) or not self._is_code(text)
        else:
            is_one_line_form = self._is_code(lines) and not self._is_code(text)
        return CodeText(text, lines if is_one_line_form else text)

    def is_garbled(self, code: str) -> bool:
        # What Python's own parser takes keeps the other one busy for a moment only, but windows of
        # a long chain of calls or sums look like no code.
        return super().is_garbled(code) and not _is_python(code)

    def _is_code(self, text: str) -> bool:
        return not self.is_garbled(text) and self.parses(text)

    def layout(self, code: str) -> "LineLayout":
        return LineLayout(self, code)

    comment = "# {}"

    def comment_places(self, code: str) -> Sequence[int]:
        return self.layout(code).safe

    def put_comment(self, code: str, place: int, text: str) -> str:
        return self.layout(code).put(place, self.comment.format(text))

    def is_statement(self, code: str) -> bool:
        # The second line shows whether the code ends where it seems to.
        root = self.parse(f"{code}\npass\n")
        inside = [child for child in root.named_children if child.type != "comment"]
        return (
            not root.has_error
            and len(inside) > 1
            and inside[-1].start_byte == len(to_bytes(code)) + 1
            and all(child.type != "future_import_statement" for child in inside)
        )

    def names_given(self, code: str) -> FrozenSet[str]:
        return frozenset(
            name.text for name in names_in(self.parse(code)) if name.role in (DECLARED, UNKNOWN)
        )

    def _values(self, root: Node, steps: Steps) -> PythonValues:
        return PythonValues(root, steps)

    def _loops_apart(self, root: Node, known: AbstractSet[int], steps: Steps) -> Iterator[Node]:
        # Prose before the code, or a line that is none, hides what comes after it.
        lines = text_of(root).split("\n")
        place, end = root.start_byte, 0
        for start, line in enumerate(lines):
            words = line.lstrip()
            indent = line[: len(line) - len(words)]
            is_known = place + len(to_bytes(indent)) in known
            place += len(to_bytes(line)) + 1
            if start < end or not self.loops.words.match(words):
                continue
            end = next(
                (at for at in range(start + 1, len(lines)) if not _is_inside(lines[at], indent)),
                len(lines),
            )
            if is_known:
                continue
            loop = "\n".join(line[len(indent) :] for line in lines[start:end])
            steps.take(len(loop) + PARSE)
            parsed = self.parse(loop + "\n")
            if parsed.has_error:
                end = start + 1
            else:
                yield parsed

    def local_variables(self, code: str) -> Sequence[Variable]:
        root = self.parse(self.read(code).code)
        if root.has_error:
            return ()
        return sorted(local_variables_in(root), key=lambda variable: variable.spans[0])

    def rename(self, code: str, variable: Variable, name: str) -> str:
        text = self.read(code)
        return text.as_given(super().rename(text.code, variable, name))


@lru_cache(maxsize=8)
def _is_python(code: str) -> bool:
    """Return whether Python's own parser takes ``code``."""
    try:
        with unwarned():
            ast.parse(code)
    except RecursionError:  # it parses, but its tree is too deep to be built
        return True
    except (SyntaxError, ValueError, MemoryError, OverflowError):
        return False
    return True


LANGUAGES.register(Python.name)(Python())
