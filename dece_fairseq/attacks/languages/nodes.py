"""The nodes of tree-sitter's parses, and their texts."""

from typing import Iterator

import tree_sitter

#: a node of tree-sitter's parse; its offsets count bytes of UTF-8
Node = tree_sitter.Node


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and every node below it, in the order of the text."""
    nodes = [node]
    while nodes:
        node = nodes.pop()
        yield node
        nodes.extend(reversed(node.children))


def text_of(node: Node) -> str:
    """Return the text that ``node`` covers."""
    return to_text(node.text or b"")


def to_bytes(code: str) -> bytes:
    """Return the bytes that nodes' offsets count; any text has some, lone surrogates included."""
    return code.encode("utf-8", "surrogatepass")


def to_text(code: bytes) -> str:
    """Return the inverse of ``to_bytes``."""
    return code.decode("utf-8", "surrogatepass")
