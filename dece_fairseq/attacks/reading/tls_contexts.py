"""Contexts of Python's ssl: which of them are a server's, and what is set on them."""

from typing import Iterator, NamedTuple, Optional, Set

from dece_fairseq.attacks.reading.python_names import Names

UNVERIFIED = frozenset({"ssl._create_unverified_context", "ssl._create_stdlib_context"})
_MAKERS = UNVERIFIED | {"ssl.SSLContext", "ssl.create_default_context"}
#: packages that give out contexts
_PACKAGES = frozenset({"aiohttp", "http", "httpx", "requests", "ssl", "urllib", "urllib3"})
_FOR_SERVERS = ("PROTOCOL_TLS_SERVER", "Purpose.CLIENT_AUTH")
_SERVING = frozenset(
    {"create_server", "run", "run_app", "run_simple", "serve", "start_server", "start_unix_server"}
)


class Setting(NamedTuple):
    """An attribute that is set: ``owner.attribute = value``, or by ``setattr``."""

    owner: int
    attribute: str
    value: int


def settings(names: Names) -> Iterator[Setting]:
    """Return the attributes that code sets to a value."""
    tree = names.tree
    for target, value in names.bindings.set_attributes:
        parts = tree.children[target]
        if len(parts) == 2:
            yield Setting(parts[0], tree.text(parts[1]), value)
    for call in names.calls:
        if "setattr" in names.origins(names.function(call)):
            arguments = names.positional(call)
            attribute = tree.literal(arguments[1]) if len(arguments) == 3 else None
            if attribute:
                yield Setting(arguments[0], attribute, arguments[2])


def serves(names: Names, call: int) -> bool:
    """Return whether a call is told to be the server."""
    return any(not names.is_false(node) for node in names.keyword(call, "server_side"))


class Contexts:
    """Tells contexts of servers from others: a server need not ask its clients for certificates.

    Args:
        names: of the code
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        #: calls that make a server's context, and the names of such contexts
        self._calls: Set[int] = set()
        self._variables: Set[int] = set()
        for call in names.calls:
            self._look_at(call)

    def _look_at(self, call: int) -> None:
        names = self._names
        if serves(names, call):
            self._note(names.method(call)[0])
        functions = names.origins(names.function(call))
        if any(name.rpartition(".")[2] in _SERVING for name in functions):
            for node in (*names.keyword(call, "ssl"), *names.keyword(call, "ssl_context")):
                self._note(node)
        if not _MAKERS.isdisjoint(functions):
            given = [*names.positional(call), *names.keyword(call, "purpose")]
            given += names.keyword(call, "protocol")
            if any(origin.endswith(_FOR_SERVERS) for n in given for origin in names.origins(n)):
                self._calls.add(call)
                self._variables.update(id(variable) for variable in names.given.get(call, ()))

    def _note(self, node: Optional[int]) -> None:
        variable = self._names.bindings.owner(node) if node is not None else None
        if variable is not None:
            self._variables.add(id(variable))

    def is_made_for_server(self, call: int) -> bool:
        """Return whether a call makes the context of a server."""
        given = self._names.given.get(call, ())
        return call in self._calls or any(id(variable) in self._variables for variable in given)

    def may_be_client(self, node: int) -> bool:
        """Return whether an object may be the context of a client.

        It may be, unless it is a server's, comes from a package that has none, or is ``self``.
        """
        names = self._names
        variable = names.bindings.owner(node)
        if node in self._calls or (variable is not None and id(variable) in self._variables):
            return False
        is_name = names.tree.kinds[node] == "identifier"
        is_self = is_name and (
            names.tree.text(node) == "self"  # of a method without its class
            or (variable is not None and variable.class_scope is not None)
        )
        origins = names.origins(node)
        return (not origins and not is_self) or any(
            origin.partition(".")[0] in _PACKAGES or not (is_self or names.is_imported(origin))
            for origin in origins
        )
