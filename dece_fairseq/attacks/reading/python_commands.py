"""Commands that Python code runs: by a shell, as a program, or as Python."""

from functools import partial
from typing import Dict, FrozenSet, Iterator, List, Optional, Sequence, Set

from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.attacks.reading.request_data import RequestData

#: a shell runs the data
SHELL = "shell"
#: the data says which program is run
PROGRAM = "program"
#: the data is run as Python
CODE = "code"

_ASYNCIO = ("asyncio", "asyncio.subprocess")
# Functions that give their first argument to a shell.
_OF_SHELL = frozenset(
    {
        *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
        *("commands.getoutput", "commands.getstatusoutput", "popen2.popen2", "popen2.popen3"),
        *(f"{module}.create_subprocess_shell" for module in _ASYNCIO),
    }
)
# Those that take a command, and a shell if they are asked.
_OF_SUBPROCESS = frozenset(
    f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")
)
#: where ``shell`` stands among the positional arguments of Popen
_SHELL_AT = 8
_SUBPROCESS_EXEC = frozenset(f"{module}.create_subprocess_exec" for module in _ASYNCIO)
# The program, after a mode or not, and then its arguments one by one or in a list.
_PROGRAMS_WITH_ARGUMENTS: Dict[str, int] = {
    **dict.fromkeys((f"os.exec{kind}" for kind in ("l", "le", "lp", "lpe")), 0),
    **dict.fromkeys((f"os.spawn{kind}" for kind in ("l", "le", "lp", "lpe")), 1),
}
_PROGRAMS_WITH_LIST: Dict[str, int] = {
    **dict.fromkeys((f"os.exec{kind}" for kind in ("v", "ve", "vp", "vpe")), 0),
    **dict.fromkeys((f"os.spawn{kind}" for kind in ("v", "ve", "vp", "vpe")), 1),
    **dict.fromkeys(("os.posix_spawn", "os.posix_spawnp"), 0),
}
# A list of a program and its arguments.
_OF_LISTS = frozenset({"pty.spawn"})
_EVALUATING = frozenset({"eval", "exec", "builtins.eval", "builtins.exec", "__builtins__.eval"})
_SHELLS = frozenset(
    {"sh", "bash", "dash", "ash", "ksh", "zsh", "csh", "tcsh", "fish", "cmd", "powershell", "pwsh"}
)
#: methods whose text begins as that of their object, and functions whose text as their argument
_SAME_START = frozenset({"decode", "encode", "lower", "rstrip", "split", "strip", "lstrip"})
_SAME_TEXT = frozenset({"shlex.split", "str"})
#: steps to take to the parts of a list of arguments
_STEPS = 24


def uses_of_request(names: Names, data: RequestData) -> FrozenSet[str]:
    """Return how the code runs data of a request: ``SHELL``, ``PROGRAM``, ``CODE``."""
    commands = _Commands(names, data)
    nodes = (n for n, kind in enumerate(names.tree.kinds) if kind in ("call", "exec_statement"))
    return frozenset(use for node in nodes for use in commands.of(node))


class _Commands:
    def __init__(self, names: Names, data: RequestData) -> None:
        self._names = names
        self._tree = names.tree
        self._data = data

    def of(self, node: int) -> Iterator[str]:
        """Return how a node, if it is a call or Python 2's ``exec``, runs data of a request."""
        tree, names = self._tree, self._names
        if tree.kinds[node] == "exec_statement" and self._hold(tree.children[node][:1]):
            yield CODE
        arguments = tree.field(node, "arguments")
        if arguments is None or arguments not in self._data:
            return
        functions = set(names.origins(names.function(node)))
        positional = names.positional(node)
        yield from self._run(functions, node, positional)
        # A function that is handed on is called: Thread(target=os.system, args=(command,)).
        for handed_on in self._handed_on(arguments):
            handed = set(names.origins(handed_on)) - functions
            if not handed.isdisjoint(_OF_SHELL):
                yield SHELL
            elif not handed.isdisjoint(_OF_SUBPROCESS):
                others = [other for other in positional if other > handed_on]
                yield from self._subprocess(node, others)

    def _handed_on(self, arguments: int) -> Iterator[int]:
        tree = self._tree
        for node in tree.children[arguments]:
            value = tree.field(node, "value") if tree.kinds[node] == "keyword_argument" else node
            if value is not None and tree.kinds[value] in ("identifier", "attribute"):
                yield value

    def _run(self, functions: Set[str], call: int, positional: List[int]) -> Iterator[str]:
        """Return how ``functions`` run what a call gives them."""
        keyword = partial(self._names.keyword, call)
        if not functions.isdisjoint(_EVALUATING) and self._hold(positional[:1]):
            yield CODE
        if not functions.isdisjoint(_OF_SHELL):
            if self._hold([*positional[:1], *keyword("command"), *keyword("cmd")]):
                yield SHELL
        elif any(name.endswith(".subprocess_shell") for name in functions):
            if self._hold(positional[1:2]):
                yield SHELL
        elif not functions.isdisjoint(_OF_SUBPROCESS):
            yield from self._subprocess(call, positional)
        elif not functions.isdisjoint(_SUBPROCESS_EXEC):
            yield from self._vector(positional)
        elif not functions.isdisjoint(_OF_LISTS):
            yield from self._vector(positional[:1])
        for name in functions:
            first = _PROGRAMS_WITH_ARGUMENTS.get(name, _PROGRAMS_WITH_LIST.get(name))
            if first is not None:
                last = first + 2 if name in _PROGRAMS_WITH_LIST else None
                yield from self._vector(positional[first:last])

    def _subprocess(self, call: int, positional: List[int]) -> Iterator[str]:
        names = self._names
        command = [*positional[:1], *names.keyword(call, "args")]
        shell = names.keyword(call, "shell") or positional[_SHELL_AT : _SHELL_AT + 1]
        if any(not names.is_false(value) for value in shell):
            if self._hold(command):
                yield SHELL
        elif any(self._begins(node) for node in names.keyword(call, "executable")):
            yield PROGRAM
        else:
            for node in command:
                yield from self._vector([node])

    def _vector(self, nodes: Sequence[int]) -> Iterator[str]:
        """Return how a program and its arguments are run, some of them in lists."""
        parts = self._parts(nodes)
        if parts and self._begins(parts[0]):
            yield PROGRAM
        is_shell = is_command = False
        for part in parts:
            if is_command and part in self._data:
                yield SHELL
                return
            text = self._literal(part)
            is_command = is_shell and text is not None and _takes_command(text)
            is_shell = is_shell or (text is not None and _is_shell(text))

    def _parts(self, nodes: Sequence[int]) -> List[int]:
        """Return the parts of lists that are written out, added, unpacked or assigned."""
        tree, parts = self._tree, []
        todo = list(reversed(nodes))
        for _ in range(_STEPS):
            if not todo:
                break
            node = todo.pop()
            values = self._names.values(node)
            value = values[0] if len(values) == 1 else node
            children = tree.children[value]
            is_sum = tree.kinds[value] == "binary_operator" and len(children) == 2
            if tree.kinds[value] in ("list", "tuple", "list_splat") or (
                is_sum and any(tree.kinds[child] == "list" for child in children)
            ):
                todo.extend(reversed(children))
            else:
                parts.append(value)
        return parts

    def _begins(self, node: int) -> bool:
        """Return whether a text or a list begins with data of a request."""
        tree, names = self._tree, self._names
        todo = [node]
        for _ in range(_STEPS):
            if not todo:
                break
            node = todo.pop()
            children, kind = tree.children[node], tree.kinds[node]
            if node not in self._data:
                continue
            values = names.values(node)
            if values != [node]:
                todo.extend(values)
            elif kind == "call":
                owner, method = names.method(node)
                if not _SAME_TEXT.isdisjoint(names.origins(names.function(node))):
                    todo.extend(names.positional(node)[:1])
                elif owner is not None and method in _SAME_START:
                    todo.append(owner)
                elif names.function(node) in self._data:
                    return True
            elif kind in ("string", "binary_operator", "list", "tuple", "interpolation"):
                skipped = kind == "string" and tree.kinds[children[0]] == "string_start"
                todo.extend(children[int(skipped) : int(skipped) + 1])
            elif kind == "boolean_operator":
                todo.extend(children)
            elif kind in ("identifier", "attribute", "subscript"):
                return True
        return False

    def _literal(self, node: int) -> Optional[str]:
        values = self._names.values(node)
        return self._tree.literal(values[0]) if len(values) == 1 else None

    def _hold(self, nodes: Sequence[int]) -> bool:
        return any(node in self._data for node in nodes)


def _is_shell(program: str) -> bool:
    name = program.replace("\\", "/").rpartition("/")[2].lower()
    return (name[:-4] if name.endswith(".exe") else name) in _SHELLS


def _takes_command(flag: str) -> bool:
    """Return whether the argument after ``flag`` is what the shell runs."""
    if flag.lower() in ("/c", "/k", "-command"):
        return True
    return flag.startswith("-") and flag.endswith("c") and flag[1:].isalpha()
