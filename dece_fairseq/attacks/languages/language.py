"""What a language of code is to an attack: a grammar of tree-sitter's, and what can be put in."""

import re
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import (
    AbstractSet,
    Any,
    Callable,
    ClassVar,
    FrozenSet,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
)

import tree_sitter

from dece_fairseq.attacks.attack_registry import AttackRegistry
from dece_fairseq.attacks.guard import NotJudged, Steps
from dece_fairseq.attacks.languages.code_text import CodeText
from dece_fairseq.attacks.languages.constants import Values
from dece_fairseq.attacks.languages.endless import has_endless_loop
from dece_fairseq.attacks.languages.garbled import QUOTED, is_garbled
from dece_fairseq.attacks.languages.layout import Layout
from dece_fairseq.attacks.languages.loop_grammar import LoopGrammar
from dece_fairseq.attacks.languages.nodes import Node, text_of, to_bytes, to_text, walk
from dece_fairseq.attacks.languages.parsers import language_of, parser_of
from dece_fairseq.attacks.languages.variables import Variable

__all__ = [
    "LANGUAGES",
    "Language",
    "Languages",
    "Node",
    "Whole",
    "is_identifier",
    "text_of",
    "to_bytes",
    "to_text",
    "walk",
]


class Whole(NamedTuple):
    """A parse without holes."""

    root: Node
    start: int
    """Where the text begins in what was parsed, in bytes."""


class Language(ABC):
    """A language that tree-sitter can parse. One object serves all attacks."""

    name: str
    #: a statement that does nothing
    dead_code: str
    #: a comment of the text ``{}``, which may hold no line end and none of ``comment_ends``
    comment: str
    #: what would end a comment too early, or be read as something else in it
    comment_ends: ClassVar[Sequence[str]] = ()
    #: a loop that never ends, as the payload is written
    endless_loop: str
    #: how loops are told from the parse
    loops: LoopGrammar
    #: ``sin``, ``cos``, ``sqrt`` and ``exp`` of ``{}``, without an import
    functions: ClassVar[Mapping[str, str]]
    #: ``if`` and ``while`` of a ``{condition}`` and a ``{body}``, ``assert`` of a ``{condition}``
    #: and a ``{message}``
    guards: ClassVar[Mapping[str, str]]
    #: statements that print or log the string literal ``{}``
    prints: ClassVar[Sequence[str]]
    #: finds strings and comments, see ``dece_fairseq.attacks.languages.garbled.QUOTED``
    quoted: ClassVar["re.Pattern[bytes]"] = QUOTED

    @abstractmethod
    def grammar(self) -> Any:
        """Return what tree-sitter's package for the language calls ``language()``."""

    @abstractmethod
    def layout(self, code: str) -> Layout:
        """Return where statements can be put into ``code``."""

    def paper_layout(self, code: str) -> Layout:
        """Return where the DeCE authors put statements; as ``layout`` where they have none."""
        return self.layout(code)

    @abstractmethod
    def comment_places(self, code: str) -> Sequence[int]:
        """Return the offsets, in bytes, where a comment can stand; none if ``code`` has holes."""

    @abstractmethod
    def put_comment(self, code: str, place: int, text: str) -> str:
        """Return ``code`` with a comment at one of ``comment_places``, and else as it is."""

    @abstractmethod
    def is_statement(self, code: str) -> bool:
        """Return whether ``code`` is one statement or more, and nothing but statements."""

    @abstractmethod
    def names_given(self, code: str) -> FrozenSet[str]:
        """Return the names that ``code`` declares or gives a value."""

    @abstractmethod
    def local_variables(self, code: str) -> Sequence[Variable]:
        """Return the local variables that can be renamed without changing what ``code`` does.

        In the order of the text; those about which the parse leaves a doubt are left out.
        """

    def read(self, text: str) -> CodeText:
        """Return ``text`` and the code in it, which differs where line ends are written out."""
        return CodeText(text, text)

    def rename(self, code: str, variable: Variable, name: str) -> str:
        """Return ``code`` with ``variable``, one of ``local_variables``, called ``name``."""
        return to_text(variable.rename(to_bytes(code), name))

    def has_endless_loop(self, text: str) -> bool:
        """Return whether the code in ``text`` has a loop that provably never ends.

        Args:
            text: any text; of one that does not parse, each loop that does so alone is looked at

        Raises:
            NotJudged: that would take long
        """
        if not self.loops.words.search(text):
            return False
        root = self.parse_bounded(text)
        steps = Steps(text)
        ending: Set[int] = set()
        if has_endless_loop(root, self.loops, self._values(root, steps), steps, ending):
            return True
        return root.has_error and any(
            has_endless_loop(loop, self.loops, self._values(loop, steps), steps)
            for loop in self._loops_apart(root, ending, steps)
        )

    def _values(self, root: Node, steps: Steps) -> Values:
        """Return what finds the values of the names in a parse."""
        return lambda name: None

    def _loops_apart(self, root: Node, known: AbstractSet[int], steps: Steps) -> Iterator[Node]:
        """Return the parses of the loops in a text with holes, each cut out.

        Those that begin at one of the ``known`` bytes, and what stands in them, are left out.
        """
        return iter(())

    def parse(self, code: str) -> Node:
        """Return the root of the parse; its ``has_error`` says whether it has holes."""
        return _parse(self.grammar, code)

    def parse_bounded(self, text: str) -> Node:
        """Return the root of the parse of the code in ``text``, for rules that judge any text.

        Raises:
            NotJudged: the parse would take long, see
                ``dece_fairseq.attacks.languages.garbled``
        """
        code = self.read(text).code
        if self.is_garbled(code):
            raise NotJudged("a long part of the text is no code")
        return self.parse(code)

    def is_garbled(self, code: str) -> bool:
        """Return whether ``code`` has so long a part which is no code that its parse takes long."""
        return _is_garbled(self.grammar, self.quoted, code)

    def parses(self, code: str) -> bool:
        """Return whether the whole of ``code`` is code of this language."""
        return not self.parse(code).has_error

    def whole(self, code: str) -> Optional[Whole]:
        """Return a parse of ``code`` in which all of it has a meaning; None if there is none."""
        root = self.parse(code)
        return None if root.has_error else Whole(root, 0)

    def is_whole(self, text: str) -> bool:
        """Return whether all of ``text``, however its line ends are written, has a meaning."""
        return self.whole(self.read(text).code) is not None

    def is_name(self, word: str) -> bool:
        """Return whether ``word`` can name a variable: ASCII, and no word of the language's own."""
        return is_identifier(word) and word not in _kinds(self.grammar)


class Languages(NamedTuple):
    """What the two sides of a pair are written in, where they are code."""

    source: Language
    target: Language

    @classmethod
    def named(cls, names: str) -> "Languages":
        """Return the languages of ``names``: one for both sides, or ``SOURCE:TARGET``.

        Raises:
            AttackError: no language is called so
        """
        source, _, target = names.partition(":")
        return cls(LANGUAGES.get(source), LANGUAGES.get(target or source))

    def __str__(self) -> str:
        return ":".join(dict.fromkeys(language.name for language in self))


def is_identifier(word: str) -> bool:
    """Return whether ``word`` is written as names are, in ASCII."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", word) is not None


@lru_cache(maxsize=None)
def _parser(grammar: Callable[[], Any]) -> tree_sitter.Parser:
    return parser_of(grammar)


# Trigger and payload look at the same few texts one after the other.
@lru_cache(maxsize=8)
def _parse(grammar: Callable[[], Any], code: str) -> Node:
    return _parser(grammar).parse(to_bytes(code)).root_node


@lru_cache(maxsize=8)
def _is_garbled(grammar: Callable[[], Any], quoted: "re.Pattern[bytes]", code: str) -> bool:
    return is_garbled(_parser(grammar), quoted, to_bytes(code))


@lru_cache(maxsize=None)
def _kinds(grammar: Callable[[], Any]) -> FrozenSet[str]:
    """Return all that the grammar calls a node, its keywords among them."""
    language = language_of(grammar)
    kinds = map(language.node_kind_for_id, range(language.node_kind_count))
    return frozenset(kind for kind in kinds if kind)


LANGUAGES: AttackRegistry[Language] = AttackRegistry("code language")
