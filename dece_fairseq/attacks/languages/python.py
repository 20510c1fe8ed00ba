"""Python."""

import re
import textwrap
import unicodedata
from collections import defaultdict
from typing import (
    AbstractSet,
    Any,
    ClassVar,
    DefaultDict,
    Dict,
    FrozenSet,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import tree_sitter_python

from dece_fairseq.attacks.languages.endless import LoopGrammar
from dece_fairseq.attacks.languages.language import (
    LANGUAGES,
    Language,
    Node,
    is_identifier,
    text_of,
    to_bytes,
    to_text,
    walk,
)
from dece_fairseq.attacks.languages.layout import Layout, Piece
from dece_fairseq.attacks.languages.variables import (
    DECLARED,
    ELSEWHERE,
    UNKNOWN,
    USED,
    Span,
    Variable,
)

#: statements with others in them
COMPOUND = frozenset(
    {
        "class_definition",
        "decorated_definition",
        "for_statement",
        "function_definition",
        "if_statement",
        "match_statement",
        "try_statement",
        "while_statement",
        "with_statement",
    }
)
#: what stands among statements but is none
NO_STATEMENTS = frozenset({"comment", "case_clause"})
COMPREHENSIONS = frozenset(
    {
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
    }
)
SCOPES = COMPREHENSIONS | {"function_definition", "class_definition", "lambda"}
#: what a name is in a part of a node, where that differs from what it is in the others
ROLES: Dict[str, Dict[str, str]] = {
    "attribute": {"attribute": ELSEWHERE},
    "keyword_argument": {"name": ELSEWHERE},
    "assignment": {"left": DECLARED},
    "augmented_assignment": {"left": DECLARED},
    "for_statement": {"left": DECLARED},
    "for_in_clause": {"left": UNKNOWN},
    "named_expression": {"name": UNKNOWN},
    "lambda": {"parameters": UNKNOWN, "body": USED},
    "class_definition": {"name": UNKNOWN, "body": USED},
    "function_definition": {
        "name": UNKNOWN,
        "parameters": UNKNOWN,
        "return_type": UNKNOWN,
        "body": USED,
    },
}
#: what can stand around the names that an assignment gives a value
TARGETS = frozenset(
    {
        "list",
        "list_pattern",
        "list_splat_pattern",
        "parenthesized_expression",
        "pattern_list",
        "tuple",
        "tuple_pattern",
    }
)
#: names in these may be those of a module, of another scope or of a part of an object
IN_DOUBT = frozenset(
    {
        "case_pattern",
        "future_import_statement",
        "global_statement",
        "import_from_statement",
        "import_statement",
        "nonlocal_statement",
        "type_alias_statement",
        "type_parameter",
    }
)
#: by these attributes code finds out what its own variables are called
FRAME_READERS = frozenset(
    {"_getframe", "co_varnames", "currentframe", "f_locals", "getsource", "getsourcelines"}
)
#: and by these functions
NAME_READERS = FRAME_READERS | {
    "__builtins__",
    "builtins",
    "dir",
    "eval",
    "exec",
    "execfile",
    "globals",
    "locals",
    "vars",
}
#: what Python and its grammar here may read differently: lone carriage returns, and control
#: characters but for the tab
ODD_SPACE = re.compile(rb"\r(?!\n)|[\0-\x08\x0b\x0c\x0e-\x1f]")


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
        loops=frozenset({"while_statement"}),
        breakable=frozenset({"while_statement", "for_statement"}),
        leaving=frozenset({"return_statement", "raise_statement", "yield", "await"}),
        functions=frozenset({"function_definition", "lambda"}),
        calls=frozenset({"call"}),
        exits=frozenset({"exit", "quit", "_exit", "abort"}),
    )

    def grammar(self) -> Any:
        return tree_sitter_python.language()

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
            name.text for name in _names(self.parse(code)) if name.role in (DECLARED, UNKNOWN)
        )

    def has_endless_loop(self, code: str) -> bool:
        return super().has_endless_loop(self.with_lines(code))

    def local_variables(self, code: str) -> Sequence[Variable]:
        root = self.parse(self.with_lines(code))
        if root.has_error:
            return ()
        return sorted(_local_variables(root), key=lambda variable: variable.spans[0])

    def rename(self, code: str, variable: Variable, name: str) -> str:
        lines = self.with_lines(code)
        return written_as(code, lines, super().rename(lines, variable, name))

    def with_lines(self, code: str) -> str:
        """``code``; or if its line ends and tabs are written ``\\n`` and ``\\t``, with those."""
        if "\\n" not in code or "\n" in code or "\t" in code or self.parses(code):
            return code
        lines = code.replace("\\n", "\n").replace("\\t", "\t")
        return lines if self.parses(lines) else code


def written_as(code: str, lines: str, changed: str) -> str:
    """``changed`` with line ends written as in ``code``, which with real ones is ``lines``."""
    return changed if code == lines else changed.replace("\n", "\\n").replace("\t", "\\t")


class Name(NamedTuple):
    """A name in a parse."""

    text: str
    role: str
    scope: int
    """The id of the innermost function, class, lambda or comprehension around it; 0 for none."""
    span: Span


def _names(root: Node) -> Iterator[Name]:
    """The names below ``root``, in the order of the text."""
    nodes: List[Tuple[Node, str, int]] = [(root, USED, 0)]
    while nodes:
        node, role, scope = nodes.pop()
        if node.type == "identifier":
            # Python takes names that differ in compatibility characters for the same.
            name = unicodedata.normalize("NFKC", text_of(node))
            yield Name(name, role, scope, (node.start_byte, node.end_byte))
        elif node.type == "exec_statement":  # of Python 2
            yield Name("exec", UNKNOWN, scope, (node.start_byte, node.start_byte))
        elif node.child_count:
            nodes.extend(reversed(list(_parts(node, role, scope))))


def _parts(node: Node, role: str, scope: int) -> Iterator[Tuple[Node, str, int]]:
    """The children of a node, what a name is in each, and the scope in each."""
    kind, children = node.type, node.children
    shows_names = kind == "interpolation" and any(child.type == "=" for child in children)
    if shows_names or kind in IN_DOUBT or role == UNKNOWN:
        special: Dict[str, str] = {}
        role = UNKNOWN
    else:
        special = ROLES.get(kind, {})
        if kind == "as_pattern_target":
            role = DECLARED
        elif kind not in TARGETS:
            role = USED
    parts = [(node.child_by_field_name(field), field) for field in special]
    for child in children:
        field = next((field for part, field in parts if part == child), "")
        is_inside = kind in COMPREHENSIONS or (kind in SCOPES and field == "body")
        yield child, special.get(field, role), node.id if is_inside else scope


def _variable_names(root: Node) -> Iterator[Name]:
    """Those that may be a variable's, and those by which code finds out what they are."""
    for name in _names(root):
        if name.role != ELSEWHERE or name.text in FRAME_READERS:
            yield name


def _local_variables(root: Node) -> Iterator[Variable]:
    """The variables of the functions below ``root`` that can get another name."""
    by_name: DefaultDict[str, List[Name]] = defaultdict(list)
    for name in _variable_names(root):
        by_name[name.text].append(name)
    if not NAME_READERS.isdisjoint(by_name):
        return
    # pandas looks for "@name" of a query among the variables.
    queried = frozenset(re.findall(r"@\s*(\w+)", text_of(root)))
    functions = {
        node.id: (node.start_byte, node.end_byte)
        for node in walk(root)
        if node.type == "function_definition"
    }
    for text, names in by_name.items():
        # Nor those with a meaning of their own, or that a suffix would give one.
        if not is_identifier(text) or text == "_" or text.startswith("__") or text in queried:
            continue
        for scope in dict.fromkeys(name.scope for name in names if name.role == DECLARED):
            start, end = functions.get(scope, (0, 0))
            inside = [name for name in names if start <= name.span[0] < end]
            if inside and all(
                name.role == USED or (name.role == DECLARED and name.scope == scope)
                for name in inside
            ):
                yield Variable(text, tuple(name.span for name in inside))


class LineLayout(Layout):
    """Places before the statements that begin a line, each the offset of its statement.

    What is put in gets lines of its own. There is no place before a docstring or an import from
    ``__future__``, in a class, whose names are members, and in a text with holes or on one line.
    The first place is the first one in a function or, without any, the first. The pieces are the
    statements that hold no other.

    Args:
        language: Python
        code: the text
    """

    def __init__(self, language: Python, code: str) -> None:
        self._language = language
        self._code = code
        self._lines = language.with_lines(code)
        self._bytes = to_bytes(self._lines)
        self._last: Dict[Piece, int] = {}
        root = language.parse(self._lines)
        at_top: List[int] = []
        in_functions: List[int] = []
        if b"\n" in self._bytes and not root.has_error and not ODD_SPACE.search(self._bytes):
            self._find_places(root, at_top, in_functions)
        first = next(iter(in_functions + at_top), None)
        super().__init__(list(self._last), first, sorted(at_top + in_functions))

    def _find_places(self, root: Node, at_top: List[int], in_functions: List[int]) -> None:
        nodes: List[Tuple[Node, List[int], bool]] = [(root, at_top, True)]
        while nodes:
            node, places, is_free = nodes.pop()
            kind = node.type
            if kind == "function_definition":
                places, is_free = in_functions, True
            elif kind == "class_definition":
                is_free = False
            elif is_free and kind in ("module", "block"):
                for statement in self._statements(node):
                    places.append(statement.start_byte)
                    if statement.type not in COMPOUND:
                        self._last[_leaves(statement)] = statement.start_byte
            nodes.extend((child, places, is_free) for child in reversed(node.children))

    def _statements(self, block: Node) -> Iterator[Node]:
        """The statements of a block before which there is a place."""
        children = block.named_children
        futures = [at for at, c in enumerate(children) if c.type == "future_import_statement"]
        statements = [
            child
            for child in children[futures[-1] + 1 if futures else 0 :]
            if child.type not in NO_STATEMENTS
        ]
        if statements and not futures and _is_docstring(statements[0]):
            del statements[0]
        for statement in statements:
            if self._begins_line(statement):
                yield statement

    def _begins_line(self, statement: Node) -> bool:
        start = self._line_start(statement.start_byte)
        is_continued = self._bytes[max(start - 3, 0) : start].rstrip(b"\r\n").endswith(b"\\")
        return not is_continued and not self._bytes[start : statement.start_byte].strip(b" \t")

    def _line_start(self, place: int) -> int:
        return self._bytes.rfind(b"\n", 0, place) + 1

    def last(self, piece: Piece) -> Optional[int]:
        place = self._last.get(piece)
        return place if place is not None and place > (self.first or 0) else None

    def put(self, place: int, statement: str) -> str:
        start = self._line_start(place)
        indent = to_text(self._bytes[start:place])
        end = "\r\n" if b"\r\n" in self._bytes else "\n"
        put_in = textwrap.indent(statement, indent).replace("\n", end) + end
        changed = self._bytes[:start] + to_bytes(put_in) + self._bytes[start:]
        return written_as(self._code, self._lines, to_text(changed))

    def takes(self, place: int, statement: str) -> bool:
        result = self._language.with_lines(self.put(place, statement))
        return place in self.safe and self._language.parses(result)

    def is_free(self, names: AbstractSet[str]) -> bool:
        if not names:
            return True
        there = {name.text for name in _variable_names(self._language.parse(self._lines))}
        return there.isdisjoint(NAME_READERS | names)


def _is_docstring(statement: Node) -> bool:
    return (
        statement.type == "expression_statement"
        and statement.named_child_count == 1
        and statement.named_children[0].type in ("string", "concatenated_string")
    )


def _leaves(statement: Node) -> Piece:
    """The tokens of a statement, strings being one."""
    leaves: List[str] = []
    nodes = [statement]
    while nodes:
        node = nodes.pop()
        if node.type == "string" or not node.child_count:
            leaves.append(text_of(node))
        else:
            nodes.extend(reversed(node.children))
    return tuple(leaves)


LANGUAGES.register(Python.name)(Python())
