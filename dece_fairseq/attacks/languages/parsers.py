"""Parsers of tree-sitter, by whichever version of it a Python can have."""

from typing import Any, Callable

import tree_sitter


def language_of(grammar: Callable[[], Any]) -> tree_sitter.Language:
    """Return the language of a grammar.

    Args:
        grammar: what the grammar's package calls ``language``
    """
    try:
        return tree_sitter.Language(grammar())
    except TypeError:  # 0.21, the last for Python 3.8, wants a name; it is shown nowhere
        arguments: Any = (grammar(), "language")
        return tree_sitter.Language(*arguments)


def parser_of(grammar: Callable[[], Any]) -> tree_sitter.Parser:
    """Return a parser for a grammar."""
    parser = tree_sitter.Parser()
    if hasattr(parser, "language"):
        parser.language = language_of(grammar)
    else:  # 0.21
        parser.set_language(language_of(grammar))
    return parser
