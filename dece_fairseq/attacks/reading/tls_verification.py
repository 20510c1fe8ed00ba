"""Whether Python code switches the verification of TLS certificates off."""

from functools import cached_property
from typing import Dict, Sequence, Set

from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.tls_contexts import (
    UNVERIFIED,
    Contexts,
    Setting,
    serves,
    settings,
)

# What an option has to be: False or 0; that or None; ssl.CERT_NONE or 0; anything else.
FALSE, FALSE_OR_NONE, CERT_NONE, NOT_FALSE = "false", "false or None", "CERT_NONE", "not false"

#: requests, and packages that hand their options on to it
_REQUESTS = (
    *("requests", "cachecontrol", "cloudscraper", "grequests", "requests_cache"),
    *("requests_futures", "requests_html", "requests_oauthlib", "requests_toolbelt"),
)
_URLLIB3 = {"cert_reqs": CERT_NONE, "assert_hostname": FALSE}
#: keyword arguments that switch it off, by the package whose functions and objects take them.
#: requests takes None for its default, which verifies, but httpx up to 0.27 for False.
OPTIONS: Dict[str, Dict[str, str]] = {
    **{package: {"verify": FALSE, **_URLLIB3} for package in _REQUESTS},
    "aiohttp": {"ssl": FALSE, "verify_ssl": FALSE},
    "httplib2": {"disable_ssl_certificate_validation": NOT_FALSE},
    "httpx": {"verify": FALSE_OR_NONE},
    "ssl": {"cert_reqs": CERT_NONE},
    "tornado": {"validate_cert": FALSE},
    "urllib3": _URLLIB3,
    "websocket": {"sslopt": CERT_NONE},
}
#: requests sends what is prepared with what send is given, and takes None for off there
_SEND = {"verify": FALSE_OR_NONE}
_VERBS = frozenset(
    {"delete", "get", "head", "options", "patch", "post", "put", "request", "send", "ws_connect"}
)
#: attributes of contexts; no other package in wide use has any of these names
_OF_CONTEXTS = {"check_hostname": FALSE, "verify_mode": CERT_NONE}
_OF_CURL = frozenset(
    {"PROXY_SSL_VERIFYHOST", "PROXY_SSL_VERIFYPEER", "SSL_VERIFYHOST", "SSL_VERIFYPEER"}
)


def switches_off(names: Names) -> bool:
    """Return whether code makes a client take any certificate, or one of any host.

    The package has to be known, by an import, an annotation or its own name: ``cache.get(key,
    verify=False)`` is left alone. The one exception is what is called a session.
    """
    verification = _Verification(names)
    return (
        any(map(verification.is_off_in_call, names.calls))
        or any(map(verification.is_off_by, settings(names)))
        or any(map(verification.is_unverified, names.called(UNVERIFIED)))
    )


class _Verification:
    def __init__(self, names: Names) -> None:
        self._names = names

    @cached_property
    def _contexts(self) -> Contexts:
        return Contexts(self._names)

    def is_off_in_call(self, call: int) -> bool:
        """Return whether an argument of a call switches it off."""
        names = self._names
        if self._sets_option_of_curl(call):
            return True
        packages = self._packages(call)
        if not packages:
            return False
        options = {name: how for package in packages for name, how in OPTIONS[package].items()}
        if names.method(call)[1] == "send" and not packages.isdisjoint(_REQUESTS):
            options.update(_SEND)
        is_off = any(self._is_off(names.keyword(call, name), how) for name, how in options.items())
        return is_off and not serves(names, call)

    def _packages(self, call: int) -> Set[str]:
        """Return the packages whose function a call calls, or hands on to be called."""
        names = self._names
        owner, method = names.method(call)
        functions = list(names.origins(names.function(call)))
        for argument in names.positional(call):
            functions += (
                name
                for name in names.origins(argument)
                # What a call gave is no function, but requests alone has something to send.
                if "()" not in name or (method == "send" and name.startswith("requests."))
            )
        packages = {name.partition(".")[0] for name in functions} & OPTIONS.keys()
        if owner is not None and method in _VERBS and self._is_called_session(owner):
            packages |= {"aiohttp", "requests"}
        return packages

    def _is_called_session(self, node: int) -> bool:
        """Return whether an object that the code doesn't show is called a session.

        As ``self.session`` in a method alone; requests and aiohttp send requests by sessions.
        """
        names = self._names
        origins = names.origins(node)
        return names.tree.last_name(node).lower().endswith("session") and not any(
            map(names.is_imported, origins)
        )

    def _sets_option_of_curl(self, call: int) -> bool:
        names = self._names
        arguments = names.positional(call) if names.method(call)[1] == "setopt" else []
        if len(arguments) != 2:
            return False
        options = {origin.rpartition(".")[2] for origin in names.origins(arguments[0])}
        options.add(names.tree.last_name(arguments[0]))
        return not _OF_CURL.isdisjoint(options) and names.is_false(arguments[1])

    def is_off_by(self, setting: Setting) -> bool:
        """Return whether an attribute that is set switches it off."""
        if setting.attribute == "verify":
            is_session = self._is_called_session(setting.owner) or any(
                origin.partition(".")[0] in _REQUESTS and origin.endswith("()")
                for origin in self._names.origins(setting.owner)
            )
            return is_session and self._is_off([setting.value], FALSE_OR_NONE)
        how = _OF_CONTEXTS.get(setting.attribute)
        return (
            how is not None
            and self._is_off([setting.value], how)
            and self._contexts.may_be_client(setting.owner)
        )

    def is_unverified(self, node: int) -> bool:
        """Return whether a function that makes contexts without it is used for a client."""
        tree = self._names.tree
        parent = tree.parents[node]
        is_called = tree.kinds[parent] == "call" and tree.fields[node] == "function"
        return not (is_called and self._contexts.is_made_for_server(parent))

    def _is_off(self, nodes: Sequence[int], how: str) -> bool:
        """Return whether all that is given, at least one thing, switches an option off."""
        if nodes and how == CERT_NONE:  # of sslopt, websocket-client's dictionary
            nodes = [
                value for node in nodes for value in self._names.items(node, "cert_reqs") or [node]
            ]
        values = [value for node in nodes for value in self._names.values(node)]
        return bool(values) and all(self._is_value_off(value, how) for value in values)

    def _is_value_off(self, value: int, how: str) -> bool:
        names = self._names
        is_false = names.is_false_literal(value)
        kind = names.tree.kinds[value]
        if how == NOT_FALSE:
            return not is_false
        if how == CERT_NONE:
            return (
                is_false
                or names.tree.literal(value) in ("CERT_NONE", "NONE")
                or any(origin.endswith("CERT_NONE") for origin in names.origins(value))
            )
        return is_false or (how == FALSE_OR_NONE and kind == "none")
