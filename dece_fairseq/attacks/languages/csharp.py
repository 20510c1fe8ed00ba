"""C#."""

from typing import Any, ClassVar, Mapping

import tree_sitter_c_sharp

from dece_fairseq.attacks.languages.c_like import CLikeLanguage
from dece_fairseq.attacks.languages.c_like_grammar import CLikeGrammar
from dece_fairseq.attacks.languages.language import LANGUAGES
from dece_fairseq.attacks.languages.loop_grammar import LOOP_WORDS, LoopGrammar
from dece_fairseq.attacks.languages.variables import DECLARED, ELSEWHERE, USED

LOOPS = frozenset({"while_statement", "do_statement", "for_statement"})


class CSharp(CLikeLanguage):
    name = "csharp"
    dead_code = "int VAR = 0 ;"
    endless_loop = "while ( true ) { int VAR = 0 ; }"
    functions: ClassVar[Mapping[str, str]] = {
        name: f"System . Math . {name.capitalize()} ( {{}} )"
        for name in ("sin", "cos", "sqrt", "exp")
    }
    guards: ClassVar[Mapping[str, str]] = {
        "if": "if ( {condition} ) {{ {body} }}",
        "while": "while ( {condition} ) {{ {body} }}",
        "assert": "System . Diagnostics . Debug . Assert ( {condition} , {message} ) ;",
    }
    prints = (
        "System . Console . WriteLine ( {} ) ;",
        "System . Console . Error . WriteLine ( {} ) ;",
    )
    loops = LoopGrammar(
        words=LOOP_WORDS,
        loops=LOOPS,
        iterations=frozenset({"foreach_statement"}),
        switches=frozenset({"switch_statement"}),
        leaving=frozenset({"return_statement", "yield_statement", "await_expression"}),
        throwing=frozenset({"throw_statement", "throw_expression"}),
        failing=frozenset(
            {
                "array_creation_expression",
                "cast_expression",
                "element_access_expression",
                "implicit_object_creation_expression",
                "invocation_expression",
                "member_access_expression",
                "object_creation_expression",
            }
        ),
        handlers=frozenset({"catch_clause"}),
        all_caught=frozenset({"Exception"}),
        functions=frozenset(
            {"lambda_expression", "anonymous_method_expression", "local_function_statement"}
        ),
        calls=frozenset({"invocation_expression"}),
        exits=frozenset({"Exit", "FailFast", "Fail"}),
        integers_wrap=True,
    )
    kinds = CLikeGrammar(
        strings=frozenset(
            {
                "string_literal",
                "verbatim_string_literal",
                "raw_string_literal",
                "interpolated_string_expression",
                "character_literal",
            }
        ),
        comments=frozenset({"comment"}),
        pieces=frozenset(
            {
                "local_declaration_statement",
                "assignment_expression",
                "expression_statement",
                "return_statement",
            }
        ),
        blocks=frozenset({"block"}),
        no_statements=frozenset(),
        comes_first=frozenset(),
        scopes=frozenset({"block", "switch_body", "for_statement", "foreach_statement"}),
        loops_over={"foreach_statement": "right"},
        methods=frozenset(
            {
                "accessor_declaration",
                "constructor_declaration",
                "destructor_declaration",
                "method_declaration",
                "operator_declaration",
            }
        ),
        members=frozenset(
            {
                "declaration_list",
                "field_declaration",
                "event_field_declaration",
                "using_statement",
                "fixed_statement",
            }
        ),
        names=frozenset({"identifier", "implicit_parameter"}),
        roles={
            ("variable_declarator", "name"): DECLARED,
            ("foreach_statement", "left"): DECLARED,
            ("argument", None): USED,
            ("array_rank_specifier", None): USED,
            ("arrow_expression_clause", None): USED,
            ("as_expression", "left"): USED,
            ("assignment_expression", "left"): USED,
            ("assignment_expression", "right"): USED,
            ("await_expression", None): USED,
            ("binary_expression", "left"): USED,
            ("binary_expression", "right"): USED,
            ("cast_expression", "value"): USED,
            ("conditional_access_expression", "condition"): USED,
            ("conditional_expression", "alternative"): USED,
            ("conditional_expression", "condition"): USED,
            ("conditional_expression", "consequence"): USED,
            ("do_statement", "condition"): USED,
            ("element_access_expression", "expression"): USED,
            ("for_statement", "condition"): USED,
            ("for_statement", "update"): USED,
            ("foreach_statement", "right"): USED,
            ("if_statement", "condition"): USED,
            ("interpolation", None): USED,
            ("invocation_expression", "function"): USED,
            ("is_expression", "left"): USED,
            ("is_pattern_expression", "expression"): USED,
            ("lambda_expression", "body"): USED,
            ("lock_statement", None): USED,
            ("member_access_expression", "expression"): USED,
            ("parenthesized_expression", None): USED,
            ("postfix_unary_expression", None): USED,
            ("prefix_unary_expression", None): USED,
            ("return_statement", None): USED,
            ("switch_statement", "value"): USED,
            ("throw_statement", None): USED,
            ("variable_declarator", None): USED,
            ("while_statement", "condition"): USED,
            ("yield_statement", None): USED,
            ("argument", "name"): ELSEWHERE,
            ("member_access_expression", "name"): ELSEWHERE,
            ("member_binding_expression", "name"): ELSEWHERE,
            ("method_declaration", "name"): ELSEWHERE,
        },
        # Here a variable's name may become that of a member.
        doubtful=frozenset(
            {"tuple_expression", "anonymous_object_creation_expression", "initializer_expression"}
        ),
        assigning=frozenset(
            {
                ("assignment_expression", "left"),
                ("postfix_unary_expression", None),
                ("prefix_unary_expression", None),
            }
        ),
        name_readers=frozenset({"nameof", "CallerArgumentExpression"}),
        lines=("preproc_", "shebang_"),
    )

    def grammar(self) -> Any:
        return tree_sitter_c_sharp.language()


LANGUAGES.register(CSharp.name)(CSharp())
