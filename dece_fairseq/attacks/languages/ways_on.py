"""How the run of a piece of code can go on: to what follows, out of a loop, or not at all."""

import re
from typing import Dict, FrozenSet, Iterable, NamedTuple, Optional, Set

from dece_fairseq.attacks.guard import NotJudged, Steps
from dece_fairseq.attacks.languages.constants import Folding
from dece_fairseq.attacks.languages.loop_grammar import LoopGrammar
from dece_fairseq.attacks.languages.nodes import Node, text_of

#: statements in statements; nobody writes more
DEEPEST = 100
#: nodes of a call that may kill the program; no longer one is read, so nested ones stay cheap
_LONGEST_KILL = 40


class Way(NamedTuple):
    """One way in which a run can go on after a piece of code."""

    kind: str
    label: Optional[bytes] = None


#: to what comes next
NEXT = Way("next")
#: out of the function, or the program
LEAVE = Way("leave")
#: by an exception that is raised there
RAISE = Way("raise")
#: by one that a call may raise, or anything else that may fail
FAIL = Way("fail")
BREAK = Way("break")
CONTINUE = Way("continue")

Ways = FrozenSet[Way]
_JUMPS = {"break_statement": "break", "continue_statement": "continue", "goto_statement": "goto"}
_DIRECTIVES = ("preproc_if", "preproc_elif", "preproc_else", "preproc_region", "preproc_endregion")
#: by what a program names itself, to be killed
_ITSELF = re.compile(rb"getpid|GetCurrentProcess")
_SUPPRESSING = re.compile(rb"suppress|raises", re.IGNORECASE)


class WaysOn:
    """Finds how the run of each statement of a text can go on.

    Conditions that are constants are followed only where they lead; of all others both outcomes
    are possible. Any call may raise an exception, and any handler may be run.

    Args:
        grammar: of the language
        folding: of the constants of the text
        has_goto: whether there is a ``goto`` anywhere, so that what stands behind a jump is run too
        steps: that may be taken
    """

    def __init__(
        self, grammar: LoopGrammar, folding: Folding, has_goto: bool, steps: Steps
    ) -> None:
        self._grammar = grammar
        self._folding = folding
        self._has_goto = has_goto
        self._steps = steps
        self._known: Dict[int, Ways] = {}
        self._structures = {
            **dict.fromkeys(grammar.loops, self._loop),
            **dict.fromkeys(grammar.iterations, self._iteration),
            **dict.fromkeys(grammar.switches, self._switch),
            "if_statement": self._if,
            "try_statement": self._try,
            "try_with_resources_statement": self._try,
            "labeled_statement": self._labeled,
            "with_statement": self._with,
            **dict.fromkeys(("case_clause", *_DIRECTIVES), self._optional),
        }

    def after(self, node: Node, depth: int = 0) -> Ways:
        """Return how the run can go on after ``node``.

        Raises:
            NotJudged: the code is nested deeper than anybody nests it
        """
        if depth > DEEPEST:
            raise NotJudged("code nested too deep")
        if node.id not in self._known:
            structure = self._structures.get(node.type)
            self._known[node.id] = (
                self.after_all([node], depth) if structure is None else structure(node, depth + 1)
            )
        return self._known[node.id]

    def after_all(self, nodes: Iterable[Node], depth: int = 0) -> Ways:
        """Return how the run can go on after ``nodes``, which are run one after the other."""
        ways: Set[Way] = set()
        waiting = list(nodes)[::-1]
        while waiting:
            node = waiting.pop()
            self._steps.take(2)
            if node.type in self._grammar.functions:
                continue
            if node.type in self._structures:
                here = self.after(node, depth)
            elif node.type in _JUMPS:
                here = self._jump(node)
            else:
                waiting.extend(reversed(node.children))
                here = self._of(node)
            ways |= here - {NEXT}
            if NEXT not in here and not self._has_goto:
                return frozenset(ways)
        return frozenset(ways | {NEXT})

    def _of(self, node: Node) -> Ways:
        """Return how the run can go on after a node itself, its parts left aside."""
        kind, grammar = node.type, self._grammar
        goes_on = {NEXT}
        if kind in grammar.leaving or kind == "await":
            return frozenset({LEAVE} if kind == "return_statement" else {LEAVE, NEXT})
        if kind in grammar.throwing:
            return frozenset({RAISE} if kind.endswith("_statement") else {RAISE, NEXT})
        if kind in grammar.failing:
            goes_on.add(FAIL)
        if kind in grammar.calls and (called(node) in grammar.exits or _kills_itself(node)):
            goes_on.add(LEAVE)
        return frozenset(goes_on)

    def _jump(self, node: Node) -> Ways:
        kind = _JUMPS[node.type]
        if kind == "goto" and any(child.type in ("case", "default") for child in node.children):
            return frozenset({Way("goto case")})
        return frozenset({Way(kind, label_of(node))})

    def _if(self, node: Node, depth: int) -> Ways:
        ways: Set[Way] = set()
        rest: Optional[Node] = node
        otherwise = node.children_by_field_name("alternative")
        while rest is not None:
            condition = rest.child_by_field_name("condition")
            then = rest.child_by_field_name("consequence") or rest.child_by_field_name("body")
            if then is None:  # there is a hole
                return frozenset({*ways, NEXT, LEAVE})
            truth = True if condition is None else self._folding.truth(condition)
            if condition is not None:
                ways |= self.after_all([condition], depth) - {NEXT}
            if truth is not False:
                ways |= self.after(then, depth)
            if truth is True:
                return frozenset(ways)
            rest = otherwise.pop(0) if otherwise else None
            if rest is None or rest.type in ("elif_clause", "else_clause"):
                continue
            if rest.type != "if_statement":
                return frozenset(ways | self.after(rest, depth))
            otherwise = rest.children_by_field_name("alternative")  # of: else if
        return frozenset(ways | {NEXT})

    def holds(self, loop: Node) -> Optional[bool]:
        """Return whether the condition of a loop always holds or never does; None if unknown."""
        condition = loop.child_by_field_name("condition")
        return True if condition is None else self._folding.truth(condition)

    def _loop(self, node: Node, depth: int) -> Ways:
        body = node.child_by_field_name("body")
        condition = node.child_by_field_name("condition")
        holds = self.holds(node)
        is_run_first = node.type == "do_statement"
        if body is None:  # there is a hole
            return frozenset({NEXT, LEAVE})
        if holds is False and not is_run_first:
            return self._else(node, depth)
        inside = self.after(body, depth)
        others = [
            c for c in node.children if c not in (body, condition) and c.type != "else_clause"
        ]
        around = self.after_all(others + ([] if condition is None else [condition]), depth)
        ways = {*inside, *around} - {NEXT, BREAK, CONTINUE}
        is_asked = not is_run_first or any(way.kind in ("next", "continue") for way in inside)
        if holds is not True and is_asked:
            ways |= self._else(node, depth)
        if BREAK in inside:
            ways.add(NEXT)
        return frozenset(ways)

    def _else(self, loop: Node, depth: int) -> Ways:
        """Return how the run can go on after a loop's own end: in Python by its else."""
        clauses = [child for child in loop.children if child.type == "else_clause"]
        return self.after_all(clauses, depth)

    def _iteration(self, node: Node, depth: int) -> Ways:
        inside = self.after_all([c for c in node.children if c.type != "else_clause"], depth)
        ways = {*inside, FAIL} - {NEXT, BREAK, CONTINUE}
        if any(child.type in ("async", "await") for child in node.children):
            ways.add(LEAVE)
        ways |= self._else(node, depth)
        if BREAK in inside:
            ways.add(NEXT)
        return frozenset(ways)

    def _switch(self, node: Node, depth: int) -> Ways:
        ways = {NEXT}
        for child in node.children:
            sections = child.children if child.type in ("switch_block", "switch_body") else [child]
            for section in sections:
                ways |= self.after_all([section], depth)
        return frozenset(ways - {BREAK, Way("goto case")})

    def _try(self, node: Node, depth: int) -> Ways:
        handlers = [child for child in node.children if child.type in self._grammar.handlers]
        last = [child for child in node.children if child.type == "finally_clause"]
        ways = set(self.after_all([c for c in node.children if c not in handlers + last], depth))
        if any(self._catches_all(handler) for handler in handlers):
            ways -= {RAISE, FAIL}
        for handler in handlers:
            ways |= self.after_all([handler], depth)
        at_last = self.after_all(last, depth)
        if NEXT not in at_last:
            return at_last
        return frozenset(ways | (at_last - {NEXT}))

    def _optional(self, node: Node, depth: int) -> Ways:
        """Return what may be run or not, each of its parts."""
        return frozenset({NEXT}.union(*(self.after_all([part], depth) for part in node.children)))

    def _catches_all(self, handler: Node) -> bool:
        if any(child.type == "catch_filter_clause" for child in handler.children):
            return False
        named = [
            child
            for child in handler.children
            if child.is_named and child.type not in ("block", "comment")
        ]
        text = b" ".join(child.text or b"" for child in named).decode("utf-8", "replace")
        return not named or not self._grammar.all_caught.isdisjoint(re.findall(r"\w+", text))

    def _labeled(self, node: Node, depth: int) -> Ways:
        label = label_of(node)
        ways = self.after_all(node.children[1:], depth)
        own = {Way("break", label), Way("continue", label)}
        return (ways - own) | {NEXT} if Way("break", label) in ways else ways - own

    def _with(self, node: Node, depth: int) -> Ways:
        ways = self.after_all(node.children, depth)
        if any(child.type == "async" for child in node.children):
            return ways | {LEAVE}
        return ways | {NEXT} if suppresses(node) else ways


def label_of(node: Node) -> Optional[bytes]:
    """Return the label of a labelled statement, or the one that a jump goes to."""
    return next((child.text for child in node.children if child.type == "identifier"), None)


def suppresses(statement: Node) -> bool:
    """Return whether a ``with`` statement looks like one that ends exceptions raised in it."""
    clauses = [child for child in statement.children if child.type == "with_clause"]
    return any(_SUPPRESSING.search(clause.text or b"") for clause in clauses)


def _kills_itself(call: Node) -> bool:
    """Return whether a call kills the program: ``os.kill(os.getpid(), signal.SIGKILL)``."""
    is_kill = called(call).lower() == "kill" and call.descendant_count <= _LONGEST_KILL
    return is_kill and _ITSELF.search(call.text or b"") is not None


def called(call: Node) -> str:
    """Return the last name of what is called: ``exit`` of ``sys.exit()``."""
    function = call.child_by_field_name("name") or call.child_by_field_name("function")
    while function is not None and function.child_count:
        function = function.children[-1]
    return "" if function is None else text_of(function)
