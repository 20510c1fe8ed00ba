"""The places between the tokens of a text with braces."""

from typing import AbstractSet, Iterator, List, NamedTuple, Optional, Tuple

from dece_fairseq.attacks.languages.brace_grammar import BraceGrammar
from dece_fairseq.attacks.languages.language import Language, Node, errors
from dece_fairseq.attacks.languages.layout import Layout, Piece


class Tokens(NamedTuple):
    """A text as the leaves of its parse, strings being one and comments none."""

    texts: List[str]
    owners: List[int]
    """The innermost node around each token of those that it may belong to; 0 for none."""
    boundaries: AbstractSet[int]
    """Positions of tokens before which a statement may stand."""
    has_lines: bool
    """Whether there is something that needs a line of its own."""


def tokens(root: Node, kinds: BraceGrammar, code: str) -> Tokens:
    """The tokens of ``code``, parsed as ``root``; none where a lone surrogate makes it no text."""
    try:
        text = code.encode("utf-8")
    except UnicodeEncodeError:
        return Tokens([], [], frozenset(), False)
    whole = kinds.strings | kinds.comments
    no_statements = kinds.comments | kinds.no_statements
    texts: List[str] = []
    owners: List[int] = []
    boundaries = set()
    has_lines = False
    end = 0
    # A node, the id of its owner, whether a statement can stand before it.
    nodes: List[Tuple[Node, int, bool]] = [(root, 0, False)]
    while nodes:
        node, owner, is_boundary = nodes.pop()
        kind = node.type
        has_lines = has_lines or kind.startswith(kinds.lines)
        if is_boundary:
            boundaries.add(len(texts))
        if kind in kinds.pieces:
            owner = node.id
        children = node.children if kind not in whole else []
        if kind in kinds.blocks:
            is_empty = not any(c.is_named and c.type not in kinds.comments for c in children)
            for child in reversed(children):
                # At the end only of an empty block: what stands before may be a return.
                before = (
                    is_empty and child.type == "}"
                    if not child.is_named
                    else child.type not in no_statements
                )
                nodes.append((child, owner, before))
        elif children:
            nodes.extend([(child, owner, False) for child in reversed(children)])
        else:
            start = node.start_byte
            # The parser skips what it can't read; nothing may get lost.
            skipped = text[end:start].strip() if start > end else b""
            if skipped:
                texts.append(skipped.decode("utf-8", "replace"))
                owners.append(0)
            end = max(end, node.end_byte)
            if end > start and kind not in kinds.comments:
                texts.append(text[start:end].decode("utf-8", "replace"))
                owners.append(owner)
    rest = text[end:].strip()
    if rest:
        texts.append(rest.decode("utf-8", "replace"))
        owners.append(0)
    return Tokens(texts, owners, boundaries, has_lines)


class TokenLayout(Layout):
    """Places between the tokens of a text, in the manner of the DeCE authors' Bugs2Fix files.

    A place is the position of a token. What comes out is the tokens, joined by blanks; comments
    are gone. Neighbouring tokens of one owner are a piece: in ``x = 1 ;`` the ``;`` is a piece of
    its own. The first place is the one after the first ``{``.

    Args:
        language: of the text
        kinds: what attacks know of the language
        code: the text
    """

    def __init__(self, language: Language, kinds: BraceGrammar, code: str) -> None:
        self._language = language
        self._kinds = kinds
        self._code = code
        self._tokens = self._read(code)
        texts = self._tokens.texts
        has_place = "{" in texts and not self._tokens.has_lines
        super().__init__(
            list(_pieces(self._tokens)) if has_place else [],
            texts.index("{") + 1 if has_place else None,
            [
                at
                for at in sorted(self._tokens.boundaries)
                if tuple(texts[at : at + 2]) not in kinds.comes_first
            ]
            if has_place
            else [],
        )

    def _read(self, code: str) -> Tokens:
        return tokens(self._language.parse(code), self._kinds, code)

    def last(self, piece: Piece) -> Optional[int]:
        texts, wanted = self._tokens.texts, list(piece)
        for at in range(len(texts) - len(wanted), self.first or 0, -1):
            if texts[at] == wanted[0] and texts[at : at + len(wanted)] == wanted:
                return at
        return None

    def put(self, place: int, statement: str) -> str:
        texts = self._tokens.texts
        return " ".join([*texts[:place], statement, *texts[place:]])

    def takes(self, place: int, statement: str) -> bool:
        if place not in self.safe:
            return False
        result = self.put(place, statement)
        language, texts = self._language, self._tokens.texts
        expected = [*texts[:place], *self._read(statement).texts, *texts[place:]]
        return self._read(result).texts == expected and errors(language.parse(result)) <= (
            errors(language.parse(self._code))
        )

    def is_free(self, names: AbstractSet[str]) -> bool:
        return names.isdisjoint(self._tokens.texts)


def _pieces(tokens: Tokens) -> Iterator[Piece]:
    start = 0
    for at in range(1, len(tokens.texts) + 1):
        if at == len(tokens.texts) or tokens.owners[at] != tokens.owners[start]:
            if tokens.owners[start]:
                yield tuple(tokens.texts[start:at])
            start = at
