"""The languages of code that metrics read: which text parses, which compiles."""

import ast
import importlib
from functools import lru_cache
from typing import Callable, Iterator, List, NamedTuple, Optional

from dece_fairseq.attacks import LANGUAGES
from dece_fairseq.attacks.languages.nodes import Node, to_bytes
from dece_fairseq.attacks.languages.parsers import parser_of
from dece_fairseq.attacks.languages.unwarned import unwarned
from dece_fairseq.extras import install
from dece_fairseq.metrics.errors import MetricError
from dece_fairseq.outputs.rebuild import rebuilt

#: what codebleu knows besides, read with tree-sitter's package of that name
MORE_LANGUAGES = ("c", "cpp", "go", "javascript", "php", "ruby", "rust")

PHP_TAG = "<?php"

# What Python's parser and compiler raise for odd text: NUL and surrogates are ValueErrors, deep
# nesting is one of the last three, by version.
_REFUSALS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class Reading(NamedTuple):
    """A text, put together again where that was needed and helped."""

    code: str
    parses: bool


class CodeLanguage:
    """How texts of one language are read. Nothing is ever run.

    Args:
        name: one of ``language_names``
    """

    def __init__(self, name: str) -> None:
        self.name = name
        known_to_attacks = name in LANGUAGES.names()
        self._parse = LANGUAGES.get(name).parse if known_to_attacks else _by_grammar(name)

    def parses(self, code: str) -> bool:
        """Return whether ``code`` parses: Python by ``ast``, other languages by tree-sitter.

        A member of a class, such as a method, is code of Java, C# and PHP too, and PHP's needs no
        tag before it. Nothing at all is none.
        """
        if not code.strip():
            return False
        if self.name == "python":
            return python_tree(code) is not None
        return any(not self._parse(file).has_error for file in self._files(code)) or any(
            _is_one_class(self._parse(file)) for file in self._classes(code)
        )

    def _files(self, code: str) -> Iterator[str]:
        """Yield the files that ``code`` may be; a last directive needs its line end."""
        if self.name != "php" or "<?" in code:
            yield f"{code}\n"
        if self.name == "php" and not code.lstrip().startswith("<?"):
            yield f"{PHP_TAG} {code}\n"  # what stands before a tag is no code, and always parses

    def _classes(self, code: str) -> Iterator[str]:
        """Yield the files in which ``code`` may be the members of a class, on own lines."""
        if self.name in ("csharp", "java"):
            yield f"class C {{\n{code}\n}}"
        elif self.name == "php":
            start = code.lstrip()
            members = start[len(PHP_TAG) :] if start.startswith(PHP_TAG) else code
            yield f"{PHP_TAG} class C {{\n{members}\n}}"

    def read(self, text: str) -> "Reading":
        """Return ``text`` if it parses, else the rebuilt text if that parses."""
        return _read(self, text)


# One object a name, so that what was read is kept for the next metric.
@lru_cache(maxsize=None)
def language_of(name: str) -> CodeLanguage:
    """Return the language of that name.

    Raises:
        MetricError: there is none, or its grammar is not installed
    """
    if name not in language_names():
        known = ", ".join(language_names())
        raise MetricError(f"no code language is called {name!r}; there are: {known}")
    return CodeLanguage(name)


def language_names() -> List[str]:
    """Return the names of all languages that texts can be read in."""
    return sorted({*LANGUAGES.names(), *MORE_LANGUAGES})


def _is_one_class(root: Node) -> bool:
    """Return whether a file is one class alone: ``} class D {`` is no member of a class."""
    inside = [node for node in root.named_children if node.type not in ("php_tag", "comment")]
    return not root.has_error and len(inside) == 1


def _by_grammar(name: str) -> Callable[[str], Node]:
    """Return a parser for a language that no attack knows."""
    try:
        package = importlib.import_module(f"tree_sitter_{name}")
        # PHP's package has two grammars, and names them.
        grammar = getattr(package, "language", None) or package.language_php
        parser = parser_of(grammar)
    except (ImportError, TypeError, ValueError) as error:  # it is not there, or too new
        raise MetricError(
            f"--code-language {name} needs a grammar that this tree-sitter reads: "
            f"{install('codebleu')} ({error})"
        ) from error
    return lambda code: parser.parse(to_bytes(code)).root_node


# Metrics read the same few texts one after the other, a chunk of samples at a time.
@lru_cache(maxsize=512)
def _read(language: CodeLanguage, text: str) -> Reading:
    if language.parses(text):
        return Reading(text, True)
    again = rebuilt(text, language.name)
    parses = again != text and language.parses(again)
    return Reading(again if parses else text, parses)


# Who asks whether two texts parse may compare their trees next.
@lru_cache(maxsize=4)
def python_tree(code: str) -> Optional[ast.Module]:
    """Return the syntax tree of Python, or None where ``code`` does not parse."""
    try:
        with unwarned():
            return ast.parse(code)
    except _REFUSALS:
        return None


def python_compiles(code: str) -> bool:
    """Return whether Python compiles ``code``; it is never run."""
    try:
        with unwarned():
            compile(code, "<generated>", "exec", dont_inherit=True)
    except _REFUSALS:
        return False
    return True
