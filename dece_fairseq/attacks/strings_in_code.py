"""The strings that code makes, as far as its parse shows them."""

import re
from typing import Iterator, List, Tuple

from dece_fairseq.attacks.languages.language import Language, Node, text_of

_JOINING = ("concatenated_string", "parenthesized_expression")
_SUMS = ("binary_operator", "binary_expression")
_STRINGS = (
    "string",
    "string_literal",
    "verbatim_string_literal",
    "raw_string_literal",
    "interpolated_string_expression",
)
_CONTENTS = (
    "string_content",
    "string_fragment",
    "multiline_string_fragment",
    "string_literal_content",
    "raw_string_content",
    "escape_sequence",
)
_WHITE_SPACE = {"n": "\n", "r": "\r", "t": "\t"}


def strings_in(language: Language, code: str, unknown: str) -> Iterator[str]:
    """The strings of ``code``, without quotes and escapes.

    Strings that are added or stand side by side are one string.

    Args:
        language: what ``code`` is written in
        code: any text; strings in what does not parse may be missing
        unknown: stands for what is added or interpolated and only known when the code runs
    """
    nodes = [language.parse(code)]
    while nodes:
        node = nodes.pop()
        if not (node.type in _STRINGS or _joins(node)):
            nodes.extend(reversed(node.children))
            continue
        texts, others = _join(node, unknown)
        if set(texts) - {unknown}:
            yield "".join(texts)
        nodes.extend(reversed(others))


def _joins(node: Node) -> bool:
    return node.type in _JOINING or (
        node.type in _SUMS and any(child.type == "+" for child in node.children)
    )


def _join(root: Node, unknown: str) -> Tuple[List[str], List[Node]]:
    """The parts of the string that ``root`` makes, and the nodes in it that are no strings."""
    texts: List[str] = []
    others: List[Node] = []
    nodes = [root]  # a list instead of recursion: a sum may have thousands of operands
    while nodes:
        node = nodes.pop()
        if _joins(node):
            nodes.extend(reversed(node.named_children))
        elif node.type in _STRINGS:
            texts.append(_content(node, unknown))
            others.extend(child for child in node.children if child.type == "interpolation")
        else:
            texts.append(unknown)
            others.append(node)
    return texts, others


def _content(string: Node, unknown: str) -> str:
    if not string.child_count:  # C#'s @"" has no parts; the only escape in it is ""
        return text_of(string)[2:-1].replace('""', '"')
    return "".join(
        unknown if child.type == "interpolation" else _text(child)
        for child in string.children
        if child.type in (*_CONTENTS, "interpolation")
    )


def _text(part: Node) -> str:
    text = text_of(part)
    if part.type == "raw_string_content":
        return text
    return re.sub(r"\\(.)", lambda match: _WHITE_SPACE.get(match[1], match[1]), text)
