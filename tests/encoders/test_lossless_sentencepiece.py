"""The encoder as fairseq's commands build and call it."""

from argparse import Namespace
from pathlib import Path

import pytest
from fairseq.data import Dictionary
from fairseq.data.encoders import build_bpe
from hypothesis import given
from hypothesis import strategies as st

from dece_fairseq.data.subwords import Subwords
from dece_fairseq.data.text import to_line
from dece_fairseq.encoders.lossless_sentencepiece import LosslessSentencepiece


@pytest.fixture(scope="module")
def bpe(tmp_path_factory: pytest.TempPathFactory) -> LosslessSentencepiece:
    folder = tmp_path_factory.mktemp("bpe")
    Subwords.train(["def f ( ) :\n\treturn"], folder / "a.model", 280).write_dictionary(
        folder / "dict.txt"
    )
    return build(str(folder / "a.model"))


def build(model: str) -> LosslessSentencepiece:
    encoder = build_bpe(Namespace(bpe="lossless_sentencepiece", sentencepiece_model=model))
    assert isinstance(encoder, LosslessSentencepiece)
    return encoder


@given(text=st.text(st.characters(), max_size=30))
def test_decode_gives_the_one_line_form(text: str, bpe: LosslessSentencepiece) -> None:
    line = to_line(text)
    tokens = bpe.encode(line)
    assert len(tokens.splitlines()) <= 1
    assert bpe.decode(tokens) == line


@pytest.mark.parametrize("unknown", ["<unk>", "<<unk>>"])
def test_unknown_tokens_do_not_raise(unknown: str, bpe: LosslessSentencepiece) -> None:
    assert bpe.decode(f"d {unknown} e") == "d\ufffde"


def test_fairseqs_own_spelling_of_unknown(bpe: LosslessSentencepiece) -> None:
    dictionary = Dictionary()
    tokens = dictionary.encode_line("new", add_if_not_exist=False)
    for escape in (False, True):
        assert bpe.decode(dictionary.string(tokens, escape_unk=escape)) == "\ufffd"


@pytest.mark.parametrize("model", [None, ""])
def test_no_model(model: str) -> None:
    with pytest.raises(ValueError, match="--sentencepiece-model FILE"):
        build(model)


def test_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--sentencepiece-model .*no\.model: No such file"):
        build(str(tmp_path / "no.model"))
