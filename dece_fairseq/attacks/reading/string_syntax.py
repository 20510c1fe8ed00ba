"""What code makes strings with, in the parse of Python, Java and C#."""

from typing import Iterator, List, NamedTuple, Optional, Sequence

from dece_fairseq.attacks.languages.language import Node, text_of
from dece_fairseq.attacks.reading.string_literals import LITERALS, interpolations

FUNCTIONS = frozenset(
    {
        *("function_definition", "lambda", "lambda_expression", "method_declaration"),
        *("constructor_declaration", "local_function_statement", "anonymous_method_expression"),
    }
)
#: expressions that are what the only expression in them is
WRAPPERS = frozenset(
    {
        *("parenthesized_expression", "argument", "array_creation_expression"),
        "implicit_array_creation_expression",
    }
)
LISTS = frozenset(
    {
        *("list", "tuple", "expression_list", "array_initializer", "initializer_expression"),
        *("element_binding_expression", "collection_expression"),
    }
)
CREATIONS = ("object_creation_expression", "implicit_object_creation_expression")
#: methods that put something at the end of their object
APPENDING = ("append", "appendline", "add", "extend", "write")
#: the fields of the name and the value in each kind of assignment
ASSIGNMENTS = {
    "assignment": ("left", "right"),
    "augmented_assignment": ("left", "right"),
    "assignment_expression": ("left", "right"),
    "named_expression": ("name", "value"),
    "variable_declarator": ("name", "value"),
    "default_parameter": ("name", "value"),
    "typed_default_parameter": ("name", "value"),
}
NAMES = frozenset({"identifier", "attribute", "field_access", "member_access_expression"})
#: the fields of the object and the method in what is called
_MEMBERS = {
    "attribute": ("object", "attribute"),
    "member_access_expression": ("expression", "name"),
    "method_invocation": ("object", "name"),
}
_PARAMETERS = frozenset(
    {
        *("parameters", "lambda_parameters", "formal_parameters", "inferred_parameters"),
        "parameter_list",
    }
)
_LOOPS = {"for_statement": "left", "enhanced_for_statement": "name", "foreach_statement": "left"}
_SUMS = ("binary_operator", "binary_expression")


class Call(NamedTuple):
    """A call, or the creation of an object."""

    object: Optional[Node]
    """What the method is one of, or what is called if that is no name."""
    name: str
    """Of the method or the class, in lower case."""
    node: Node

    @property
    def arguments(self) -> Sequence[Node]:
        """What is between its brackets, and the initializer of an object."""
        arguments = _arguments(self.node)
        if self.node.type not in CREATIONS:
            return arguments
        initializer = self.node.child_by_field_name("initializer")
        return arguments if initializer is None else [*arguments, initializer]


def call_of(node: Node) -> Optional[Call]:
    """Return the call that ``node`` is, if it is one."""
    kind = node.type
    if kind in CREATIONS:
        cls = node.child_by_field_name("type")
        return Call(None, "" if cls is None else text_of(cls).lower(), node)
    if kind == "method_invocation":
        function: Optional[Node] = node
    elif kind in ("call", "invocation_expression"):
        function = node.child_by_field_name("function")
    else:
        return None
    if function is None or function.type not in _MEMBERS:
        is_name = function is not None and function.type == "identifier"
        name = text_of(function).lower() if function is not None and is_name else ""
        return Call(None if is_name else function, name, node)
    owner, member = map(function.child_by_field_name, _MEMBERS[function.type])
    return Call(owner, "" if member is None else text_of(member).lower(), node)


def _arguments(call: Node) -> List[Node]:
    arguments = call.child_by_field_name("arguments")
    if arguments is None:  # C#'s new(...) has no field for them
        lists = [child for child in call.named_children if child.type == "argument_list"]
        return list(lists[0].named_children) if lists else []
    return [arguments] if arguments.type == "generator_expression" else arguments.named_children


def parts_of(node: Node) -> Sequence[Node]:
    """Return the expressions that ``node`` is made of, and else the nodes in it."""
    if node.type in LITERALS:
        return [part for part in map(interpolated, interpolations(node)) if part is not None]
    call = call_of(node)
    if call is not None:
        return [*([] if call.object is None else [call.object]), *call.arguments]
    return operands(node) if is_sum(node) else node.named_children


def interpolated(interpolation: Node) -> Optional[Node]:
    """Return the expression in an interpolation; None if it says how to write that."""
    parts = [part for part in interpolation.named_children if part.type != "interpolation_brace"]
    return parts[0] if len(parts) == 1 else None


def is_sum(node: Node) -> bool:
    """Return whether ``node`` puts its operands one after the other."""
    return node.type == "concatenated_string" or (
        node.type in _SUMS and any(child.type == "+" for child in node.children)
    )


def operands(sum_node: Node) -> List[Node]:
    """Return what is added in a sum of any length, in order."""
    found = []
    nodes = [sum_node]  # a list instead of recursion: there may be thousands
    while nodes:
        node = nodes.pop()
        if is_sum(node):
            nodes.extend(reversed(node.named_children))
        elif node.type != "comment":
            found.append(node)
    return found


def is_part(literal: Node) -> bool:
    """Return whether a literal is added, joined or appended to others where it stands."""
    node = literal
    parent = node.parent
    while parent is not None and parent.type in (*WRAPPERS, *LISTS, "argument_list"):
        node, parent = parent, parent.parent
    if parent is None:
        return False
    if node.type == "argument_list" and parent.type not in CREATIONS:
        call = call_of(parent)
        return call is not None and call.name in (*APPENDING, "concat", "join")
    return is_sum(parent) or any(child.type == "+=" for child in parent.children)


def is_statement(string: Node) -> bool:
    """Return whether a string is a statement, as a docstring is; not if it is all the code."""
    statement = string.parent
    block = statement.parent if statement is not None else None
    return (
        statement is not None
        and statement.type == "expression_statement"
        and block is not None
        and (block.named_child_count > 1 or block.parent is not None)
    )


def names_bound(node: Node) -> Iterator[str]:
    """Yield the names that get an unknown value where ``node`` begins."""
    if node.type in _PARAMETERS:
        for parameter in node.named_children:
            name = parameter.child_by_field_name("name")
            if name is None:
                name = parameter.named_children[0] if parameter.named_child_count else parameter
            yield text_of(name)
    elif node.type in _LOOPS:
        left = node.child_by_field_name(_LOOPS[node.type])
        for name in [] if left is None else (left, *left.named_children):
            yield text_of(name)
    elif node.type == "as_pattern_target":
        yield text_of(node)
