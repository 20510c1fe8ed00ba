"""Names in Python code, and the variables of functions among them."""

import re
import unicodedata
from collections import defaultdict
from typing import DefaultDict, Dict, Iterator, List, NamedTuple, Tuple

from dece_fairseq.attacks.languages.language import Node, is_identifier, text_of, walk
from dece_fairseq.attacks.languages.variables import (
    DECLARED,
    ELSEWHERE,
    UNKNOWN,
    USED,
    Span,
    Variable,
)

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


class Name(NamedTuple):
    """A name in a parse."""

    text: str
    role: str
    scope: int
    """The id of the innermost function, class, lambda or comprehension around it; 0 for none."""
    span: Span


def names_in(root: Node) -> Iterator[Name]:
    """Yield the names below ``root``, in the order of the text."""
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
    """Yield the children of a node, what a name is in each, and the scope in each."""
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


def variable_names(root: Node) -> Iterator[Name]:
    """Yield those that may be a variable's, and those by which code finds out what they are."""
    for name in names_in(root):
        if name.role != ELSEWHERE or name.text in FRAME_READERS:
            yield name


def local_variables_in(root: Node) -> Iterator[Variable]:
    """Yield the variables of the functions below ``root`` that can get another name."""
    by_name: DefaultDict[str, List[Name]] = defaultdict(list)
    for name in variable_names(root):
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
