"""What C-like languages (braces and semicolons) have in common. Each is a table for this class."""

from abc import abstractmethod
from collections import defaultdict
from typing import AbstractSet, ClassVar, DefaultDict, FrozenSet, Iterator, List, Optional, Sequence

from dece_fairseq.attacks.guard import Steps
from dece_fairseq.attacks.languages.c_like_grammar import CLikeGrammar, Occurrence, occurrences
from dece_fairseq.attacks.languages.c_like_values import CLikeValues
from dece_fairseq.attacks.languages.language import (
    Language,
    Node,
    Whole,
    is_identifier,
    text_of,
    to_bytes,
    to_text,
    walk,
)
from dece_fairseq.attacks.languages.loop_grammar import PARSE
from dece_fairseq.attacks.languages.loops_in_tokens import loops_in
from dece_fairseq.attacks.languages.token_layout import PaperLayout, TokenLayout
from dece_fairseq.attacks.languages.variables import (
    DECLARED,
    ELSEWHERE,
    UNKNOWN,
    USED,
    Variable,
)

#: what makes a text the member of a class; a directive stays alone on its line
MEMBER = ("class A {\n", "\n}")


class CLikeLanguage(Language):
    """A C-like language: braces and semicolons."""

    @property
    @abstractmethod
    def kinds(self) -> CLikeGrammar:
        """Return the table of the language."""

    def whole(self, code: str) -> Optional[Whole]:
        """Return a parse of ``code``, alone or as a member of a class, which constructors are."""
        found = super().whole(code)
        if found is None and code.strip():
            before, after = MEMBER
            root = self.parse(before + code + after)
            if not root.has_error and root.named_child_count == 1:
                return Whole(root, len(before))
        return found

    def layout(self, code: str) -> TokenLayout:
        return TokenLayout(self, self.kinds, code)

    def paper_layout(self, code: str) -> PaperLayout:
        return PaperLayout(self, self.kinds, code)

    comment = "/* {} */"
    comment_ends: ClassVar[Sequence[str]] = ("*/",)

    def comment_places(self, code: str) -> Sequence[int]:
        whole = self.whole(code)
        if whole is None:
            return ()
        places = []
        end = whole.start + len(to_bytes(code))
        nodes = [whole.root]
        while nodes:
            node = nodes.pop()
            # What is on the line of a directive stays alone there.
            if node.type in self.kinds.comments or node.type.startswith(self.kinds.lines):
                continue
            if node.child_count and node.type not in self.kinds.strings:
                nodes.extend(reversed(node.children))
            elif whole.start <= node.start_byte < end:
                places.append(node.start_byte - whole.start)
        return places

    def put_comment(self, code: str, place: int, text: str) -> str:
        whole = to_bytes(code)
        left = b" " if whole[:place].endswith(b"/") else b""  # or it would be a line comment
        comment = to_bytes(self.comment.format(text) + " ")
        return to_text(whole[:place] + left + comment + whole[place:])

    def is_statement(self, code: str) -> bool:
        before = "void f ( ) "
        wrapped = f"{before}{{ {code} }}"
        root = self.parse(wrapped)
        if root.has_error:
            return False
        for node in walk(root):
            if node.type in self.kinds.blocks and node.start_byte == len(before):
                inside = [c for c in node.named_children if c.type not in self.kinds.comments]
                return (
                    node.end_byte == root.end_byte == len(wrapped.encode("utf-8", "surrogatepass"))
                    and bool(inside)
                    and not any(child.type in self.kinds.no_statements for child in inside)
                )
        return False

    def names_given(self, code: str) -> FrozenSet[str]:
        return frozenset(
            text_of(found.node)
            for found in occurrences(self.parse(code), self.kinds)
            if (found.parent.type, found.field) in self.kinds.assigning
            or self._role(found) in (DECLARED, UNKNOWN)
        )

    def local_variables(self, code: str) -> Sequence[Variable]:
        root = self.parse(code)
        if root.has_error:
            return ()
        kinds = self.kinds
        by_name: DefaultDict[str, List[Occurrence]] = defaultdict(list)
        for found in occurrences(root, kinds):
            by_name[text_of(found.node)].append(found)
        if not kinds.name_readers.isdisjoint(by_name):
            return ()
        variables = [
            variable
            for name, all_found in by_name.items()
            if is_identifier(name)
            for declared in all_found
            if self._role(declared) == DECLARED
            for variable in self._variable(name, declared, all_found)
        ]
        return sorted(variables, key=lambda variable: variable.spans[0])

    def _variable(
        self, name: str, declared: Occurrence, all_found: Sequence[Occurrence]
    ) -> Iterator[Variable]:
        """Yield the variable, if it is a local one and every use of it is certain."""
        kinds = self.kinds
        scope = declared.scope
        if scope is None or scope.type not in kinds.scopes:
            return
        found = [
            other
            for other in all_found
            if scope.start_byte <= other.node.start_byte < scope.end_byte
            and self._role(other) != ELSEWHERE
        ]
        used = [other for other in found if self._role(other) == USED]
        over = declared.parent.child_by_field_name(kinds.loops_over.get(declared.parent.type, ""))
        first = over.end_byte if over is not None else declared.node.end_byte
        if (
            len(found) == len(used) + 1
            and all(other.node.start_byte >= first for other in used)
            and all(other.members == declared.members for other in used)
        ):
            yield Variable(name, (declared.span, *(other.span for other in used)))

    def _role(self, found: Occurrence) -> str:
        kinds = self.kinds
        if found.is_doubtful:
            return UNKNOWN
        return self.role(found) or kinds.roles.get((found.parent.type, found.field), UNKNOWN)

    def role(self, found: Occurrence) -> Optional[str]:
        """Return what a name is where the table can't tell."""
        return None

    def _values(self, root: Node, steps: Steps) -> CLikeValues:
        return CLikeValues(root, self.kinds, self._role, steps)

    def _loops_apart(self, root: Node, known: AbstractSet[int], steps: Steps) -> Iterator[Node]:
        # A loop may stand where the grammar has no place for it, so that it is no node.
        code = root.text or b""
        steps.take(len(code))  # a look at all tokens
        done = 0
        for start, end in loops_in(code, self.quoted):
            if start + root.start_byte in known:
                done = max(done, end)
            if start < done:
                continue
            steps.take(end - start + PARSE)
            inside = self.parse(f"void f() {{ {to_text(code[start:end])}\n}}")
            if not inside.has_error and _is_one_loop(inside, self.loops.loops):
                done = end
                yield inside


def _is_one_loop(function: Node, loops: AbstractSet[str]) -> bool:
    """Return whether a function holds a loop and nothing else."""
    node = function
    while node.named_child_count and node.type not in loops:
        statements = [child for child in node.named_children if "comment" not in child.type]
        node = statements[-1]
        if node.type == "block" and node.named_child_count != 1:
            return False
    return node.type in loops
