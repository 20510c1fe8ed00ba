"""What attacks have to know of a C-like language: a table, and the names by it."""

from typing import FrozenSet, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from dece_fairseq.attacks.languages.language import Node
from dece_fairseq.attacks.languages.variables import Span


class CLikeGrammar(NamedTuple):
    """The kinds of nodes that matter to attacks, in one language."""

    strings: FrozenSet[str]
    """Literals that are one token, quotes and all."""
    comments: FrozenSet[str]
    pieces: FrozenSet[str]
    """What a token may belong to; the innermost counts."""
    blocks: FrozenSet[str]
    """Lists of statements, which run one after the other."""
    no_statements: FrozenSet[str]
    """What else stands in a block; nothing can be put before it."""
    comes_first: FrozenSet[Tuple[str, ...]]
    """The two tokens with which a statement begins that must be the first one."""
    scopes: FrozenSet[str]
    """What a local variable is known in."""
    loops_over: Mapping[str, str]
    """Loops that declare a variable, and the field of what they loop over."""
    methods: FrozenSet[str]
    """What local variables never reach out of."""
    members: FrozenSet[str]
    """What holds or declares the members of a class, or variables that are left alone."""
    names: FrozenSet[str]
    """Names of variables and of everything else."""
    roles: Mapping[Tuple[str, Optional[str]], str]
    """What a name is, by its parent and its field there; a name that's not here is in doubt."""
    doubtful: FrozenSet[str]
    """Nodes in which every name is in doubt."""
    assigning: FrozenSet[Tuple[str, Optional[str]]]
    """Parent and field of names that are given a value."""
    name_readers: FrozenSet[str]
    """By these, code finds out what its own variables are called."""
    lines: Tuple[str, ...]
    """How the kinds begin that need a line of their own; a text with one has no place."""


class Occurrence(NamedTuple):
    """A name in a parse."""

    node: Node
    parent: Node
    field: Optional[str]
    """What the name is of its parent, where the grammar says so."""
    scope: Optional[Node]
    """The innermost node around it that holds local variables, or a class's members."""
    members: int
    """How deep in classes it stands."""
    is_doubtful: bool
    """Whether it stands where every name is in doubt."""

    @property
    def span(self) -> Span:
        return self.node.start_byte, self.node.end_byte


def occurrences(root: Node, kinds: CLikeGrammar) -> Iterator[Occurrence]:
    """Yield the names below ``root``, in the order of the text."""
    # A cursor: nothing else gives the field of a child without a search among its siblings.
    cursor = root.walk()
    around: List[Tuple[Node, Optional[Node], int, bool]] = []
    while True:
        node = cursor.node
        assert node is not None  # a cursor is always at a node
        kind = node.type
        if kind in kinds.names and around and not node.named_child_count:
            parent, scope, members, is_doubtful = around[-1]
            yield Occurrence(node, parent, cursor.field_name, scope, members, is_doubtful)
        if cursor.goto_first_child():
            _, scope, members, is_doubtful = around[-1] if around else (None, None, 0, False)
            is_member = kind in kinds.members
            around.append(
                (
                    node,
                    node if is_member or kind in kinds.scopes else scope,
                    members + is_member,
                    is_doubtful or kind in kinds.doubtful,
                )
            )
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            around.pop()
