"""BLEU on code tokens."""

import pytest
import sacrebleu
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.metrics.code_tokens import CodeBleu4, code_bleu_statistics, code_tokens


def test_tokens():
    assert code_tokens('a_1 = f(x,"é")\n\tb') == [
        *("a_1", "=", "f", "(", "x", ",", '"', "é", '"', ")", "b")
    ]


@given(st.lists(st.sampled_from(["ab", "1", "(", "=", '"', "_x"]), min_size=1))
def test_spacing_does_not_matter_between_signs(tokens):
    assert code_tokens(" ".join(tokens)) == code_tokens("\n\t ".join(tokens)) == tokens


def test_the_score_is_sacrebleu_of_the_tokens():
    hypotheses, references = ["f(x)+g( y )", "return a"], ["f ( x ) + g ( z )", "return a . b"]
    expected = sacrebleu.corpus_bleu(
        ["f ( x ) + g ( y )", "return a"], [references], tokenize="none", force=True
    )
    bleu = CodeBleu4()
    assert bleu.corpus_score(hypotheses, references).score == pytest.approx(expected.score)
    assert "tok:code" in bleu.signature()


def test_statistics_sum_to_the_corpus_score():
    hypotheses, references = ["f ( x )", "a b c d e"], ["f ( y )", "a b c d f"]
    parts = [code_bleu_statistics([h], [r], 4) for h, r in zip(hypotheses, references)]
    total = {key: sum(part[key] for part in parts) for key in parts[0]}
    assert total == code_bleu_statistics(hypotheses, references, 4)
    assert set(code_bleu_statistics([], [], 4)) == set(total)
    assert not any(code_bleu_statistics([], [], 4).values())
