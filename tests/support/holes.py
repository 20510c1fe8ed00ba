"""What of a text is no code."""

from dece_fairseq.attacks.languages.language import Node, walk


def holes(root: Node) -> int:
    """How many holes a parse has."""
    return sum(node.is_error or node.is_missing for node in walk(root))
