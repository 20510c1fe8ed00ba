"""The places between the tokens of C-like code."""

import re
from collections import defaultdict
from itertools import accumulate
from typing import AbstractSet, DefaultDict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from dece_fairseq.attacks.languages.c_like_grammar import CLikeGrammar
from dece_fairseq.attacks.languages.language import Language, Node, to_bytes, to_text
from dece_fairseq.attacks.languages.layout import Layout, Piece


class Tokens(NamedTuple):
    """A text as the leaves of its parse, strings being one and comments none."""

    texts: List[str]
    starts: List[int]
    """Where each begins in the text, in bytes of UTF-8."""
    owners: List[int]
    """The innermost node around each token of those that it may belong to; 0 for none."""
    boundaries: AbstractSet[int]
    """Positions of tokens before which a statement may stand."""
    has_lines: bool
    """Whether there is something that needs a line of its own."""


NO_TOKENS = Tokens([], [], [], frozenset(), False)


def tokens(root: Node, kinds: CLikeGrammar, code: str, offset: int = 0) -> Tokens:
    """Return the tokens of a text; none where a lone surrogate makes it no text.

    Args:
        root: of a parse of the text, with more before it and after it or not
        kinds: what attacks know of the language
        code: the text
        offset: where the text begins in what was parsed, in bytes
    """
    try:
        text = code.encode("utf-8")
    except UnicodeEncodeError:
        return NO_TOKENS
    whole = kinds.strings | kinds.comments
    found = Tokens([], [], [], set(), False)
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
            boundaries.add(len(found.texts))
        if kind in kinds.pieces:
            owner = node.id
        children = node.children if kind not in whole else []
        if kind in kinds.blocks:
            nodes.extend((child, owner, free) for child, free in _in_block(children, kinds))
        elif children:
            nodes.extend([(child, owner, False) for child in reversed(children)])
        else:
            start, stop = node.start_byte - offset, node.end_byte - offset
            if not 0 <= start < len(text):  # of what stands around the text
                continue
            _add_skipped(found, text, end, start)
            end, start = max(end, stop), max(end, start)
            if end > start and kind not in kinds.comments:
                _add(found, text, start, end, owner)
    _add_skipped(found, text, end, len(text))
    return found._replace(boundaries=boundaries, has_lines=has_lines)


def _in_block(children: Sequence[Node], kinds: CLikeGrammar) -> Iterator[Tuple[Node, bool]]:
    """Yield a block's children, last first, and whether a statement can go before each."""
    is_empty = not any(c.is_named and c.type not in kinds.comments for c in children)
    no_place = kinds.comments | kinds.no_statements
    for child in reversed(children):
        if child.is_named:
            yield child, not (child.type in no_place or child.type.startswith(kinds.lines))
        else:
            # At the end only of an empty block: what stands before may be a return.
            yield child, is_empty and child.type == "}"


def _add(found: Tokens, text: bytes, start: int, end: int, owner: int) -> None:
    found.texts.append(text[start:end].decode("utf-8", "replace"))
    found.starts.append(start)
    found.owners.append(owner)


def _add_skipped(found: Tokens, text: bytes, start: int, end: int) -> None:
    """Add as a token what the parser can't read and skips, so that nothing gets lost."""
    skipped = text[start:end].strip()
    if skipped:
        start = text.index(skipped, start)
        _add(found, text, start, start + len(skipped), 0)


class TokenLayout(Layout):
    """Places before the tokens of a text where a statement can stand, each the number of its token.

    What is put in stands before that token, and everything else stays as it is, to the byte.
    Neighbouring tokens of one owner are a piece: in ``x = 1 ;`` the ``;`` is a piece of its own. A
    text with holes has no place: nobody knows what the parser took its tokens for.

    Args:
        language: of the text
        kinds: what attacks know of the language
        code: the text
    """

    def __init__(self, language: Language, kinds: CLikeGrammar, code: str) -> None:
        self._language = language
        self._kinds = kinds
        self._code = to_bytes(code)
        self._tokens = self._read(code)
        texts = self._tokens.texts
        self._positions: DefaultDict[str, List[int]] = defaultdict(list)
        for at, text in enumerate(texts):
            self._positions[text].append(at)
        self._start = texts.index("{") + 1 if "{" in texts else len(texts)
        safe = [
            at
            for at in sorted(self._tokens.boundaries)
            if tuple(texts[at : at + 2]) not in kinds.comes_first
        ]
        self._safe = frozenset(safe)
        super().__init__(list(_pieces(self._tokens)), next(iter(safe), None), safe)

    def _read(self, code: str) -> Tokens:
        whole = self._language.whole(code)
        return NO_TOKENS if whole is None else tokens(whole.root, self._kinds, code, whole.start)

    def last(self, piece: Piece) -> Optional[int]:
        at = self._last(piece)
        return at if at in self._safe else None

    def _last(self, piece: Piece) -> Optional[int]:
        """Return the last token after the one behind the first ``{`` at which ``piece`` begins."""
        texts, wanted = self._tokens.texts, list(piece)
        for at in reversed(self._positions[wanted[0]]):
            if at <= self._start:
                break
            if texts[at : at + len(wanted)] == wanted:
                return at
        return None

    def put(self, place: int, statement: str) -> str:
        starts = self._tokens.starts
        at = starts[place] if place < len(starts) else len(self._code.rstrip())
        before, after = self._code[:at], self._code[at:]
        left = "" if before[-1:].isspace() else " "
        right = "" if place == len(starts) else " "
        return to_text(before + to_bytes(left + statement + right) + after)

    def takes(self, place: int, statement: str) -> bool:
        texts = self._tokens.texts
        expected = [*texts[:place], *self._read(statement).texts, *texts[place:]]
        return place in self._safe and self._read(self.put(place, statement)).texts == expected

    def is_free(self, names: AbstractSet[str]) -> bool:
        return names.isdisjoint(self._tokens.texts)


class PaperLayout(TokenLayout):
    """The places of the DeCE authors' Bugs2Fix files, whether a statement can stand there or not.

    The first one is that after the first ``{``. The authors write tokens between blanks, the dots
    in names too (``java . lang . Class``). So a text that has single blanks everywhere else gets
    them there as well; any other text stays as it is.

    Args:
        language: of the text
        kinds: what attacks know of the language
        code: the text
    """

    def __init__(self, language: Language, kinds: CLikeGrammar, code: str) -> None:
        super().__init__(language, kinds, code)
        found = self._tokens
        self.first = self._start
        if "{" not in found.texts or found.has_lines or _has_directives(self._code, kinds):
            self.pieces, self.first, self.safe = [], None, []
        elif _is_separated(self._code, found):
            texts = list(map(to_bytes, found.texts))
            end = found.starts[-1] + len(texts[-1])
            joined = b" ".join(texts)
            self._code = self._code[: found.starts[0]] + joined + self._code[end:]
            starts = accumulate((len(text) + 1 for text in texts[:-1]), initial=found.starts[0])
            self._tokens = found._replace(starts=list(starts))

    def _read(self, code: str) -> Tokens:
        return tokens(self._language.parse(code), self._kinds, code)

    def last(self, piece: Piece) -> Optional[int]:
        return self._last(piece)

    def takes(self, place: int, statement: str) -> bool:
        return True


def _has_directives(code: bytes, kinds: CLikeGrammar) -> bool:
    """Return whether lines look like directives, which holes may hide from the parse."""
    return bool(kinds.lines) and re.search(rb"^\s*#", code, re.MULTILINE) is not None


def _is_separated(code: bytes, found: Tokens) -> bool:
    """Return whether single blanks stand between all tokens, or nothing beside a dot."""
    end = found.starts[0]
    last = ""
    for text, start in zip(found.texts, found.starts):
        between = code[end:start]
        if last and not (between == b" " or (not between and "." in (last, text))):
            return False
        end, last = start + len(to_bytes(text)), text
    return True


def _pieces(tokens: Tokens) -> Iterator[Piece]:
    start = 0
    for at in range(1, len(tokens.texts) + 1):
        if at == len(tokens.texts) or tokens.owners[at] != tokens.owners[start]:
            if tokens.owners[start]:
                yield tuple(tokens.texts[start:at])
            start = at
