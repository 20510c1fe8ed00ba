"""sacrebleu's 13a in one step, against sacrebleu."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from dece_fairseq.data.corpus import generate
from dece_fairseq.metrics.tokens_13a import tokens_13a
from support.examples import examples

SACREBLEU = Tokenizer13a()
PARTS = st.sampled_from(
    [chr(code) for code in (*range(9, 14), *range(28, 127), 0x85, 0xA0, 0x2028)]
    + ["&amp;", "&quot;", "&amp;lt;", "<skipped>", "-\n", "1.2", "3-4", "é", "\u0663", "..", ".,"]
)


@settings(max_examples=examples(5000))
@given(st.lists(PARTS, max_size=12).map("".join))
@example("1,<skipped>.2")
@example("a.-\n.b")
def test_any_text(text):
    assert tokens_13a(text) == SACREBLEU(text).split()


def test_code():
    for pair in generate("A", 500, 1):
        for text in pair:
            assert tokens_13a(text) == SACREBLEU(text).split()
