"""What the names in Python code stand for, as far as its parse shows it."""

from typing import AbstractSet, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from dece_fairseq.attacks.reading.python_bindings import Bindings
from dece_fairseq.attacks.reading.python_scopes import ScopedName
from dece_fairseq.attacks.reading.python_tree import Tree

#: nothing that matters has a longer name, or more of them
_LONGEST, _MOST = 80, 4
#: values of a name that are looked at to tell whether it is a constant
_VALUES = 16
#: whose value is that of the first child
_WRAPPERS = frozenset({"parenthesized_expression", "await"})
_NAMED_BY_PART = _WRAPPERS | {
    *("argument_list", "assignment", "attribute", "boolean_operator", "call"),
    *("conditional_expression", "named_expression"),
}
_IMPORTERS = frozenset({"__import__", "import_module"})
#: values by the key or keyword that they stand under
Items = Dict[str, List[int]]


class Names:
    """Follows imports, assignments, defaults, annotations and base classes.

    So other names for a thing don't hide it, and a thing of the same name is not taken for it.
    Knows nothing of the order of statements, nor of what functions give to each other: a name
    stands for everything that is assigned to it in its scope. Takes time in proportion to the code.

    Args:
        tree: of the code
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.bindings = Bindings(tree)
        #: in the order of the text
        self.calls = [node for node, kind in enumerate(tree.kinds) if kind == "call"]
        #: the variables that get a node's value
        self.given: Dict[int, List[ScopedName]] = {}
        for _, variable in self.bindings.variables():
            for value in variable.values:
                self.given.setdefault(value, []).append(variable)
        self._imported = {
            full.partition(".")[0]
            for _, variable in self.bindings.variables()
            for full in variable.imports
        }
        self._instances: Dict[int, List[ScopedName]] = {}
        for node, variable in self.bindings.instances:
            self._instances.setdefault(node, []).append(variable)
        self._with_keywords = {
            tree.parents[node]
            for node, kind in enumerate(tree.kinds)
            if kind in ("keyword_argument", "dictionary_splat")
        }
        #: by their list of arguments: what is written there, and what is unpacked into it
        self._keywords: Dict[int, List[Items]] = {}
        self._written: Dict[int, Items] = {}
        self._note_items()
        self._origins: Dict[int, Tuple[str, ...]] = {}
        self._spread(self._known())

    def origins(self, node: Optional[int]) -> Sequence[str]:
        """Return the full names that an expression may have.

        ``requests.get`` for ``r.get`` after ``import requests as r``, and for ``get`` after ``from
        requests import get``. ``()`` follows what is called: ``requests.Session.().get``. A name
        that the code binds to something without a name, as a parameter, has none.
        """
        return () if node is None else self._origins.get(node, ())

    def is_imported(self, origin: str) -> bool:
        """Return whether the code imports the package of a full name; else it is a free name."""
        return origin.partition(".")[0] in self._imported

    def called(self, full_names: AbstractSet[str]) -> List[int]:
        """Return the expressions that may have one of ``full_names``."""
        return [node for node, own in self._origins.items() if not full_names.isdisjoint(own)]

    def values(self, node: int) -> List[int]:
        """Return the expressions whose value ``node`` has; of what isn't known, its names.

        A name that is only ever assigned stands for what is assigned, a parameter for its default.
        """
        tree, found, seen = self.tree, [], {node}
        nodes = [node]
        while nodes:
            node = nodes.pop()
            kind, children = tree.kinds[node], tree.children[node]
            variable = self.bindings.read.get(node)
            following: Sequence[int] = ()
            if kind in _WRAPPERS:
                following = children[:1]
            elif kind == "named_expression" or kind == "assignment":
                following = children[-1:]
            elif kind == "conditional_expression" and len(children) == 3:
                following = (children[0], children[2])
            elif variable is not None and not (
                variable.is_opaque
                or variable.parts
                or variable.imports
                or len(seen) + len(variable.values) > _VALUES
            ):
                following = variable.values
            if following:
                nodes.extend(value for value in following if value not in seen)
                seen.update(following)
            else:
                found.append(node)
        return found

    def is_false(self, node: int) -> bool:
        """Return whether an expression is ``False`` or 0 whatever happens."""
        values = self.values(node)
        return bool(values) and all(map(self.is_false_literal, values))

    def is_false_literal(self, node: int) -> bool:
        """Return whether an expression is written as ``False`` or 0, or as ``not True``."""
        tree, wanted = self.tree, False
        for _ in range(_VALUES):
            if tree.kinds[node] not in ("not_operator", *_WRAPPERS) or not tree.children[node]:
                break
            wanted ^= tree.kinds[node] == "not_operator"
            node = tree.children[node][0]
        kind = tree.kinds[node]
        if kind in ("integer", "float"):
            return (tree.text(node).lower().strip("0._") not in ("", "b", "o", "x")) is wanted
        return kind == ("true" if wanted else "false")

    def function(self, call: int) -> int:
        """Return what is called."""
        return self.tree.children[call][0]

    def method(self, call: int) -> Tuple[Optional[int], str]:
        """Return of a call of a method the object and the method's name; else None and ""."""
        function = self.function(call)
        parts = self.tree.children[function]
        if self.tree.kinds[function] != "attribute" or len(parts) != 2:
            return None, ""
        return parts[0], self.tree.text(parts[1])

    def positional(self, call: int) -> List[int]:
        """Return the positional arguments of a call; ``*x`` is one."""
        arguments = self.tree.field(call, "arguments")
        if arguments is None or self.tree.kinds[arguments] != "argument_list":
            return [] if arguments is None else [arguments]
        return [
            node
            for node in self.tree.children[arguments]
            if self.tree.kinds[node] not in ("keyword_argument", "dictionary_splat")
        ]

    def unpacks(self, call: int) -> bool:
        """Return whether a call has arguments that only ``*x`` or ``**x`` holds."""
        arguments = self.tree.field(call, "arguments")
        return arguments is not None and any(
            self.tree.kinds[node] in ("list_splat", "dictionary_splat")
            for node in self.tree.children[arguments]
        )

    def keyword(self, call: int, name: str) -> List[int]:
        """Return the values of a keyword argument, those that ``**x`` gives it among them."""
        arguments = self.tree.field(call, "arguments")
        if arguments not in self._with_keywords:
            return []
        if arguments not in self._keywords:
            splats = self._splats(arguments)
            self._keywords[arguments] = [self._items(arguments), *splats]
        return [value for items in self._keywords[arguments] for value in items.get(name, ())]

    def argument(self, call: int, at: int, *keywords: str) -> List[int]:
        """Return what may be an argument of a call, by its position from 0 or by a keyword."""
        named = (value for keyword in keywords for value in self.keyword(call, keyword))
        return [*self.positional(call)[at : at + 1], *named]

    def items(self, node: int, key: str) -> List[int]:
        """Return what a dictionary holds under a key."""
        return [value for items in self._dictionaries(node) for value in items.get(key, ())]

    def _splats(self, node: int) -> List[Items]:
        """Return what is unpacked into a call or a dictionary."""
        tree = self.tree
        return [
            items
            for splat in tree.children[node]
            if tree.kinds[splat] == "dictionary_splat"
            for value in tree.children[splat][:1]
            for items in self._dictionaries(value)
        ]

    def _dictionaries(self, node: int) -> Iterator[Items]:
        """Return what the dictionaries hold that an expression may be."""
        tree = self.tree
        variable = self.bindings.read.get(node)
        if variable is not None:
            yield variable.items
        for value in self.values(node):
            if tree.kinds[value] == "dictionary":
                yield self._items(value)
            elif tree.kinds[value] == "call" and "dict" in self.origins(self.function(value)):
                arguments = tree.field(value, "arguments")
                if arguments is not None:
                    yield self._items(arguments)

    def _items(self, node: int) -> Items:
        """Return what is written in a list of arguments or in a dictionary, by its key."""
        if node not in self._written:
            tree, found = self.tree, self._written.setdefault(node, {})
            for pair in tree.children[node]:
                is_keyword = tree.kinds[pair] == "keyword_argument"
                if is_keyword or tree.kinds[pair] == "pair":
                    key = tree.field(pair, "name" if is_keyword else "key")
                    value = tree.field(pair, "value")
                    if key is not None and value is not None:
                        name = tree.text(key) if is_keyword else tree.literal(key)
                        found.setdefault(name or "", []).append(value)
        return self._written[node]

    def _note_items(self) -> None:
        """Note what ``x.setdefault("key", value)`` and ``x.update(key=value)`` put into ``x``."""
        for call in self.calls:
            owner, method = self.method(call)
            variable = self.bindings.owner(owner) if owner is not None else None
            if variable is None:
                continue
            arguments = self.positional(call)
            if method == "setdefault" and len(arguments) == 2:
                key = self.tree.literal(arguments[0])
                variable.items.setdefault(key or "", []).append(arguments[1])
            elif method == "update":
                nodes = [node for node in (self.tree.field(call, "arguments"), *arguments) if node]
                for node in nodes:
                    for key, values in self._items(node).items():
                        variable.items.setdefault(key, []).extend(values)

    # How full names come about.

    def _known(self) -> List[Tuple[int, str]]:
        """Return the nodes whose full names can be seen without others."""
        tree = self.tree
        known: List[Tuple[int, str]] = []
        for name, variable in self.bindings.variables():
            names = variable.imports
            if name and not variable.is_bound:
                names = [name, *(f"{module}.{name}" for module in self.bindings.wildcards[:2])]
            known.extend((use, full) for full in names[:_MOST] for use in variable.uses)
        for call in self.calls:
            if tree.last_name(self.function(call)) in _IMPORTERS:
                module = tree.literal(next(iter(self.positional(call)), None))
                if module:
                    known.append((call, module))
        for node in self._instances:
            text = tree.literal(node)  # an annotation in quotes
            if text:
                known.append((node, text))
        return known

    def _spread(self, todo: List[Tuple[int, str]]) -> None:
        """Give the nodes their full names, and those that take theirs from them."""
        read: Dict[int, Set[str]] = {}  # by variable
        todo.reverse()
        while todo:
            node, name = todo.pop()
            origins = self._origins.get(node, ())
            if name in origins or len(origins) == _MOST or len(name) > _LONGEST:
                continue
            self._origins[node] = (*origins, name)
            for variables, full in (
                (self.given.get(node, ()), name),
                (self._instances.get(node, ()), f"{name}.()"),
            ):
                for variable in variables:
                    known = read.setdefault(id(variable), set())
                    if full not in known and len(known) < _MOST:
                        known.add(full)
                        todo.extend((use, full) for use in variable.uses)
            if self.tree.kinds[self.tree.parents[node]] in _NAMED_BY_PART:
                todo.extend(self._around(node, name))

    def _around(self, node: int, name: str) -> Iterator[Tuple[int, str]]:
        """Return what is around a node and takes its name from it, with that name."""
        tree = self.tree
        parent, field = tree.parents[node], tree.fields[node]
        kind = tree.kinds[parent]
        siblings = tree.children[parent]
        if kind == "attribute":
            if field == "object" and len(siblings) == 2:
                yield parent, f"{name}.{tree.text(siblings[1])}"
        elif kind == "call":
            if field == "function":
                yield parent, f"{name}.()"
        elif kind == "argument_list":
            if siblings[0] == node and tree.kinds[tree.parents[parent]] == "call":
                yield from self._of_first_argument(tree.parents[parent], siblings, name)
        elif (
            kind in _WRAPPERS
            or kind == "boolean_operator"
            or (kind == "conditional_expression" and siblings[1:2] != [node])
            or (kind == "named_expression" and field == "value")
            or (kind == "assignment" and field == "right")
        ):
            yield parent, name

    def _of_first_argument(
        self, call: int, arguments: Sequence[int], name: str
    ) -> Iterator[Tuple[int, str]]:
        """Follow ``getattr(os, "system")`` and ``functools.partial(os.system)``."""
        function = self.tree.last_name(self.function(call))
        if function == "getattr" and len(arguments) > 1:
            attribute = self.tree.literal(arguments[1])
            if attribute:
                yield call, f"{name}.{attribute}"
        elif function == "partial":
            yield call, name
