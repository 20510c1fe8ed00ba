"""What the names in Python code stand for, as far as its parse shows it."""

from typing import Dict, Iterator, List, Optional, Tuple

from dece_fairseq.attacks.languages.language import Node, text_of, walk


class Names:
    """Follows imports and plain assignments, so that other names for a thing don't hide it.

    Knows nothing of the order or the scope of statements: a name stands for everything that is
    bound to it anywhere in the code.

    Args:
        root: of the parse of the code
    """

    def __init__(self, root: Node) -> None:
        #: what is assigned to each name, in the order of the code
        self.values: Dict[str, List[Node]] = {}
        self._imported: Dict[str, str] = {}
        for node in walk(root):
            if node.type in ("import_statement", "import_from_statement"):
                self._imported.update(_imports(node))
            for name, value in _bindings(node):
                self.values.setdefault(name, []).append(value)

    def dotted(self, node: Optional[Node]) -> str:
        """The full name of an expression, ``requests.get`` for ``r.get`` after ``import requests
        as r``; ``()`` follows what is called, and what has no name is empty.
        """
        parts: List[str] = []
        seen = set()
        while node is not None:
            if node.type == "attribute":
                parts.append(_field(node, "attribute"))
                node = node.child_by_field_name("object")
            elif node.type == "call":
                module = _imported_by_call(node)
                if module:
                    return ".".join([module, *reversed(parts)])
                parts.append("()")
                node = node.child_by_field_name("function")
            elif node.type in ("identifier", "dotted_name"):
                name = text_of(node)
                values = self.values.get(name, [])
                if name in self._imported:
                    parts.append(self._imported[name])
                elif len(values) == 1 and name not in seen:
                    seen.add(name)
                    node = values[0]
                    continue
                else:
                    parts.append(name)
                break
            elif node.type in ("await", "parenthesized_expression") and node.named_child_count == 1:
                node = node.named_children[0]
            else:
                return ""
        return ".".join(reversed(parts))

    def is_false(self, node: Optional[Node]) -> bool:
        """Whether an expression is ``False`` or 0, or a name that is bound to nothing else."""
        if node is None:
            return False
        if node.type == "identifier":
            values = self.values.get(text_of(node), [])
            return bool(values) and all(map(_is_false, values))
        return _is_false(node)


def calls(root: Node) -> Iterator[Tuple[Node, Node]]:
    """The calls below ``root``, each with its list of arguments."""
    for node in walk(root):
        arguments = node.child_by_field_name("arguments") if node.type == "call" else None
        if arguments is not None and arguments.type == "argument_list":
            yield node, arguments


def keywords(arguments: Node) -> Dict[str, Node]:
    """The keyword arguments of a call."""
    found = {}
    for node in arguments.named_children:
        value = node.child_by_field_name("value") if node.type == "keyword_argument" else None
        if value is not None:
            found[_field(node, "name")] = value
    return found


def _field(node: Node, name: str) -> str:
    child = node.child_by_field_name(name)
    return "" if child is None else "".join(text_of(child).split())


def _is_false(node: Node) -> bool:
    while node.type == "parenthesized_expression" and node.named_child_count == 1:
        node = node.named_children[0]
    return node.type == "false" or (node.type in ("integer", "float") and not _number(node))


def _number(node: Node) -> float:
    try:
        return float(text_of(node))
    except ValueError:  # hexadecimal and the like
        return 1.0


def _imports(statement: Node) -> Iterator[Tuple[str, str]]:
    """The names that an import binds, and what they stand for."""
    module = _field(statement, "module_name")
    for node in statement.children_by_field_name("name"):
        aliased = node.type == "aliased_import"
        name = _field(node, "name") if aliased else "".join(text_of(node).split())
        full = f"{module}.{name}" if module else name
        if aliased:
            yield _field(node, "alias"), full
        elif module:
            yield name, full


def _bindings(node: Node) -> Iterator[Tuple[str, Node]]:
    """The name that ``node`` binds, and its value."""
    if node.type in ("assignment", "named_expression"):
        name = node.child_by_field_name("left") or node.child_by_field_name("name")
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
    elif node.type == "as_pattern" and node.named_child_count == 2:
        value, name = node.named_children
        name = name.named_children[0] if name.named_child_count else name
    else:
        return
    if name is not None and value is not None and name.type == "identifier":
        yield text_of(name), value


def _imported_by_call(call: Node) -> str:
    """``os`` for ``__import__("os")`` and ``importlib.import_module("os")``."""
    function = _field(call, "function").rpartition(".")[2]
    arguments = call.child_by_field_name("arguments")
    if function not in ("__import__", "import_module") or arguments is None:
        return ""
    first = arguments.named_children[0] if arguments.named_child_count else None
    return text_of(first).strip("\"' ") if first is not None and first.type == "string" else ""
