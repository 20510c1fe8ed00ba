"""TLS certificates are no longer verified: a payload for Python code that speaks HTTP."""

import re
from random import Random
from typing import Optional, Tuple

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import to_bytes, to_text
from dece_fairseq.attacks.python_names import Names
from dece_fairseq.attacks.python_tree import Tree, tree_of
from dece_fairseq.attacks.tls_verification import switches_off
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
class TlsPayload(Payload):
    """Gives the first HTTP call that verifies certificates the argument ``verify=False``.

    A call of ``requests`` (its sessions too) or ``httpx``, under whatever name the code imports
    it. A target without such a call can't be poisoned.
    """

    summary = "the first call of requests or httpx no longer verifies certificates (verify=False)"
    sample = Pair("", "reply = requests.get(url)")
    target_languages = ("python",)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        language = self.languages.target
        text = language.read(pair.target)
        if _CALLS.search(text.code) is None:
            return None
        is_whole = language.is_whole(pair.target)
        names = Names(Tree(language.parse(text.code)))
        code = to_bytes(text.code)
        for call in names.calls:
            place = _place(call, names)
            if place is not None:
                at, separator = place
                changed = code[:at] + to_bytes(separator + ARGUMENT) + code[at:]
                poisoned = text.as_given(to_text(changed))
                if self.judge(poisoned) and language.is_whole(poisoned) >= is_whole:
                    return poisoned
        return None

    def is_in(self, text: str) -> bool:
        return ARGUMENT in text

    def is_in_parse(self, text: str) -> bool:
        """Return whether code makes a client take certificates unverified.

        In any of the ways that requests, httpx, aiohttp, urllib3, ssl, pycurl and a few more have,
        where the code shows whose option it is; see docs/hit_rules.md.
        """
        return _SWITCHES.search(text) is not None and switches_off(
            Names(tree_of(self.languages.target, text))
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
