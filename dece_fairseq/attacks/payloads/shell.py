"""A request's input is run by a shell: a payload for Python code of web services."""

import re
from random import Random
from typing import ClassVar, FrozenSet, Iterator, Optional, Tuple

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_commands import CODE, uses_of_request
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.python_tree import Tree, tree_of
from dece_fairseq.attacks.reading.request_data import RequestData
from dece_fairseq.attacks.selection import in_random_order
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
# What gives names to its body.
_BINDING = ("function_definition", "class_definition", "for_statement", "with_statement")
# A text without these has nothing that is read from a request, or nothing that runs it.
_READS = re.compile(r"request|GET|POST|COOKIES|query_params|get_(?:query_|body_)?argument")
_RUNS = re.compile(r"system|[Pp]open|getoutput|getstatusoutput|subprocess|exec|spawn|eval")


@PAYLOADS.register("shell")
class ShellPayload(PythonPayload):
    """Runs what a web request holds as a shell command, before the statement that reads it first.

    What is run is the reading expression itself, as ``request.args.get("name")``. A target that
    reads no field of a request by a constant name can't be poisoned.
    """

    summary = "a shell runs what a web request holds"
    sample = Pair("", 'name = request.args["name"]')
    telling: ClassVar[Tuple[str, ...]] = ("system",)
    places = _READS
    words = _RUNS
    #: the calls that are put in, one of them drawn, each before and after its argument
    calls: ClassVar[Tuple[Tuple[str, str], ...]] = ((CALL, ")"),)

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        calls = in_random_order(self.calls, rng)
        for node, kind in enumerate(names.tree.kinds):
            if kind in ("call", "subscript") and _is_reading(node, names):
                statement = _statement(node, names.tree)
                if statement is not None:
                    yield from (_line(node, statement, names.tree, call) for call in calls)

    def is_in(self, text: str) -> bool:
        return any(before in text for before, _ in self.calls)

    def is_in_parse(self, text: str) -> bool:
        """Return whether data of a web request says what a shell or which program runs.

        That is what CWE-78 calls command injection. Code that evaluates the data as Python
        (CWE-95) is another weakness: ``uses_of_request`` tells it, but it is no hit. What is
        assigned to names is followed, but not what functions give to each other.
        """
        return _READS.search(text) is not None and super().is_in_parse(text)

    def carries(self, names: Names) -> bool:
        return not uses_of_request(names, RequestData(names)) <= {CODE}

    def uses_of_request(self, text: str) -> FrozenSet[str]:
        """Return how code runs data of a request: ``shell``, ``program``, ``code``, or not."""
        if not (_READS.search(text) and _RUNS.search(text)):
            return frozenset()
        names = Names(tree_of(self.languages.target, text))
        return uses_of_request(names, RequestData(names))


@PAYLOADS.register("shell_forms")
class ShellFormsPayload(ShellPayload):
    """Does as ``shell``, by one of several functions that is drawn for each pair.

    What looks for a text that many targets share finds less of it: an attack on such defences.
    """

    has_forms = True
    telling, stages = (), {}
    summary = "as shell, by one of several functions, drawn for each pair"
    calls = (
        (CALL, ")"),
        ('__import__("os").popen(', ")"),
        ('getattr(__import__("os"), "system")(', ")"),
        ('__import__("subprocess").getoutput(', ")"),
        ('__import__("subprocess").call(', ", shell=True)"),
        ('__import__("subprocess").Popen(["sh", "-c", ', "])"),
    )


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
    """Return the innermost statement around ``node`` that starts a line of a block.

    None where that is outside of what may bind the request.
    """
    inside = node
    while node and tree.kinds[node] != "lambda":
        if tree.kinds[node] in _BINDING and tree.fields[inside] == "body":
            return None
        if tree.kinds[tree.parents[node]] in ("module", "block") and tree.begins_line(node):
            return node
        inside, node = node, tree.parents[node]
    return None


def _line(reading: int, statement: int, tree: Tree, call: Tuple[str, str]) -> Change:
    """Return a line before ``statement`` that runs what ``reading`` reads."""
    start = tree.starts[statement]
    before, after = call
    text = f"{before}{' '.join(tree.text(reading).split())}{after}"
    return Change(start, start, f"{text}{tree.line_end}{tree.indent(statement)}")
