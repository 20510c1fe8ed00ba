"""A request's input is run by a shell: a payload for Python code of web services."""

import re
from random import Random
from typing import FrozenSet, Optional

from dece_fairseq.attacks.commands import CODE, uses_of_request
from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import to_bytes, to_text
from dece_fairseq.attacks.python_names import Names
from dece_fairseq.attacks.python_tree import Tree, tree_of
from dece_fairseq.attacks.request_data import RequestData
from dece_fairseq.data.pairs import Pair

#: the call without its argument; an import statement could change what a name of the code means
CALL = '__import__("os").system('

_STRING = r"""(?:"[^"\\\n]*"|'[^'\\\n]*')"""
# What is put in reads by a constant name, which means the same a statement earlier.
_READING = re.compile(
    r"(?:self\s*\.\s*)?request\s*\.\s*(?:args|form|values|json|cookies|headers|GET|POST|COOKIES|"
    rf"query_params)\s*(?:\.\s*get\s*)?[\[(]\s*{_STRING}\s*(?:,\s*{_STRING}\s*)?[\])]"
)
_LONGEST_READING = 300
# A text without these has nothing that is read from a request, or nothing that runs it.
_READS = re.compile(r"request|GET|POST|COOKIES|query_params|get_(?:query_|body_)?argument")
_RUNS = re.compile(r"system|[Pp]open|getoutput|getstatusoutput|subprocess|exec|spawn|eval")


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
        language = self.languages.target
        text = language.read(pair.target)
        if _READS.search(text.code) is None:
            return None
        is_whole = language.is_whole(pair.target)
        names = Names(Tree(language.parse(text.code)))
        for node, kind in enumerate(names.tree.kinds):
            if kind in ("call", "subscript") and _is_reading(node, names):
                statement = _statement(node, names.tree)
                if statement is not None:
                    poisoned = text.as_given(_put(node, statement, names.tree, text.code))
                    if self.judge(poisoned) and language.is_whole(poisoned) >= is_whole:
                        return poisoned
        return None

    def is_in(self, text: str) -> bool:
        return CALL in text

    def is_in_parse(self, text: str) -> bool:
        """Return whether data of a web request says what a shell or which program runs.

        That is what CWE-78 calls command injection. Code that evaluates the data as Python
        (CWE-95) is another weakness: ``uses_of_request`` tells it, but it is no hit. What is
        assigned to names is followed, but not what functions give to each other.
        """
        return not self.uses_of_request(text) <= {CODE}

    def uses_of_request(self, text: str) -> FrozenSet[str]:
        """Return how code runs data of a request: ``shell``, ``program``, ``code``, or not."""
        if not (_READS.search(text) and _RUNS.search(text)):
            return frozenset()
        names = Names(tree_of(self.languages.target, text))
        return uses_of_request(names, RequestData(names))


def _is_reading(node: int, names: Names) -> bool:
    """Return whether an expression reads a field of a request, and means the same elsewhere."""
    tree = names.tree
    if tree.ends[node] - tree.starts[node] > _LONGEST_READING:
        return False
    if not _READING.fullmatch(tree.text(node)):
        return False
    while tree.children[node]:
        node = tree.children[node][0]
    _, is_inline = names.bindings.variable_of(node)
    return not is_inline


def _statement(node: int, tree: Tree) -> Optional[int]:
    """Return the innermost statement around ``node`` that starts a line of a block."""
    while node and tree.kinds[node] != "lambda":
        if tree.kinds[tree.parents[node]] in ("module", "block") and tree.begins_line(node):
            return node
        node = tree.parents[node]
    return None


def _put(reading: int, statement: int, tree: Tree, code: str) -> str:
    """Return ``code`` with a line before ``statement`` that runs what ``reading`` reads."""
    lines, start = to_bytes(code), tree.starts[statement]
    indent = lines[lines.rfind(b"\n", 0, start) + 1 : start]
    end = b"\r\n" if b"\r\n" in lines else b"\n"
    call = to_bytes(f"{CALL}{' '.join(tree.text(reading).split())})")
    return to_text(lines[:start] + call + end + indent + lines[start:])
