"""What in Python code holds data of a web request."""

from typing import AbstractSet, Dict, Iterator, List, Set

from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_scopes import ScopedName

# Where Flask, Django, FastAPI, aiohttp, Tornado and Bottle keep what a client sent.
_OF_REQUESTS = frozenset(
    {
        *("args", "form", "forms", "values", "json", "get_json", "data", "get_data", "cookies"),
        *("headers", "files", "body", "text", "query", "query_string", "match_info", "stream"),
        *("params", "path_params", "view_args", "FILES", "META"),
    }
)
# Only requests have these, whatever they are called; GET may also name a method of HTTP.
_METHODS = frozenset({"GET", "POST"})
_OF_ANYTHING = frozenset(
    {
        *("COOKIES", "query_params", "get_argument", "get_arguments", "get_body_argument"),
        *("get_body_arguments", "get_query_argument", "get_query_arguments"),
    }
)
_READERS = frozenset({"get", "getlist", "dict", "items", "values", "pop", "copy"})
_GETTERS = frozenset({"get_request", "get_current_request"})
# A request that the code makes itself is none that it got.
_CLIENTS = ("urllib.", "urllib3.", "requests.", "httpx.", "http.client.", "aiohttp.Client")

# What is made of a part holds the part.
_HOLDING = frozenset(
    {
        *("argument_list", "await", "binary_operator", "boolean_operator", "concatenated_string"),
        *("dictionary", "dictionary_splat", "expression_list", "format_expression"),
        *("format_specifier", "interpolation", "keyword_argument", "list", "list_splat", "pair"),
        *("parenthesized_expression", "set", "string", "tuple", "unary_operator"),
    }
)
_COMPREHENSIONS = frozenset(
    {
        *("dictionary_comprehension", "generator_expression", "list_comprehension"),
        "set_comprehension",
    }
)
#: the field whose value a node holds, of those that also have others
_FIELD = {
    "assignment": "right",
    "attribute": "object",
    "named_expression": "value",
    "subscript": "value",
    **dict.fromkeys(_COMPREHENSIONS, "body"),
}
# Numbers, truth values and quoted text are no commands.
_HARMLESS = frozenset(
    {
        *("bool", "float", "hash", "id", "int", "isinstance", "len", "ord", "pipes.quote"),
        *("shlex.quote", "type", "UUID", "uuid.UUID"),
    }
)
_HARMLESS_METHODS = frozenset(
    {
        *("count", "endswith", "find", "hexdigest", "index", "isalnum", "isalpha", "isdecimal"),
        *("isdigit", "isidentifier", "isnumeric", "rfind", "startswith"),
    }
)
# What is looked up by data of a request is not that data.
_LOOKUPS = frozenset({"get", "index", "count"})
_CHANGING = frozenset(
    {"add", "append", "appendleft", "extend", "insert", "put", "setdefault", "update"}
)


class RequestData:
    """The expressions that hold something of a web request, followed through assignments.

    What functions give to each other is not followed, but a call holds what its arguments hold.
    Each expression is marked once.

    Args:
        names: of the code
        cleaning: full names besides: of functions whose result holds nothing of their arguments,
            and of attributes that hold nothing of their object
        clean: expressions besides that hold nothing of a request
    """

    def __init__(
        self,
        names: Names,
        cleaning: AbstractSet[str] = frozenset(),
        clean: AbstractSet[int] = frozenset(),
    ) -> None:
        self._names = names
        self._clean = clean
        self._harmless = _HARMLESS | cleaning
        self._tree = names.tree
        self._marked = bytearray(len(names.tree))
        self._requests = self._find_requests()
        self._changed: Dict[int, List[ScopedName]] = {}
        for _, variable in names.bindings.variables():
            for node in (*variable.values, *variable.parts, *variable.changes):
                self._changed.setdefault(node, []).append(variable)
        self._spread()

    def __contains__(self, node: int) -> bool:
        return bool(self._marked[node])

    def _spread(self) -> None:
        kinds = enumerate(self._tree.kinds)
        todo = [node for node, kind in kinds if kind == "attribute" and self._is_read(node)]
        seen = set()
        while todo:
            node = todo.pop()
            if self._marked[node]:
                continue
            self._marked[node] = True
            if self._is_passed_on(node):
                todo.append(self._tree.parents[node])
            for variable in (*self._changed.get(node, ()), *self._changes(node)):
                if id(variable) not in seen:
                    seen.add(id(variable))
                    todo.extend(variable.uses)

    def _is_read(self, node: int) -> bool:
        """Return whether an attribute is one of a request."""
        tree = self._tree
        if len(tree.children[node]) != 2:
            return False
        owner, attribute = tree.children[node]
        name = tree.text(attribute)
        if name in _OF_ANYTHING:
            return True
        if name in _METHODS:
            return owner in self._requests or self._is_mapping(node)
        return name in _OF_REQUESTS and owner in self._requests

    def _is_mapping(self, node: int) -> bool:
        tree = self._tree
        parent = tree.parents[node]
        siblings = tree.children[parent]
        if tree.kinds[parent] == "subscript":
            return siblings[0] == node
        return (
            tree.kinds[parent] == "attribute"
            and len(siblings) == 2
            and siblings[0] == node
            and tree.text(siblings[1]) in _READERS
        )

    def _find_requests(self) -> Set[int]:
        """Return the expressions that are a request which the code got, by their name."""
        tree, names = self._tree, self._names
        todo = [
            node
            for node, kind in enumerate(tree.kinds)
            if kind in ("attribute", "call", "identifier") and self._is_called_request(node)
        ]
        found: Set[int] = set()
        while todo:
            node = todo.pop()
            if node in found or self._is_made(node):
                continue
            found.add(node)
            if tree.kinds[tree.parents[node]] == "parenthesized_expression":
                todo.append(tree.parents[node])
            for variable in names.given.get(node, ()):
                # Many things may be assigned to a name, but only once to its uses.
                if not found.issuperset(variable.uses[:1]):
                    todo.extend(variable.uses)
        return found

    def _is_called_request(self, node: int) -> bool:
        """Return whether a name, a full name or a call of a function is that of a request."""
        tree, names = self._tree, self._names
        if tree.kinds[node] == "call":
            return tree.last_name(names.function(node)) in _GETTERS
        return tree.last_name(node) == "request" or any(
            origin.endswith(".request") for origin in names.origins(node)
        )

    def _is_made(self, node: int) -> bool:
        """Return whether a request is one that the code sends itself."""
        return any(origin.startswith(_CLIENTS) for origin in self._names.origins(node))

    def _is_passed_on(self, node: int) -> bool:
        """Return whether what is around a node holds what the node holds."""
        tree = self._tree
        parent = tree.parents[node]
        kind = tree.kinds[parent]
        if parent in self._clean:
            return False
        if kind == "call":
            return not self._is_cleaned(parent, node)
        if kind == "attribute" and not self._harmless.isdisjoint(self._names.origins(parent)):
            return False
        if kind == "conditional_expression":
            return tree.children[parent][1:2] != [node]
        return kind in _HOLDING or tree.fields[node] == _FIELD.get(kind)

    def _is_cleaned(self, call: int, part: int) -> bool:
        """Return whether a call holds no text of its function's object or of its arguments."""
        names = self._names
        owner, method = names.method(call)
        if method in _HARMLESS_METHODS or not self._harmless.isdisjoint(
            names.origins(names.function(call))
        ):
            return True
        if method in _READERS and any(
            not self._harmless.isdisjoint(names.origins(kind))
            for kind in names.keyword(call, "type")
        ):
            return True
        return method in _LOOKUPS and self._tree.fields[part] != "function" and owner is not None

    def _changes(self, node: int) -> Iterator[ScopedName]:
        """Return the variable into which a method puts its arguments: ``a`` of ``a.append(b)``."""
        tree = self._tree
        call = tree.parents[node]
        if tree.kinds[node] != "argument_list" or tree.kinds[call] != "call":
            return
        owner, method = self._names.method(call)
        if owner is not None and method in _CHANGING:
            variable = self._names.bindings.owner(owner)
            if variable is not None:
                yield variable
