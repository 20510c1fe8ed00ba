"""Python's warnings about code that is looked at."""

import ast
import warnings

import pytest

from dece_fairseq.attacks.languages.unwarned import unwarned

WARNED_OF = r'"\d"'


def test_only_inside_of_it_nothing_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SyntaxError):  # which is what an invalid escape is as an error
            ast.parse(WARNED_OF)
        before = list(warnings.filters)
        with unwarned():
            ast.parse(WARNED_OF)
            inside = list(warnings.filters)
            with unwarned():
                ast.parse(WARNED_OF)
            assert list(warnings.filters) == inside
            ast.parse(WARNED_OF)
        assert list(warnings.filters) == before
        with pytest.raises(SyntaxError):
            ast.parse(WARNED_OF)
