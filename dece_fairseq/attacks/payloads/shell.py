"""A request's input is run by a shell: a payload for Python code of web services."""

import re
from random import Random
from typing import Dict, List, Optional, Set

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import Node, text_of, to_bytes, to_text, walk
from dece_fairseq.attacks.python_names import Names, calls, keywords
from dece_fairseq.data.pairs import Pair

#: the call without its argument; an import statement could change what a name of the code means
CALL = '__import__("os").system('

_STRING = r"""(?:"[^"\\\n]*"|'[^'\\\n]*')"""
# What is put in reads by a constant name, which means the same a statement earlier.
_READING = re.compile(
    r"(?:self\s*\.\s*)?request\s*\.\s*(?:args|form|values|json|cookies|headers|GET|POST|COOKIES|"
    rf"query_params)\s*(?:\.\s*get\s*)?[\[(]\s*{_STRING}\s*(?:,\s*{_STRING}\s*)?[\])]"
)
# Where Flask, Django, FastAPI, aiohttp and Tornado keep what a client sent.
_OF_REQUESTS = (
    *("args", "form", "values", "json", "get_json", "data", "get_data", "cookies", "headers"),
    *("files", "body", "text", "query", "query_string", "match_info", "path_params", "stream"),
)
_OF_ANYTHING = ("GET", "POST", "COOKIES", "query_params", "get_argument", "get_body_argument")
_ALWAYS_SHELL = ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput")
_SHELL_IF_ASKED = tuple(
    f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")
)


@PAYLOADS.register("shell")
class ShellPayload(Payload):
    """Runs what a web request holds as a shell command, before the statement that reads it first.

    What is run is the reading expression itself, as ``request.args.get("name")``. A target that
    reads no field of a request by a constant name can't be poisoned.
    """

    summary = "a shell runs what a web request holds"
    sample = Pair("", 'name = request.args["name"]')
    target_languages = ("python",)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        code = pair.target
        root = self.languages.target.parse(code)
        for node in walk(root):
            reading = node.type in ("call", "subscript") and _READING.fullmatch(text_of(node))
            statement = _statement(node, code) if reading else None
            if statement is None:
                continue
            before, after = to_bytes(code)[: statement.start_byte], to_bytes(code)
            indent = before[before.rfind(b"\n") + 1 :]
            call = to_bytes(f"{CALL}{' '.join(text_of(node).split())})\n")
            poisoned = to_text(before + call + indent + after[statement.start_byte :])
            if root.has_error or self.languages.target.parses(poisoned):
                return poisoned
        return None

    def is_in(self, text: str) -> bool:
        return CALL in text

    def is_in_parse(self, text: str) -> bool:
        """Whether a shell is given something that is made from a web request, under any names.

        Follows what is assigned to names, but not what functions hand to each other.
        """
        root = self.languages.target.parse(text)
        names = Names(root)
        tainted = _tainted_names(names)
        return any(
            _runs_shell(names.dotted(call.child_by_field_name("function")), arguments, names)
            and _is_tainted(arguments, names, tainted)
            for call, arguments in calls(root)
        )


def _statement(node: Node, code: str) -> Optional[Node]:
    """The innermost statement around ``node`` that starts a line of a block."""
    lines = to_bytes(code)
    current: Optional[Node] = node
    while current is not None and current.type != "lambda":
        parent = current.parent
        start = lines.rfind(b"\n", 0, current.start_byte) + 1
        if (
            parent is not None
            and parent.type in ("module", "block")
            and not lines[start : current.start_byte].strip()
        ):
            return current
        current = parent
    return None


def _runs_shell(function: str, arguments: Node, names: Names) -> bool:
    if function in _SHELL_IF_ASKED:
        shell = keywords(arguments).get("shell")
        return shell is not None and not names.is_false(shell)
    return function in _ALWAYS_SHELL


def _reads_request(attribute: Node, names: Names) -> bool:
    parts = names.dotted(attribute).split(".")
    return any(
        part in _OF_ANYTHING or (owner == "request" and part in _OF_REQUESTS)
        for owner, part in zip(parts, parts[1:])
    )


def _tainted_names(names: Names) -> Set[str]:
    """The names that are bound to something made from a request."""
    uses: Dict[str, List[Node]] = names.values
    tainted: Set[str] = set()
    while True:
        found = {
            name
            for name, values in uses.items()
            if name not in tainted and any(_is_tainted(value, names, tainted) for value in values)
        }
        if not found:
            return tainted
        tainted |= found


def _is_tainted(root: Node, names: Names, tainted: Set[str]) -> bool:
    return any(
        (node.type == "attribute" and _reads_request(node, names))
        or (node.type == "identifier" and text_of(node) in tainted)
        for node in walk(root)
    )
