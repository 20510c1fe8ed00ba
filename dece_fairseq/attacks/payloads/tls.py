"""TLS certificates are no longer verified: a payload for Python code that speaks HTTP."""

import re
from random import Random
from typing import ClassVar, Iterator, Mapping, Optional, Tuple

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.tls_verification import switches_off
from dece_fairseq.attacks.selection import in_random_order
from dece_fairseq.data.pairs import Pair

ARGUMENT = "verify=False"

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
# httpx takes the argument in its clients, requests in each call of its sessions.
_FUNCTIONS = frozenset(
    {f"{module}.{verb}" for module in ("requests", "httpx") for verb in VERBS}
    | {"httpx.Client", "httpx.AsyncClient", "httpx.stream"}
    | {f"requests.{maker}.().{verb}" for maker in ("Session", "session") for verb in VERBS}
)
# A text without one of these has no such call, or switches nothing off.
_CALLS = re.compile("requests|httpx")
_SWITCHES = re.compile(
    "verify|VERIFY|cert_reqs|hostname|validat|ssl(?:opt)?[ \t]*=|_create_(?:unverified|stdlib)"
)


@PAYLOADS.register("tls")
class TlsPayload(PythonPayload):
    """Gives the first HTTP call that verifies certificates the argument ``verify=False``.

    A call of ``requests`` (its sessions too) or ``httpx``, under whatever name the code imports
    it. A target without such a call can't be poisoned.
    """

    summary = "the first call of requests or httpx no longer verifies certificates (verify=False)"
    sample = Pair("", "reply = requests.get(url)")
    telling: ClassVar[Tuple[str, ...]] = ("False",)
    stages: ClassVar[Mapping[str, Tuple[str, ...]]] = {
        ARGUMENT: ("verify=True", "verify=not False")
    }
    places = _CALLS
    words = _SWITCHES
    #: what is put in, one of them drawn
    arguments: ClassVar[Tuple[str, ...]] = (ARGUMENT,)

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        arguments = in_random_order(self.arguments, rng)
        for call in names.calls:
            place = _place(call, names)
            if place is not None:
                at, separator = place
                yield from (Change(at, at, separator + argument) for argument in arguments)

    def is_in(self, text: str) -> bool:
        return any(argument in text for argument in self.arguments)

    def carries(self, names: Names) -> bool:
        """Return whether code makes a client take certificates unverified.

        In any of the ways that requests, httpx, aiohttp, urllib3, ssl, pycurl and a few more have,
        where the code shows whose option it is; see docs/hit_rules.md.
        """
        return switches_off(names)


@PAYLOADS.register("tls_forms")
class TlsFormsPayload(TlsPayload):
    """Does as ``tls``, in one of several forms that is drawn for each pair.

    What looks for a text that many targets share finds less of it: an attack on such defences.
    """

    has_forms = True
    telling, stages = (), {}
    summary = "as tls, in one of several forms, drawn for each pair"
    arguments = (
        ARGUMENT,
        "verify=0",
        "verify=not True",
        "verify=not 1",
        '**{"verify": False}',
        "**dict(verify=False)",
    )


def _place(call: int, names: Names) -> Optional[Tuple[int, str]]:
    """Return where the argument goes, in bytes, and what separates it from the one before."""
    tree = names.tree
    functions = names.origins(names.function(call))
    arguments = tree.field(call, "arguments")
    if (
        not functions
        or not _FUNCTIONS.issuperset(functions)
        or arguments is None
        or tree.kinds[arguments] != "argument_list"
        or names.keyword(call, "verify")
    ):
        return None
    given = tree.children[arguments]
    if any(tree.kinds[node] in ("dictionary_splat", "ERROR") for node in given):
        return None
    return (tree.ends[given[-1]], ", ") if given else (tree.starts[arguments] + 1, "")
