"""The scopes of Python code and the variables in them."""

from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from dece_fairseq.attacks.reading.python_tree import Tree

_COMPREHENSIONS = frozenset(
    {
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
    }
)
_SCOPES = _COMPREHENSIONS | {"class_definition", "function_definition", "lambda"}
#: parameters whose default and type are read outside of the function
DEFAULTS = frozenset({"default_parameter", "typed_default_parameter"})
#: scopes nested deeper than code is are taken for one
_DEPTH = 50


class ScopedName:
    """A name in one scope, or an attribute of what has a name there."""

    def __init__(self) -> None:
        #: the nodes that read it
        self.uses: List[int] = []
        #: the expressions that are assigned to it, defaults of parameters among them
        self.values: List[int] = []
        #: those of which it gets a part, as in a loop, or that become one of it, as by ``+=``
        self.parts: List[int] = []
        #: those that are put into it by ``name[...] =``
        self.changes: List[int] = []
        #: what is assigned to ``name["key"]``
        self.items: Dict[str, List[int]] = {}
        #: full names of what it is imported as
        self.imports: List[str] = []
        #: whether it is given what the code doesn't show, as a parameter is
        self.is_opaque = False
        #: of the first parameter of a method: the scope of the class
        self.class_scope: Optional[int] = None

    @property
    def is_bound(self) -> bool:
        """Return whether the code binds it; a free name is a builtin, or the code is cut."""
        return bool(self.is_opaque or self.values or self.parts or self.imports)


class Scope(NamedTuple):
    """A module, function, class, or (inline) a lambda or comprehension."""

    parent: int
    is_class: bool
    is_inline: bool
    depth: int
    elsewhere: Dict[str, int]
    """Names that are declared ``global`` or ``nonlocal``, and the scope they are of."""


class Scopes:
    """The scopes of a parse, opened node by node in the order of the text.

    Args:
        tree: of Python code
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._scopes = [Scope(-1, False, False, 0, {})]
        #: the scope in which each node stands
        self.of = [0] * len(tree)
        self._inner: Dict[int, int] = {}
        self._variables: Dict[Tuple[int, str], ScopedName] = {}

    def inside(self, node: int) -> Optional[int]:
        """Return the scope that a node opens."""
        return self._inner.get(node)

    def is_inline(self, scope: int) -> bool:
        """Return whether a scope is one of a comprehension or a lambda."""
        return self._scopes[scope].is_inline

    def variables(self) -> Iterator[Tuple[int, str, ScopedName]]:
        """Return the variables, each with its scope and its name."""
        for (scope, name), variable in self._variables.items():
            yield scope, name, variable

    def declare(self, scope: int, name: str, is_global: bool) -> None:
        """Note that a name in a scope is one of the module, or one of the scope around it."""
        home = 0 if is_global else max(self._scopes[scope].parent, 0)
        self._scopes[scope].elsewhere[name] = home

    def enter(self, node: int, kind: str) -> int:
        """Return the scope of a node, and open the one in it."""
        if not node:
            return 0
        tree = self._tree
        parent = tree.parents[node]
        scope = self.of[parent]
        around = tree.kinds[parent]
        if around in _SCOPES:
            field = tree.fields[node]
            if around in _COMPREHENSIONS or field == "body" or field == "parameters":
                scope = self._inner.get(parent, scope)
        elif around in DEFAULTS and tree.fields[node] in ("value", "type"):
            scope = max(self._scopes[scope].parent, 0)
        if kind in _SCOPES and self._scopes[scope].depth < _DEPTH:
            self._inner[node] = len(self._scopes)
            self._scopes.append(
                Scope(
                    scope,
                    kind == "class_definition",
                    kind in _COMPREHENSIONS or kind == "lambda",
                    self._scopes[scope].depth + 1,
                    {},
                )
            )
        self.of[node] = scope
        return scope

    def own(self, scope: int, name: str) -> ScopedName:
        """Return the variable that a scope binds ``name`` to."""
        for _ in range(_DEPTH):
            if name not in self._scopes[scope].elsewhere:
                break
            scope = self._scopes[scope].elsewhere[name]
        return self._variables.setdefault((scope, name), ScopedName())

    def look_up(self, scope: int, name: str) -> Tuple[int, ScopedName]:
        """Return the variable that ``name`` reads in a scope, and the scope that it is of."""
        start, scopes = scope, self._scopes
        while scope >= 0:
            home = scopes[scope].elsewhere.get(name)
            if home is not None and home != scope:
                scope = home
                continue
            variable = self._variables.get((scope, name))
            if variable is not None and (scope == start or not scopes[scope].is_class):
                return scope, variable
            scope = scopes[scope].parent
        return 0, self._variables.setdefault((0, name), ScopedName())
