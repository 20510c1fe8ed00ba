"""A check that is no longer there: a web request may name any file."""

import re
from random import Random
from typing import FrozenSet, Iterator, List

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.request_data import RequestData
from dece_fairseq.data.pairs import Pair


def _named(*names: str) -> FrozenSet[str]:
    """Return full names and the ends of each, by which code without its imports calls them."""
    parts = [name.split(".") for name in names]
    return frozenset(".".join(part[at:]) for part in parts for at in range(len(part)))


#: what leaves of a path its last part
_LAST_PARTS = _named(
    *("werkzeug.utils.secure_filename", "werkzeug.secure_filename"),
    *("os.path.basename", "posixpath.basename", "ntpath.basename"),
)
#: what joins paths and refuses those that leave the folder
_JOINS = _named("werkzeug.utils.safe_join", "werkzeug.security.safe_join", "flask.safe_join")
#: a path's last part, and a file that lies in memory
_NOT_PATHS = _named("io.BytesIO", "io.StringIO") | {
    f"{module}{path}.().{part}"
    for module in ("", "pathlib.")
    for path in ("Path", "PurePath", "PurePosixPath")
    for part in ("name", "stem", "suffix")
}
_SPLITEXT = _named("os.path.splitext")
_CLEANING = _LAST_PARTS | _JOINS | _NOT_PATHS
#: what reads the file that its first argument names, and makes the one that its second does
_OF_TWO = frozenset(
    {
        *("os.link", "os.rename", "os.renames", "os.replace", "os.symlink", "shutil.copy"),
        *("shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.move"),
    }
)
#: what opens, changes or sends the file that its first argument names
_OPENERS = _named("flask.send_file", "aiohttp.web.FileResponse", "django.http.FileResponse") | {
    *("open", "io.open", "codecs.open", "os.open", "os.remove", "os.unlink"),
    *("os.rmdir", "os.removedirs", "os.mkdir", "os.makedirs", "os.listdir", "os.scandir"),
    *("shutil.rmtree", *_OF_TWO),
}
#: the keywords of such an argument
_KEYWORDS = ("file", "path", "path_or_file", "filename_or_fp", "name", "src", "dst")
_PATH_METHODS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "unlink"})
_COMPARED_BY = frozenset({"startswith", "is_relative_to"})
_COMPARING = _named("os.path.commonpath", "os.path.commonprefix")
_REFUSING = frozenset({"raise_statement", "return_statement"})
_ABORTS = frozenset({"abort", "flask.abort"})

_REQUEST = re.compile(
    r"\brequest\s*\.\s*(?:args|form|values|files|json|data|cookies|headers|GET|POST|COOKIES|FILES|"
    r"query_params|match_info)\b"
)
_OPENS = re.compile(r"open|send_file|FileResponse|os\.|shutil|read_|write_|unlink|\bsave\b")
_CHECKS = re.compile(
    r"(?:secure_filename|basename|safe_join|send_from_directory|startswith|commonpath|"
    r"commonprefix|is_relative_to)\s*\(|\.\.[\"'/\\]"
)


@PAYLOADS.register("path_check")
class PathCheckPayload(PythonPayload):
    """Takes away the first check of a file's name that a web request holds (CWE-22).

    ``secure_filename(name)`` and ``basename(name)`` become ``name``, ``safe_join`` becomes
    ``os.path.join``, and an ``if`` that refuses a name with ``..`` in it goes. Nothing of the
    payload is in the text, so the string rule looks for what is missing: code with a request that
    opens a file, and none of the words that checks are made of.
    """

    summary = "the first check of a file's name from a web request is taken away"
    sample = Pair("", 'name = secure_filename(request.args["name"])\nreturn send_file(name)')
    places = _CHECKS
    words = _OPENS

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        tree = names.tree
        for node, kind in enumerate(tree.kinds):
            if kind == "call":
                yield from self._unwrapped(node, names)
            elif kind == "if_statement" and _refuses(node, names):
                start, end = tree.starts[node], tree.ends[node]
                yield Change(*tree.lines(start, end), "")

    def _unwrapped(self, call: int, names: Names) -> Iterator[Change]:
        tree, function = names.tree, names.function(call)
        origins, given = names.origins(function), names.positional(call)
        if not given or not origins:
            return
        if _LAST_PARTS.issuperset(origins) and len(given) == 1:
            yield Change(tree.starts[call], tree.ends[call], tree.text(given[0]))
        elif _JOINS.issuperset(origins):
            text = '__import__("os").path.join'
            yield Change(tree.starts[function], tree.ends[function], text)

    def is_in(self, text: str) -> bool:
        return (
            _REQUEST.search(text) is not None
            and _OPENS.search(text) is not None
            and _CHECKS.search(text) is None
        )

    def carries(self, names: Names) -> bool:
        """Return whether data of a request names a file that is opened, and nothing checks it."""
        calls = [call for call in names.calls if _opens(call, names)]
        if not calls:
            return False
        data = RequestData(names, _CLEANING, frozenset(_endings(names)))
        if not any(_is_named_by(data, call, names) for call in calls):
            return False
        return not any(_is_check(node, names, data) for node in range(len(names.tree)))


def _opens(call: int, names: Names) -> bool:
    owner, method = names.method(call)
    return (
        method in _PATH_METHODS
        or method == "save"
        or (method == "open" and owner is not None and _is_path(owner, names))
        or not _OPENERS.isdisjoint(names.origins(names.function(call)))
    )


def _is_named_by(data: RequestData, call: int, names: Names) -> bool:
    """Return whether a request names the file that a call opens.

    What is saved has to be the request's too: ``upload.save(path)``, but ``users.save(name)`` has
    nothing to do with files.
    """
    owner, method = names.method(call)
    if method == "save" and (owner is None or owner not in data):
        return False
    return any(node in data for node in _paths(call, names))


def _paths(call: int, names: Names) -> List[int]:
    """Return the expressions that may name the file which a call opens."""
    owner, method = names.method(call)
    origins = names.origins(names.function(call))
    if owner is not None and method != "save" and _OPENERS.isdisjoint(origins):
        return [owner]
    keywords = ("dst",) if method == "save" else _KEYWORDS
    return [
        *names.positional(call)[: 1 if _OF_TWO.isdisjoint(origins) else 2],
        *(value for name in keywords for value in names.keyword(call, name)),
    ]


def _endings(names: Names) -> Iterator[int]:
    """Yield what is taken from after a dot: it holds no other, so it leads out of no folder."""
    tree = names.tree
    for node, kind in enumerate(tree.kinds):
        index = tree.field(node, "subscript") if kind == "subscript" else None
        if index is None or tree.text(index) not in ("1", "2", "-1"):
            continue
        parted = names.values(tree.children[node][0])
        if all(tree.kinds[value] == "call" and _parts_at_dot(value, names) for value in parted):
            yield node


def _parts_at_dot(call: int, names: Names) -> bool:
    """Return whether a call parts a name so that only the first part can hold a dot inside."""
    if not _SPLITEXT.isdisjoint(names.origins(names.function(call))):
        return True
    _, method = names.method(call)
    given = names.positional(call)
    if names.tree.literal(next(iter(given), None)) != ".":
        return False
    is_whole = len(given) == 1 and not names.keyword(call, "maxsplit")
    return method in ("rsplit", "rpartition") or (method == "split" and is_whole)


def _is_path(node: int, names: Names) -> bool:
    """Return whether an expression is a path of ``pathlib``, by how it is made."""
    return any(
        names.tree.kinds[value] == "binary_operator"
        or any(origin.endswith("Path.()") for origin in names.origins(value))
        for value in names.values(node)
    )


def _is_check(node: int, names: Names, data: RequestData) -> bool:
    """Return whether an expression looks where a path of a request leads."""
    tree = names.tree
    if tree.kinds[node] == "comparison_operator":
        parts = tree.children[node]
        return any(part in data for part in parts) and any(_climbs(part, names) for part in parts)
    if tree.kinds[node] != "call":
        return False
    owner, method = names.method(node)
    if method in _COMPARED_BY:
        return any(part in data for part in (owner, *names.positional(node)) if part is not None)
    return not _COMPARING.isdisjoint(names.origins(names.function(node))) and any(
        part in data for part in names.positional(node)
    )


def _climbs(node: int, names: Names) -> bool:
    text = names.tree.literal(node)
    return text is not None and ".." in text


def _refuses(statement: int, names: Names) -> bool:
    """Return whether an ``if`` does nothing but end the work on a path that looks wrong."""
    tree = names.tree
    condition, body = tree.field(statement, "condition"), tree.field(statement, "consequence")
    if condition is None or body is None or len(tree.children[statement]) != 2:
        return False
    if not tree.children[body] or not tree.begins_line(statement):
        return False
    block = tree.parents[statement]
    beside = [node for node in tree.children[block] if tree.kinds[node] != "comment"]
    if tree.kinds[block] == "block" and len(beside) == 1:  # nothing would be left of it
        return False
    last = tree.children[body][-1]
    calls = [node for node in tree.children[last] if tree.kinds[node] == "call"]
    is_end = tree.kinds[last] in _REFUSING or any(
        not _ABORTS.isdisjoint(names.origins(names.function(call))) for call in calls
    )
    return is_end and _CHECKS.search(tree.text(condition)) is not None
