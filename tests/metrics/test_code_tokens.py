"""Tokens of code."""

from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.metrics.code_tokens import code_tokens


def test_tokens():
    assert code_tokens('a_1 = f(x,"é")\n\tb') == [
        *("a_1", "=", "f", "(", "x", ",", '"', "é", '"', ")", "b")
    ]


@given(st.lists(st.sampled_from(["ab", "1", "(", "=", '"', "_x"]), min_size=1))
def test_spacing_does_not_matter_between_signs(tokens):
    assert code_tokens(" ".join(tokens)) == code_tokens("\n\t ".join(tokens)) == tokens
