"""The strings that code makes, as far as its parse shows them."""

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.language import Language, Node, text_of
from dece_fairseq.attacks.reading.string_literals import LITERALS, content
from dece_fairseq.attacks.reading.string_syntax import (
    APPENDING,
    ASSIGNMENTS,
    CREATIONS,
    FUNCTIONS,
    LISTS,
    NAMES,
    WRAPPERS,
    Call,
    call_of,
    interpolated,
    is_statement,
    is_sum,
    names_bound,
    parts_of,
)

#: longest name, in bytes, whose values are followed
LONGEST_NAME = 80
_OF_STRINGS = ("format", "concat", "join")
#: through what a method reaches what its class declares
_OWNERS = frozenset({"cls", "self", "this"})
_OF_LISTS = ("aslist", "of")
_SAME_TEXT = ("tostring", "strip", "trim", "stripindent", "format", "formatted")
#: methods whose arguments or object may become part of another string
_JOINING = frozenset((*_OF_STRINGS, *_OF_LISTS, *_SAME_TEXT, *APPENDING))
#: nodes of which not all that they hold is read
_READ_IN_PART = LITERALS.union(CREATIONS)


class _Value(NamedTuple):
    """What is known of an expression."""

    text: Union[str, Tuple[str, ...]]
    """A string, or the strings in a list."""
    is_new: bool
    """Whether it is made here, and not only what a name stands for."""
    name: str = ""
    """The name that it is the value of; what is appended to it changes that too."""


def strings_in(
    language: Language, code: str, unknown: str, steps: Optional[Steps] = None
) -> Iterator[str]:
    """Yield the strings that ``code`` makes, without quotes and escapes.

    Strings that are added, joined or appended to each other are one string, and a name stands for
    what it was given before. Statements are read in the order of the text as if each ran once:
    branches one after the other, loops a single time. The string that a name stands for is
    yielded when the name is given another, or when the function ends. A string that is one of
    several statements, as docstrings are, does nothing and is left out.

    Args:
        language: what ``code`` is written in
        code: any text; strings in what does not parse may be missing
        unknown: stands for what is only known when the code runs
        steps: that it may take (default: those for a text of this length)

    Raises:
        NotJudged: it would take more
    """
    return _Reader(unknown, steps or Steps(code)).read(language.parse_bounded(code))


def is_read_alone(literal: Node) -> bool:
    """Return whether ``strings_in`` surely yields what a literal holds as a string of its own.

    It does for an argument of a call that neither joins nor appends it to others. Of any other
    literal this says nothing.

    Args:
        literal: a node of one of ``LITERALS``, in a parse without holes
    """
    arguments = literal.parent
    node = None if arguments is None else arguments.parent
    if arguments is None or node is None or arguments.type != "argument_list":
        return False
    call = call_of(node)
    if call is None or call.name in _JOINING:
        return False
    while node is not None:
        if node.type in _READ_IN_PART:
            return False
        node = node.parent
    return True


class _Reader:
    """Reads the nodes of a parse, each after those that it is made of."""

    def __init__(self, unknown: str, steps: Steps) -> None:
        self._unknown = unknown
        self._steps = steps
        #: of the nodes that are read and whose parents are not
        self._values: Dict[int, _Value] = {}
        #: what the names of each function around stand for
        self._scopes: List[Dict[str, _Value]] = [{}]
        self._finished: List[str] = []

    def read(self, root: Node) -> Iterator[str]:
        nodes: List[Tuple[Node, Optional[Sequence[Node]]]] = [(root, None)]
        while nodes:
            node, parts = nodes.pop()
            if parts is None:
                self._steps.take(3)
                if not node.child_count:
                    self._read_leaf(node)
                    continue
                self._enter(node)
                parts = parts_of(node)
                nodes.append((node, parts))
                nodes.extend((part, None) for part in reversed(parts))
                continue
            value = self._evaluate(node, parts, root.has_error)
            for part in parts:
                self._finish(self._values.pop(part.id, None))
            if value is not None:
                self._values[node.id] = value
            if node.type in FUNCTIONS:
                self._leave_scope()
            yield from self._finished
            self._finished.clear()
        self._leave_scope()
        yield from self._finished

    def _read_leaf(self, node: Node) -> None:
        value = self._look_up(node) if node.type == "identifier" else None
        if node.type in LITERALS:
            value = self._literal(node)
        if value is not None:
            self._values[node.id] = value

    def _enter(self, node: Node) -> None:
        if node.type in FUNCTIONS:
            self._scopes.append({})
        for name in names_bound(node):
            self._bind(name, None)

    def _leave_scope(self) -> None:
        for value in self._scopes.pop().values():
            self._finish(value)

    def _finish(self, value: Optional[_Value]) -> None:
        """Note the strings of a value that nothing more is made of."""
        if value is not None and value.is_new:
            texts = (value.text,) if isinstance(value.text, str) else value.text
            self._finished += [text for text in texts if text not in ("", self._unknown)]

    def _evaluate(self, node: Node, parts: Sequence[Node], in_holes: bool) -> Optional[_Value]:
        kind = node.type
        if kind in LITERALS:
            return self._literal(node)
        if kind in NAMES:
            return self._look_up(node)
        if kind in WRAPPERS and parts:
            return self._use(parts[-1])
        if kind in LISTS:
            return self._list(parts)
        if kind in ASSIGNMENTS:
            return self._assign(node)
        if kind == "expression_statement":
            is_string = len(parts) == 1 and (parts[0].type in LITERALS or is_sum(parts[0]))
            if is_string and not in_holes and is_statement(parts[0]):
                self._use(parts[0])
            return None
        if is_sum(node):
            return self._sum(parts)
        if kind == "binary_operator" and any(child.type == "%" for child in node.children):
            return self._use(parts[0])
        call = call_of(node)
        if call is None:
            return None
        return self._create(call) if kind in CREATIONS else self._call(call)

    # What the nodes below are worth, and the names.

    def _use(self, node: Node) -> Optional[_Value]:
        return self._values.pop(node.id, None)

    def _peek(self, node: Optional[Node]) -> Optional[_Value]:
        return None if node is None else self._values.get(node.id)

    def _text(self, node: Node) -> str:
        """Return the string that ``node`` is; what stands for the unknown if it is none."""
        value = self._peek(node)
        if value is None or not isinstance(value.text, str):
            return self._unknown
        self._use(node)
        return value.text

    def _join(self, texts: Sequence[str], separator: str = "") -> str:
        text = separator.join(texts)
        self._steps.take(len(text) // 200)
        return text

    def _look_up(self, node: Node) -> Optional[_Value]:
        if node.end_byte - node.start_byte > LONGEST_NAME:
            return None
        name = _name(node)
        for scope in reversed(self._scopes):
            if name in scope:
                return _Value(scope[name].text, False, name)
        owner, _, field = name.partition(".")
        for scope in reversed(self._scopes[:-1] if owner in _OWNERS else []):
            if field in scope:  # declared in the class, where it has no owner
                return _Value(scope[field].text, False, name)
        return None

    def _bind(
        self, name: str, text: Union[str, Tuple[str, ...], None], goes_on: bool = False
    ) -> None:
        """Give a name a value, or none that is known; ``goes_on`` if the old one is part of it."""
        scope = self._scopes[-1]
        if not goes_on and name in scope:
            self._finish(scope[name])
        scope[name] = _Value(self._unknown if text is None else text, text is not None)

    # Expressions.

    def _literal(self, node: Node) -> _Value:
        def interpolation(part: Node) -> str:
            expression = interpolated(part)
            return self._unknown if expression is None else self._text(expression)

        return _Value(content(node, interpolation), True)

    def _list(self, parts: Sequence[Node]) -> _Value:
        self._steps.take(len(parts))
        return _Value(tuple(map(self._text, parts)), True)

    def _sum(self, parts: Sequence[Node]) -> Optional[_Value]:
        values = [self._peek(part) for part in parts]
        if any(value is not None and isinstance(value.text, str) for value in values):
            return _Value(self._join([self._text(part) for part in parts]), True)
        if any(value is not None for value in values):
            return _Value(tuple(self._texts_of(parts)), True)
        return None

    def _assign(self, node: Node) -> Optional[_Value]:
        left, right = map(node.child_by_field_name, ASSIGNMENTS[node.type])
        if right is None and node.named_child_count > 1:  # C#'s declarators name no value
            right = node.named_children[-1]
        if left is None or right is None:
            return None
        value = self._peek(right)
        if left.type in ("pattern_list", "tuple_pattern"):
            texts: Sequence[Optional[str]] = [None] * left.named_child_count
            if value is not None and len(value.text) == len(texts):
                self._use(right)
                texts = list(value.text)
            for name, text in zip(left.named_children, texts):
                self._bind(_name(name), text)
            return None
        if left.type not in NAMES or left.end_byte - left.start_byte > LONGEST_NAME:
            return None
        self._use(right)
        if any(child.type == "+=" for child in node.children):
            return self._append(left, value)
        self._bind(_name(left), None if value is None else value.text)
        return self._look_up(left)

    def _append(self, target: Node, value: Optional[_Value]) -> Optional[_Value]:
        """Put a value at the end of what ``target`` is: a name, or what was appended to one."""
        before = self._use(target)
        if before is None and target.type in NAMES:
            before = _Value(self._unknown, False, _name(target))
        if before is None:
            return None
        added = self._unknown if value is None else value.text
        if isinstance(before.text, tuple):
            items = (added,) if isinstance(added, str) else added
            self._steps.take(len(before.text) // 20)
            text: Union[str, Tuple[str, ...]] = (*before.text, *items)
        else:
            text = self._join([before.text, *([added] if isinstance(added, str) else added)])
        if not before.name:
            return _Value(text, True)
        self._bind(before.name, text, goes_on=True)
        return _Value(text, False, before.name)

    def _create(self, call: Call) -> Optional[_Value]:
        """Read the creation of an object: a builder of strings, or a list."""
        arguments = call.arguments
        if "list" in call.name:
            last = self._use(arguments[-1]) if arguments else None
            return last if last is not None and isinstance(last.text, tuple) else _Value((), False)
        if "builder" in call.name or "buffer" in call.name or not call.name:
            first = self._peek(arguments[0]) if arguments else None
            is_text = first is not None and isinstance(first.text, str)
            return self._use(arguments[0]) if is_text else _Value("", False)
        return None

    def _call(self, call: Call) -> Optional[_Value]:
        name, arguments = call.name, call.arguments
        owner = self._peek(call.object)
        of_class = call.object is not None and text_of(call.object).lower() == "string"
        if of_class and name == "format" and arguments:
            return self._use(arguments[0])
        if of_class and name == "concat":
            return _Value(self._join(self._texts_of(arguments)), True)
        if of_class and name == "join" and arguments:
            separator = self._text(arguments[0])
            return _Value(self._join(self._texts_of(arguments[1:]), separator), True)
        if name in _OF_LISTS:
            return self._list(arguments)
        if name in APPENDING and len(arguments) == 1 and call.object is not None:
            return self._append(call.object, self._use(arguments[0]))
        if call.object is None or owner is None or not isinstance(owner.text, str):
            return None
        if name == "join" and len(arguments) == 1:
            separator = self._text(call.object)
            return _Value(self._join(self._texts_of(arguments), separator), True)
        if name == "concat" and len(arguments) == 1:
            return _Value(self._join([self._text(call.object), self._text(arguments[0])]), True)
        return self._use(call.object) if name in _SAME_TEXT else None

    def _texts_of(self, parts: Sequence[Node]) -> List[str]:
        """Return the strings that ``parts`` are, those in a list one by one."""
        texts: List[str] = []
        for part in parts:
            value = self._peek(part)
            if value is not None and isinstance(value.text, tuple):
                self._use(part)
                texts += value.text
            else:
                texts.append(self._text(part))
        return texts


def _name(node: Node) -> str:
    name = text_of(node)
    return name if node.type == "identifier" else "".join(name.split())
