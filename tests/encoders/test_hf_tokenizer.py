"""The encoder as fairseq's commands build and call it."""

from argparse import Namespace
from pathlib import Path
from typing import Optional

import pytest
import torch
from fairseq.data.encoders import build_bpe

from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.text import to_line
from dece_fairseq.encoders.hf_tokenizer import HuggingFaceTokenizer
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.encoders.text_codec import TextCodec

pytest.importorskip("transformers", reason="the extra [hf] is not installed")

from support.small_models import SYSTEMS, save

TEXT = "def f ( ) :\n\treturn  1 </s> \\n 中 "


def build(folder: Optional[str]) -> HuggingFaceTokenizer:
    encoder = build_bpe(Namespace(bpe="hf_tokenizer", hf_tokenizer=folder))
    assert isinstance(encoder, HuggingFaceTokenizer)
    return encoder


@pytest.mark.parametrize("name", ["CodeT5", "CodeGen"])
def test_texts_in_the_one_line_form(name: str, tmp_path: Path) -> None:
    """With CodeGen the end of sentence is the unknown symbol too."""
    folder = save(tmp_path / "model", SYSTEMS[name])
    bpe = build(str(folder))
    assert bpe.decode(bpe.encode(to_line(TEXT))) == to_line(TEXT)
    ModelTokenizer.load(str(folder)).write_dictionary(tmp_path / "dict.txt")
    dictionary = load_dictionary(str(tmp_path / "dict.txt"))
    codec = TextCodec(Namespace(_name="hf_tokenizer", bpe="hf_tokenizer", hf_tokenizer=str(folder)))
    assert codec.one_line
    tokens = codec.encode(TEXT, dictionary)
    assert codec.decode_exactly(tokens, dictionary) == TEXT
    padded = torch.cat([tokens, tokens.new_full((3,), dictionary.pad())])
    assert codec.decode(padded, dictionary) == TEXT
    if name == "CodeT5":
        tokens[0] = dictionary.unk()
        assert codec.decode_exactly(tokens, dictionary) is None


@pytest.mark.parametrize("folder", [None, ""])
def test_no_folder(folder: Optional[str]) -> None:
    with pytest.raises(ValueError, match="--bpe hf_tokenizer needs --hf-tokenizer DIR"):
        build(folder)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--hf-tokenizer .*/nowhere: transformers can't load it"):
        build(str(tmp_path / "nowhere"))
