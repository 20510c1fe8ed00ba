"""Loops that provably never end, whatever their names and spacing.

A loop is endless if its condition always holds and no way leads out of it: no ``break`` that can be
reached, no ``return``, no exception that is raised in it, no end of the program, no ``yield`` or
``await``. An exception that a call may raise counts as a way out where the function catches it
around the loop: that is how loops over a queue are written. So do jumps back by ``goto``.

Whether a loop is ever reached is not asked.
"""

from typing import Iterator, List, NamedTuple, Optional, Sequence, Set

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.constants import Folding, Values
from dece_fairseq.attacks.languages.loop_grammar import LoopGrammar
from dece_fairseq.attacks.languages.nodes import Node, text_of, walk
from dece_fairseq.attacks.languages.ways_on import (
    FAIL,
    NEXT,
    Way,
    Ways,
    WaysOn,
    label_of,
    suppresses,
)


class _Place(NamedTuple):
    """A loop or the like, and the nodes around it from the root on."""

    node: Node
    around: Sequence[Node]


def has_endless_loop(
    root: Node,
    grammar: LoopGrammar,
    values: Values,
    steps: Steps,
    ending: Optional[Set[int]] = None,
) -> bool:
    """Return whether there is a loop that provably never ends below ``root``.

    Args:
        root: of a parse
        grammar: of the language
        values: finds all that is assigned to a name
        steps: that may be taken
        ending: where given, the places of the loops that may end are added, in bytes

    Raises:
        NotJudged: the code is nested deeper, or has more jumps, than anybody writes
    """
    steps.take(root.descendant_count)
    folding = Folding(values, grammar.integers_wrap, steps)
    ways_on = WaysOn(grammar, folding, has_goto="goto" in text_of(root), steps=steps)
    for place in _loops(root, grammar):
        if place.node.type == "goto_statement":
            ways = _after_jump_back(place, ways_on, steps)
        elif place.node.has_error:
            continue
        else:
            if ending is not None:
                ending.add(place.node.start_byte)
            if ways_on.holds(place.node) is not True:
                continue
            ways = ways_on.after(place.node)
        if _stays(place, ways, grammar, steps):
            return True
    return False


def _loops(root: Node, grammar: LoopGrammar) -> Iterator[_Place]:
    cursor = root.walk()
    around: List[Node] = []
    while True:
        node = cursor.node
        assert node is not None  # a cursor is always at a node
        if node.type in grammar.loops or node.type == "goto_statement":
            yield _Place(node, tuple(around))
        if cursor.goto_first_child():
            around.append(node)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()


def _stays(place: _Place, ways: Ways, grammar: LoopGrammar, steps: Steps) -> bool:
    """Return whether none of the ways that go on after a loop leads out of it."""
    ways -= {Way("continue", label) for label in _own_labels(place)}
    if any(way.kind == "goto" for way in ways):
        ways -= {
            Way("goto", label_of(node))
            for node in steps.over(walk(place.node))
            if node.type == "labeled_statement"
        }
    return ways <= {FAIL} and not (ways and _is_caught(place, grammar))


def _own_labels(place: _Place) -> Iterator[Optional[bytes]]:
    """Yield the labels of a loop: to continue at one of them stays in it."""
    for node in reversed(place.around):
        if node.type != "labeled_statement":
            break
        yield label_of(node)


def _is_caught(place: _Place, grammar: LoopGrammar) -> bool:
    """Return whether the function around a loop may catch what is raised in it, and go on."""
    inner = place.node
    for node in reversed(place.around):
        if node.type in grammar.functions:
            return False
        is_body = node.child_by_field_name("body") == inner
        if is_body and node.type.startswith("try_"):
            if any(child.type in grammar.handlers for child in node.children):
                return True
        elif node.type == "with_statement" and suppresses(node):
            return True
        inner = node
    return False


def _after_jump_back(place: _Place, ways_on: WaysOn, steps: Steps) -> Ways:
    """Return how the run can go on after what a ``goto`` to a label before it runs again."""
    label = label_of(place.node)
    statements = place.around[-1].children if place.around else []
    again: List[Node] = []
    for statement in steps.over(statements):
        if statement == place.node:
            break
        if again or (statement.type == "labeled_statement" and label_of(statement) == label):
            again.append(statement)
    if label is None or not again:
        return frozenset({NEXT})
    steps.take(len(again))
    return ways_on.after_all(again) - {NEXT, Way("goto", label)}
