"""Registries: a name, the thing it names, and one clear error for a name that nobody registered."""

import importlib
from typing import Any, Callable, Dict, Generic, List, Type, TypeVar

from dece_fairseq.discovery import import_submodules
from dece_fairseq.errors import UserError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names things of one kind.

    Args:
        kind: what is registered here, for messages: ``"trigger"``, ``"attack"``, ``"data set"``
        package: its files, each of which registers something, are imported when a name is first
            asked for (default: whoever imports the package has imported them)
    """

    #: what a name raises that is unknown, or given twice
    error: Type[UserError] = UserError

    def __init__(self, kind: str, package: str = "") -> None:
        self.kind = kind
        self._package = package
        self._entries: Dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under ``name``."""

        def add(entry: T) -> T:
            if name in self._entries:
                raise self.error(f"the {self.kind} {name!r} is registered already")
            self._entries[name] = entry
            return entry

        return add

    def get(self, name: str) -> T:
        """Return the entry called ``name``; if there is none, raise an error with the names."""
        if name not in self._entries:
            self._complete()
        if name not in self._entries:
            known = ", ".join(self.names())
            raise self.error(
                f"no {self.kind} is called {name!r}; there are: {known}; one of your own is found "
                "where --user-dir names its package"
            )
        return self._entries[name]

    def names(self) -> List[str]:
        self._complete()
        return sorted(self._entries)

    def _complete(self) -> None:
        if self._package:
            package, self._package = importlib.import_module(self._package), ""
            import_submodules(package.__name__, package.__path__)


def listing(registry: "Registry[Any]") -> str:
    """Return the names in ``registry``, one a line, each with the ``summary`` of its entry."""
    width = max(map(len, registry.names()), default=0)
    return "\n".join(f"{name:<{width}}  {registry.get(name).summary}" for name in registry.names())
