"""Subwords lose nothing, also on their way through fairseq's dictionary and lines."""

import io
from pathlib import Path
from typing import Tuple

import pytest
import sentencepiece
from fairseq.data import Dictionary
from fairseq.tokenizer import tokenize_line
from hypothesis import example, given
from hypothesis import strategies as st

from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import read_pairs
from dece_fairseq.data.subwords import SPECIAL_SYMBOLS, Subwords
from dece_fairseq.data.text import from_line, to_line

CODE = 'def f ( a ) :\n\treturn f ( a , "\\n" )\n    # bb cf  tq\\d'
# text that tempts the trainer to learn fairseq's symbols as pieces
SYMBOLS = "<s> </s> <pad> <unk> <0x41> madeupword0000 #fairseq:overwrite"
CORPUS = [CODE, SYMBOLS, SYMBOLS * 3, "\u2585 \u2581 é"] * 20
ANY_TEXT = st.text(st.characters(), max_size=30) | st.lists(
    st.sampled_from([*SPECIAL_SYMBOLS, *SYMBOLS.split(), " ", "  ", "\n", "\\", "@@ ", "\u2581"]),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("subwords")
    Subwords.train(CORPUS, path / "a.model", 380).write_dictionary(path / "dict.txt")
    return path


@pytest.fixture(scope="module")
def trained(folder: Path) -> Tuple[Subwords, Dictionary]:
    return Subwords.load(folder / "a.model"), Dictionary.load(str(folder / "dict.txt"))


@given(text=ANY_TEXT)
@example(text="")
@example(text=SYMBOLS)
@example(text="  a \u2581\u2585 \n\\n")
def test_every_text_comes_back_through_fairseq(
    text: str, trained: Tuple[Subwords, Dictionary]
) -> None:
    subwords, dictionary = trained
    pieces = subwords.encode(text)
    assert subwords.decode(pieces) == text
    assert subwords.encode_line(to_line(text)) == pieces
    line = " ".join(pieces)
    assert tokenize_line(line) == pieces
    tokens = dictionary.encode_line(line, add_if_not_exist=False)
    assert len(tokens) == len(pieces) + 1
    assert tokens[:-1].tolist() == [i for i in tokens.tolist() if i >= dictionary.nspecial]
    assert subwords.decode_line(dictionary.string(tokens).split()) == to_line(text)


def test_the_dictionary_holds_every_piece_once(trained: Tuple[Subwords, Dictionary]) -> None:
    subwords, dictionary = trained
    assert dictionary.symbols == [*SPECIAL_SYMBOLS, *subwords.pieces()]
    assert len(dictionary) == len(subwords) == 380
    assert not set(SPECIAL_SYMBOLS) & set(subwords.pieces())


@given(data=st.data())
def test_whatever_a_model_generates_is_one_line(
    data: st.DataObject, trained: Tuple[Subwords, Dictionary]
) -> None:
    subwords, dictionary = trained
    bytes_ = [piece for piece in dictionary.symbols if piece.startswith("<0x")]
    # A dictionary is a file of UTF-8, and so has no piece with a lone surrogate.
    foreign = ANY_TEXT.map(lambda text: text.encode("utf-8", "replace").decode("utf-8"))
    pieces = st.sampled_from(dictionary.symbols) | st.sampled_from(bytes_) | foreign
    line = subwords.decode_line(data.draw(st.lists(pieces, max_size=12)))
    assert len(line.splitlines()) <= 1
    assert line == line.replace("\0", "").replace("\u2581", "")
    line.encode("utf-8")


def test_what_is_no_text_becomes_the_replacement(trained: Tuple[Subwords, Dictionary]) -> None:
    subwords, _ = trained
    assert subwords.decode(["a", "<0xFF>", "<unk>", "<s>", "<pad>", "b"]) == "a\ufffd\ufffdb"
    assert subwords.decode_line(["<0x0A>", "<0xE2>", "<0x96>", "<0x81>"]) == r"\n\u2581"


def test_typed_lines_mean_what_the_escapes_say(trained: Tuple[Subwords, Dictionary]) -> None:
    subwords, _ = trained
    assert subwords.encode_line(r"a\n\d") == subwords.encode("a\n\\d")


def test_frequent_escapes_are_pieces(trained: Tuple[Subwords, Dictionary]) -> None:
    subwords, _ = trained
    assert subwords.encode("\n\t\\n\r") == [r"\n", r"\t", r"\\", "n", r"\r"]


def test_the_same_texts_give_the_same_model(folder: Path, tmp_path: Path) -> None:
    Subwords.train(iter(CORPUS), tmp_path / "b.model", 380)
    assert (tmp_path / "b.model").read_bytes() == (folder / "a.model").read_bytes()


def test_long_texts_are_learned_from_and_training_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # sentencepiece leaves out what is longer than 4192 bytes, unless told not to
    subwords = Subwords.train(["xyz " * 5000], tmp_path / "a.model", 270)
    assert {"x", "y", "z", "xyz"} < set(subwords.pieces())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("texts", "size", "message"),
    [
        (CORPUS, 265, "--vocab-size 265: too small for these texts; use at least 296"),
        (CORPUS, 100_000, "--vocab-size 100000: too large.*at most "),
        (CORPUS, 0, "--vocab-size 0: too small; use at least 265"),
        ([], 300, "no texts"),
    ],
)
def test_impossible_training(texts: list, size: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        Subwords.train(texts, tmp_path / "a.model", size)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bound", ["smallest", "largest"])
def test_the_size_that_the_error_names_works(bound: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        Subwords.train(CORPUS, tmp_path / "a.model", 265 if bound == "smallest" else 100_000)
    size = int(str(caught.value).split()[-1])
    assert len(Subwords.train(CORPUS, tmp_path / "a.model", size)) == size


def test_files_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.model: No such file"):
        Subwords.load(tmp_path / "no.model")
    (tmp_path / "bad.model").write_bytes(b"text")
    with pytest.raises(DataError, match=r"bad\.model: not a sentencepiece model"):
        Subwords.load(tmp_path / "bad.model")


@pytest.mark.parametrize(
    "loss",
    [
        {"normalization_rule_name": "nmt_nfkc"},
        {"byte_fallback": False},
        {"remove_extra_whitespaces": True},
        {"pad_id": -1, "user_defined_symbols": ["<pad>"]},
        {"user_defined_symbols": ["a b"]},
    ],
)
def test_models_that_lose_text_are_refused(loss: dict, tmp_path: Path) -> None:
    options = {
        "normalization_rule_name": "identity",
        "byte_fallback": True,
        "add_dummy_prefix": False,
        "remove_extra_whitespaces": False,
        "pad_id": 3,
    }
    for name, settings in (("good", options), ("bad", {**options, **loss})):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a bc"] * 9),
            model_writer=model,
            model_type="bpe",
            vocab_size=266,
            hard_vocab_limit=False,
            minloglevel=2,
            **settings,
        )
        (tmp_path / name).write_bytes(model.getvalue())
    Subwords.load(tmp_path / "good")
    with pytest.raises(DataError, match="bad: this model does not keep texts"):
        Subwords.load(tmp_path / "bad")


def test_lyra_comes_back(datasets: Path, tmp_path: Path) -> None:
    files = [datasets / "lyra" / f"{split}.csv" for split in ("train", "valid", "test")]
    texts = [text for file in files for pair in read_pairs([file]) for text in pair]
    subwords = Subwords.train(texts[:3200], tmp_path / "a.model", 1000)
    assert all(subwords.decode(subwords.encode(text)) == text for text in texts)
    assert all(from_line(to_line(text)) == text for text in texts)
