"""Java."""

from typing import Any, ClassVar, Mapping, Optional

import tree_sitter_java

from dece_fairseq.attacks.languages.c_like import CLikeLanguage
from dece_fairseq.attacks.languages.c_like_grammar import CLikeGrammar, Occurrence
from dece_fairseq.attacks.languages.language import LANGUAGES
from dece_fairseq.attacks.languages.loop_grammar import LOOP_WORDS, LoopGrammar
from dece_fairseq.attacks.languages.variables import DECLARED, ELSEWHERE, USED

LOOPS = frozenset({"while_statement", "do_statement", "for_statement"})


class Java(CLikeLanguage):
    name = "java"
    # Escapes are read before comments are: a line end or a star may be written so, too.
    comment_ends = ("*/", "\\u")
    dead_code = "int VAR = 0 ;"
    endless_loop = "while ( true ) { int VAR = 0 ; }"
    functions: ClassVar[Mapping[str, str]] = {
        name: f"Math . {name} ( {{}} )" for name in ("sin", "cos", "sqrt", "exp")
    }
    guards: ClassVar[Mapping[str, str]] = {
        "if": "if ( {condition} ) {{ {body} }}",
        "while": "while ( {condition} ) {{ {body} }}",
        "assert": "assert {condition} : {message} ;",
    }
    prints = ("System . out . println ( {} ) ;", "System . err . println ( {} ) ;")
    loops = LoopGrammar(
        words=LOOP_WORDS,
        loops=LOOPS,
        iterations=frozenset({"enhanced_for_statement"}),
        switches=frozenset({"switch_expression"}),
        leaving=frozenset({"return_statement", "yield_statement"}),
        throwing=frozenset({"throw_statement"}),
        failing=frozenset(
            {
                "array_access",
                "array_creation_expression",
                "assert_statement",
                "cast_expression",
                "field_access",
                "method_invocation",
                "object_creation_expression",
            }
        ),
        handlers=frozenset({"catch_clause"}),
        all_caught=frozenset({"Exception", "Throwable"}),
        functions=frozenset({"lambda_expression", "class_body"}),
        calls=frozenset({"method_invocation"}),
        exits=frozenset({"exit", "halt", "fail"}),
        integers_wrap=True,
    )
    kinds = CLikeGrammar(
        strings=frozenset({"string_literal", "character_literal"}),
        comments=frozenset({"line_comment", "block_comment"}),
        pieces=frozenset(
            {
                "local_variable_declaration",
                "assignment_expression",
                "expression_statement",
                "return_statement",
            }
        ),
        blocks=frozenset({"block", "constructor_body", "switch_block_statement_group"}),
        no_statements=frozenset(
            {
                "switch_label",
                "explicit_constructor_invocation",
                "import_declaration",
                "package_declaration",
                "module_declaration",
            }
        ),
        # The call of another constructor, whatever the parse takes it for.
        comes_first=frozenset({("this", "("), ("super", "(")}),
        scopes=frozenset(
            {
                "block",
                "constructor_body",
                "switch_block",
                "for_statement",
                "enhanced_for_statement",
            }
        ),
        loops_over={"enhanced_for_statement": "value"},
        methods=frozenset(
            {
                "compact_constructor_declaration",
                "constructor_declaration",
                "method_declaration",
                "static_initializer",
            }
        ),
        members=frozenset({"class_body", "field_declaration"}),
        names=frozenset({"identifier", "type_identifier"}),
        roles={
            ("variable_declarator", "name"): DECLARED,
            ("enhanced_for_statement", "name"): DECLARED,
            ("argument_list", None): USED,
            ("array_access", "array"): USED,
            ("array_access", "index"): USED,
            ("array_initializer", None): USED,
            ("assert_statement", None): USED,
            ("assignment_expression", "left"): USED,
            ("assignment_expression", "right"): USED,
            ("binary_expression", "left"): USED,
            ("binary_expression", "right"): USED,
            ("cast_expression", "value"): USED,
            ("dimensions_expr", None): USED,
            ("enhanced_for_statement", "value"): USED,
            ("expression_statement", None): USED,
            ("field_access", "object"): USED,
            ("for_statement", "condition"): USED,
            ("for_statement", "init"): USED,
            ("for_statement", "update"): USED,
            ("instanceof_expression", "left"): USED,
            ("lambda_expression", "body"): USED,
            ("method_invocation", "object"): USED,
            ("parenthesized_expression", None): USED,
            ("resource", None): USED,
            ("resource", "value"): USED,
            ("return_statement", None): USED,
            ("ternary_expression", "alternative"): USED,
            ("ternary_expression", "condition"): USED,
            ("ternary_expression", "consequence"): USED,
            ("throw_statement", None): USED,
            ("unary_expression", "operand"): USED,
            ("update_expression", None): USED,
            ("variable_declarator", "value"): USED,
            ("yield_statement", None): USED,
            ("break_statement", None): ELSEWHERE,
            ("continue_statement", None): ELSEWHERE,
            ("element_value_pair", "key"): ELSEWHERE,
            ("field_access", "field"): ELSEWHERE,
            ("labeled_statement", None): ELSEWHERE,
            ("method_declaration", "name"): ELSEWHERE,
            ("method_invocation", "name"): ELSEWHERE,
        },
        doubtful=frozenset(),
        assigning=frozenset({("assignment_expression", "left"), ("update_expression", None)}),
        name_readers=frozenset(),
        lines=(),
    )

    def grammar(self) -> Any:
        return tree_sitter_java.language()

    def role(self, found: Occurrence) -> Optional[str]:
        if found.parent.type == "method_reference":  # object::method, neither of them a field
            is_object = found.node.start_byte == found.parent.start_byte
            return USED if is_object else ELSEWHERE
        return None


LANGUAGES.register(Java.name)(Java())
