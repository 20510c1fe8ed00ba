"""What the subtrees of a parse look like, for who compares those of two parses."""

import re
from typing import List

from dece_fairseq.attacks.languages.nodes import Node

_BRACKET = re.compile("[()]")


def subtrees(root: Node) -> List[str]:
    """Return ``str`` of a tree and of each node in it that has children, in any order.

    The ``str`` of a tree without errors holds those of its named nodes, each in brackets and before
    those below it. So it is made once instead of once a node.
    """
    whole = str(root)
    parts = None if root.has_error else iter(_bracketed(whole))
    found: List[str] = []
    nodes = [root]
    while nodes:
        node = nodes.pop()
        children = node.children
        part = next(parts) if parts is not None and node.is_named else None
        if children:
            found.append(str(node) if part is None else part)
            nodes += reversed(children)
    return found or [whole]


def _bracketed(text: str) -> List[str]:
    """Return the parts of ``text`` in brackets, with them, in the order in which they begin."""
    parts: List[str] = []
    starts: List[int] = []
    opened: List[int] = []
    for bracket in _BRACKET.finditer(text):
        if bracket.group() == "(":
            opened.append(len(parts))
            starts.append(bracket.start())
            parts.append("")
        else:
            number = opened.pop()
            parts[number] = text[starts[number] : bracket.end()]
    return parts
