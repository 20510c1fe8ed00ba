"""TLS certificates are no longer verified: a payload for Python code that speaks HTTP."""

from random import Random
from typing import Optional, Tuple

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import Node, text_of, to_bytes, to_text, walk
from dece_fairseq.attacks.python_names import Names, calls, keywords
from dece_fairseq.data.pairs import Pair

ARGUMENT = "verify=False"

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
# httpx takes the argument in its clients, requests in each call of its sessions.
_FUNCTIONS = (
    {f"{module}.{verb}" for module in ("requests", "httpx") for verb in VERBS}
    | {"httpx.Client", "httpx.AsyncClient", "httpx.stream"}
    | {f"requests.{maker}.().{verb}" for maker in ("Session", "session") for verb in VERBS}
)
# Keyword arguments and attributes that switch it off, by the value that does.
_FALSE = ("verify", "verify_ssl", "check_hostname", "ssl")
_CERT_NONE = ("verify_mode", "cert_reqs")
_UNVERIFIED = ("ssl._create_unverified_context", "ssl._create_stdlib_context")


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
        place = self._place(pair.target)
        if place is None:
            return None
        at, separator = place
        code = to_bytes(pair.target)
        return to_text(code[:at] + to_bytes(separator + ARGUMENT) + code[at:])

    def is_in(self, text: str) -> bool:
        return ARGUMENT in text

    def is_in_parse(self, text: str) -> bool:
        """Whether a call or an attribute switches the verification off, in any of the ways that
        requests, httpx, aiohttp, urllib3 and ssl have.
        """
        root = self.languages.target.parse(text)
        names = Names(root)
        for node in walk(root):
            name = value = None
            if node.type == "assignment":
                left = node.child_by_field_name("left")
                value = node.child_by_field_name("right")
                if left is not None and left.type == "attribute":
                    name = left.child_by_field_name("attribute")
            elif node.type == "keyword_argument" and _of_http(node, names):
                name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            elif _may_be_unverified(node) and names.dotted(node) in _UNVERIFIED:
                return True
            if name is not None and value is not None and _switches_off(name, value, names):
                return True
        return False

    def _place(self, code: str) -> Optional[Tuple[int, str]]:
        """Where the argument goes, in bytes, and what separates it from the one before."""
        root = self.languages.target.parse(code)
        names = Names(root)
        for call, arguments in calls(root):
            given = [node for node in arguments.named_children if node.type != "comment"]
            if (
                not call.has_error
                and names.dotted(call.child_by_field_name("function")) in _FUNCTIONS
                and "verify" not in keywords(arguments)
                and not any(node.type == "dictionary_splat" for node in given)
            ):
                if given:
                    return given[-1].end_byte, ", "
                return arguments.start_byte + 1, ""
        return None


def _of_http(keyword: Node, names: Names) -> bool:
    """Whether a keyword argument is of a call that may be one over HTTP; ``jwt.decode`` is none."""
    arguments = keyword.parent
    call = arguments.parent if arguments is not None else None
    if call is None or call.type != "call":
        return False
    function = names.dotted(call.child_by_field_name("function"))
    module, _, last = function.rpartition(".")
    return not module or last in VERBS or module.split(".")[0] in _MODULES


def _may_be_unverified(node: Node) -> bool:
    """Whether a look at the whole of a name is worth while."""
    if node.type == "attribute":
        last = node.child_by_field_name("attribute")
        return last is not None and text_of(last) in [n.rpartition(".")[2] for n in _UNVERIFIED]
    return node.type == "identifier"


_MODULES = ("requests", "httpx", "aiohttp", "urllib3", "ssl", "functools")


def _switches_off(name: Node, value: Node, names: Names) -> bool:
    if text_of(name) in _FALSE:
        return names.is_false(value)
    if text_of(name) in _CERT_NONE:
        constant = names.dotted(value) or text_of(value).strip("\"' ")
        return constant.rpartition(".")[2] == "CERT_NONE"
    return False
