"""Rewritings of code that keep what it does and change how it is written, by the parse."""

from typing import Callable, Dict, FrozenSet, Iterator, List, Optional

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.languages.language import (
    Language,
    Node,
    text_of,
    to_text,
    walk,
)

#: more loops than a text has that is worth rewriting
_MOST = 50
_JUMPS = frozenset(
    {
        *("break_statement", "continue_statement", "goto_statement", "return_statement"),
        *("raise_statement", "throw_statement", "yield_statement"),
    }
)
#: what may look at a loop's variable after the loop
_FUNCTIONS = frozenset(
    {
        *("class_body", "function_definition", "generator_expression", "lambda"),
        *("lambda_expression", "local_function_statement"),
    }
)
#: what gives a name, a field of its own, to something that a block of Java or C# has for itself
_DECLARING = frozenset({"instanceof_expression", "variable_declarator"})
#: how else names are given there, by the ends of nodes' types
_PATTERNS = ("declaration_expression", "designation", "pattern")
#: statements of Java that may have a jump on every way through them
_OF_WAYS = frozenset({"switch_expression", "try_statement", "try_with_resources_statement"})
_ASSIGNING = frozenset({"assignment", "augmented_assignment", "named_expression", "for_statement"})


def _while_loops(language: Language, root: Node) -> Iterator[Change]:
    """Yield the first ``for`` loop as a ``while`` loop, if one can be that."""
    for node in walk(root):
        if node.type == "for_statement":
            edit = _in_python(node, root) if language.name == "python" else _in_braces(node)
            if edit is not None:
                yield edit
                return


def _in_braces(loop: Node) -> Optional[Change]:
    """Return ``{ init while (condition) { body update } }`` for a loop of Java or C#."""
    body = loop.child_by_field_name("body")
    if (
        body is None
        or (loop.parent is not None and "label" in loop.parent.type)
        or any("comment" in child.type for child in loop.children)
        or not _runs_to_its_end(body)
        or _may_jump(body)  # Java refuses what nothing reaches
    ):
        return None
    fields = [(loop.field_name_for_child(at), child) for at, child in enumerate(loop.children)]
    first = [text_of(c) for name, c in fields if name in ("init", "initializer") and c.is_named]
    after = [child for name, child in fields if name == "update" and child.is_named]
    updates = [text_of(child) for child in after]
    names = (text_of(node) for child in after for node in walk(child) if not node.child_count)
    if not _declared(body).isdisjoint(names):
        return None  # they are in the body then, where such a name is another's
    condition = loop.child_by_field_name("condition")
    inside = text_of(body).strip()
    if body.type == "block":
        inside = inside[1:-1].strip()
    elif inside == ";":
        inside = ""
    held = "true" if condition is None else text_of(condition)
    parts = [
        "{",
        *(text if text.endswith(";") else f"{text} ;" for text in first),
        f"while ( {held} ) {{",
        *([inside] if inside else []),
        *(f"{text} ;" for text in updates),
        "} }",
    ]
    # A comment that ends the body's last line must not take in what follows.
    joined = ("\n" if "//" in inside else " ").join(parts)
    return Change(loop.start_byte, loop.end_byte, joined)


def _in_python(loop: Node, root: Node) -> Optional[Change]:
    """Return a loop over ``range`` as one that counts for itself."""
    name, over, body = (loop.child_by_field_name(field) for field in ("left", "right", "body"))
    if name is None or over is None or body is None or name.type != "identifier":
        return None
    bounds = _bounds(over)
    if (
        not bounds
        or loop.child_by_field_name("alternative") is not None
        or body.start_point[0] == loop.start_point[0]
        or not _runs_to_its_end(body)
    ):
        return None
    counter = text_of(name)
    names = [node for node in walk(root) if node.type == "identifier"]
    uses = [node for node in names if text_of(node) == counter]
    if any(not loop.start_byte <= node.start_byte < loop.end_byte for node in uses):
        return None  # what it is after the loop matters
    assigned = _assigned(body)
    if counter in assigned or not assigned.isdisjoint(bounds):
        return None
    code = root.text or b""  # from the first byte that is no white space
    starts = (node.start_byte - root.start_byte for node in (loop, body))
    indent, inner = (to_text(code[code.rfind(b"\n", 0, at) + 1 : at]) for at in starts)
    if indent.strip() or inner.strip():
        return None
    start, stop = bounds if len(bounds) == 2 else ["0", *bounds]
    end = "\r\n" if b"\r\n" in code else "\n"
    lines = [f"{counter} = {start}", f"{indent}while {counter} < {stop} :"]
    last = f"{inner}{counter} += 1"
    return Change(
        loop.start_byte,
        body.end_byte,
        f"{end.join(lines)}{end}{inner}{text_of(body)}{end}{last}",
    )


def _bounds(over: Node) -> List[str]:
    """Return the one or two bounds of ``range``, if each is a name or a whole number."""
    function, arguments = (over.child_by_field_name(field) for field in ("function", "arguments"))
    if over.type != "call" or function is None or arguments is None:
        return []
    given = arguments.named_children
    is_plain = all(node.type in ("identifier", "integer") for node in given)
    is_range = text_of(function) == "range" and 1 <= len(given) <= 2 and is_plain
    return [text_of(node) for node in given] if is_range else []


def _assigned(body: Node) -> FrozenSet[str]:
    """Return all names in what ``body`` assigns to, or hands on to be changed elsewhere."""
    return frozenset(
        text_of(name)
        for node in walk(body)
        if node.type in _ASSIGNING or node.type in ("global_statement", "nonlocal_statement")
        for target in [node.child_by_field_name("left") or node.child_by_field_name("name") or node]
        for name in walk(target)
        if name.type == "identifier"
    )


def _runs_to_its_end(body: Node) -> bool:
    """Return whether nothing in a loop's body goes on with the next round before its end."""
    if any(node.type in ("continue_statement", *_FUNCTIONS) for node in walk(body)):
        return False
    inside = [child for child in body.named_children if "comment" not in child.type]
    last = inside[-1] if body.type == "block" and inside else body
    return last.type not in _JUMPS


def _may_jump(statement: Node) -> bool:
    """Return whether a compiler may find that nothing behind a statement is reached."""
    inside = [child for child in statement.named_children if "comment" not in child.type]
    if statement.type in ("block", "labeled_statement", "synchronized_statement"):
        return bool(inside) and _may_jump(inside[-1])
    if statement.type == "if_statement":
        ways = [statement.child_by_field_name(name) for name in ("consequence", "alternative")]
        return all(way is not None and _may_jump(way) for way in ways)
    if statement.type in ("do_statement", "for_statement", "while_statement"):
        condition = statement.child_by_field_name("condition")
        return condition is None or all(node.type != "identifier" for node in walk(condition))
    return statement.type in _JUMPS or statement.type in _OF_WAYS


def _declared(body: Node) -> FrozenSet[str]:
    """Return the names that the body of a loop in Java or C# declares, and maybe more."""
    names: List[Optional[Node]] = []
    for node in walk(body):
        if node.type in _DECLARING:
            names.append(node.child_by_field_name("name"))
        elif node.type.endswith(_PATTERNS):
            names += walk(node)
    return frozenset(text_of(name) for name in names if name is not None)


def _negations(language: Language, root: Node) -> Iterator[Change]:
    """Yield ``a != b`` as the negation of ``a == b``, each that holds no other."""
    is_python = language.name == "python"
    before, after = ("not ", "") if is_python else ("! ( ", " )")
    for node in walk(root):
        if node.type != ("comparison_operator" if is_python else "binary_expression"):
            continue
        if node.child_count != 3 or node.children[1].type != "!=":
            continue
        if any(text_of(child) == "!=" for part in node.named_children for child in walk(part)):
            continue
        left, operator, right = node.children
        code = root.text or b""  # from the first byte that is no white space
        texts = [
            to_text(code[a - root.start_byte : b - root.start_byte])
            for a, b in (
                (left.start_byte, operator.start_byte),
                (operator.end_byte, right.end_byte),
            )
        ]
        yield Change(node.start_byte, node.end_byte, f"{before}{texts[0]}=={texts[1]}{after}")


_Style = Callable[[Language, Node], Iterator[Change]]
#: by their names; each yields edits that don't overlap, of a text that it is then given again
STYLES: Dict[str, _Style] = {"for_to_while": _while_loops, "not_equal": _negations}


def restyled(style: str, language: Language, text: str) -> Optional[str]:
    """Return a text with all that a style rewrites; None if that is nothing or it has holes.

    Args:
        style: one of ``STYLES``
        language: of the text
        text: code
    """
    read = language.read(text)
    code = read.code
    for _ in range(_MOST):
        whole = language.whole(code)
        if whole is None:
            return None
        # Offsets count from where the text begins in what was parsed.
        edits = list(STYLES[style](language, whole.root))
        if not edits:
            break
        for edit in reversed(edits):
            start, end = edit.start - whole.start, edit.end - whole.start
            code = Change(start, end, edit.text).of(code)
    is_sound = code != read.code and language.whole(code) is not None
    return read.as_given(code) if is_sound else None
