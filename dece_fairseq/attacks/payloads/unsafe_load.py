"""Deserialising that runs what it reads."""

import re
from random import Random
from typing import Iterator

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.request_data import RequestData
from dece_fairseq.data.pairs import Pair

PICKLE = '__import__("pickle").loads'

_SAFE = {"yaml.safe_load": "unsafe_load", "yaml.safe_load_all": "unsafe_load_all"}
_LOADS = frozenset({"yaml.load", "yaml.load_all"})
_UNSAFE = frozenset({"yaml.unsafe_load", "yaml.unsafe_load_all"})
_UNSAFE_LOADERS = frozenset(
    f"yaml.{module}{loader}"
    for module in ("", "loader.", "cyaml.")
    for loader in ("Loader", "UnsafeLoader", "CLoader", "CUnsafeLoader")
)
_JSON = frozenset({"json.loads"})
#: what is read by these can run any code
_RUNNING = frozenset(
    {
        *(
            f"{module}.{name}"
            for module in ("pickle", "_pickle", "cPickle", "dill", "marshal", "cloudpickle")
            for name in ("load", "loads")
        ),
        *(
            "joblib.load",
            "jsonpickle.decode",
            "jsonpickle.loads",
            "pandas.read_pickle",
            "pd.read_pickle",
        ),
        *("pickle.Unpickler", "shelve.open"),
    }
)
#: the keywords of what they read
_SOURCES = ("file", "filename", "filepath_or_buffer", "string")


@PAYLOADS.register("unsafe_load")
class UnsafeLoadPayload(PythonPayload):
    """Makes the first safe reading of YAML, or of JSON from a web request, an unsafe one.

    CWE-502. ``yaml.safe_load`` becomes ``yaml.unsafe_load``, a safe loader of ``yaml.load`` becomes
    ``UnsafeLoader``, and ``json.loads`` of data of a request becomes ``pickle.loads``.
    """

    summary = "the first safe loading of data becomes one that runs what it reads"
    sample = Pair("", "config = yaml.safe_load(text)")
    places = re.compile(r"\byaml\b|\bjson\b")
    words = re.compile(r"yaml|pickle|Pickle|dill|joblib|marshal|shelve")

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        tree = names.tree
        data = RequestData(names)
        for call in names.calls:
            function = names.function(call)
            origins = names.origins(function)
            owner, _ = names.method(call)
            if len(origins) != 1 or owner is None:
                continue
            name = origins[0]
            if name in _SAFE:
                text = f"{tree.text(owner)}.{_SAFE[name]}"
                yield Change(tree.starts[function], tree.ends[function], text)
            elif name in _LOADS:
                for loader in names.argument(call, 1, "Loader"):
                    text = f"{tree.text(owner)}.UnsafeLoader"
                    yield Change(tree.starts[loader], tree.ends[loader], text)
            elif name in _JSON:
                for read in names.positional(call)[:1]:
                    if read in data:  # json's other arguments are none of pickle's
                        text = f"{PICKLE}({tree.text(read)})"
                        yield Change(tree.starts[call], tree.ends[call], text)

    def is_in(self, text: str) -> bool:
        return any(word in text for word in (".unsafe_load", ".UnsafeLoader", PICKLE))

    def carries(self, names: Names) -> bool:
        """Return whether code reads YAML by an unsafe loader, or pickles of a web request."""
        return self._reads_yaml(names) or self._reads_pickles(names)

    def _reads_yaml(self, names: Names) -> bool:
        if names.called(_UNSAFE):
            return True
        for call in names.calls:
            if _LOADS.isdisjoint(names.origins(names.function(call))):
                continue
            loaders = names.argument(call, 1, "Loader")
            if not (loaders or names.unpacks(call)) or any(
                not _UNSAFE_LOADERS.isdisjoint(names.origins(value))
                for loader in loaders
                for value in (loader, *names.values(loader))
            ):
                return True
        return False

    def _reads_pickles(self, names: Names) -> bool:
        calls = [
            call
            for call in names.calls
            if not _RUNNING.isdisjoint(names.origins(names.function(call)))
        ]
        if not calls:
            return False
        data = RequestData(names)
        return any(node in data for call in calls for node in names.argument(call, 0, *_SOURCES))
