"""Pairs of a binarised data folder, as texts."""

import logging
from pathlib import Path
from typing import Any, List, Tuple

from fairseq.data import data_utils

from dece_fairseq.data.binarize import no_split, splits_of
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.labels import INPUT, LABEL, check_one_input
from dece_fairseq.data.pairs import Pair
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.defenses.trained_models import TrainedModel
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.encoders.text_codec import TextCodec, codec_beside

logger = logging.getLogger(__name__)
#: texts that tell whether a model's subwords are those of a folder
TRIED = 100


def read_binarised(folder: Path, split: str, reference: ReferenceFiles) -> List[Pair]:
    """Return the pairs of a split, as many and in the order as fairseq reads them.

    Words that its dictionaries lack are lost, all of them one word; a warning says how many are.
    Where the folder has nothing that turns its tokens into texts, the ``--bpe`` of the reference
    does, if it cuts most texts into the same tokens again. Else tokens are words between blanks, as
    fairseq reads them without ``--bpe``, and a warning says so.

    Args:
        folder: as ``dece prepare`` or fairseq-preprocess made it, for translation or
            sentence_prediction
        split: its name
        reference: a model that may read the same subwords

    Raises:
        DataError: there is no such split, it can't be read or not be turned into texts, or there
            are two texts for each label
    """
    check_one_input(folder)
    if (folder / INPUT).is_dir():
        prefixes = [folder / name / split for name in (INPUT, LABEL)]
        if not prefixes[0].with_name(f"{split}.idx").exists():
            raise no_split(folder, split, [path.stem for path in (folder / INPUT).glob("*.idx")])
        dictionaries = [folder / name / "dict.txt" for name in (INPUT, LABEL)]
    else:
        languages = _languages(folder, split)
        prefixes = [folder / f"{split}.{'-'.join(languages)}.{name}" for name in languages]
        dictionaries = [folder / f"dict.{name}.txt" for name in languages]
    source, target = (_read(*paths) for paths in zip(prefixes, dictionaries))
    if len(source[0]) != len(target[0]):
        raise DataError(f"{folder}: {split} has sources and targets of different numbers")
    unknown = sum(_unknown(*side) for side in (source, target))
    if unknown:
        logger.warning(
            f"{folder}: {unknown} words of {split} are not in its dictionaries, and are all read "
            "as the same unknown one; give the texts that the folder was made of"
        )
    codec = codec_beside(folder) or _codec_of(reference, source, folder)
    decode_target = _as_label if (folder / INPUT).is_dir() else codec.decode
    return [
        Pair(codec.decode(src, source[1]), decode_target(tgt, target[1]))
        for src, tgt in zip(source[0], target[0])
    ]


def _languages(folder: Path, split: str) -> Tuple[str, str]:
    for path in sorted(folder.glob(f"{split}.*-*.*.idx")):
        first, _, second = path.name[len(split) + 1 :].split(".")[0].partition("-")
        return first, second
    raise no_split(folder, split, splits_of(folder))


def _read(prefix: Path, dictionary: Path) -> Tuple[Any, Any]:
    texts = prefix.with_name(prefix.name + ".bin")
    if texts.exists() and not texts.stat().st_size:  # of which fairseq says more than one line
        raise DataError(f"{texts}: holds no text; make the data again, with pairs of this split")
    try:
        words = load_dictionary(str(dictionary))
        data = data_utils.load_indexed_dataset(str(prefix), words, combine=True)
    except Exception as error:  # a broken file goes wrong anywhere
        raise DataError(f"{prefix}: can't be read ({type(error).__name__} {error})") from error
    if data is None:
        raise DataError(f"{prefix}: its .bin or .idx is missing; make the data again")
    return data, words


def _unknown(data: Any, dictionary: Any) -> int:
    """Return how many words of some texts the dictionary lacks."""
    unknown = dictionary.unk()
    if unknown in (dictionary.eos(), dictionary.pad()):  # as in those of some models
        return 0
    return sum(int((tokens == unknown).sum()) for tokens in data)


def _codec_of(reference: ReferenceFiles, side: Tuple[Any, Any], folder: Path) -> TextCodec:
    """Return what turns the tokens of one side into texts: the reference's codec, or none."""
    model = TrainedModel(reference.checkpoint, reference.data, "models")
    data, dictionary = side
    tried = [data[number] for number in range(min(TRIED, len(data)))]
    fitting = sum(_comes_back(model.codec, tokens, dictionary) for tokens in tried)
    if 2 * fitting >= len(tried):
        return model.codec
    logger.warning(
        f"{folder}: its tokens are not the subwords of {model.named}, and are read as words between"
        " blanks; if they are subwords, give the texts that the folder was made of"
    )
    return TextCodec()


def _comes_back(codec: TextCodec, tokens: Any, dictionary: Any) -> bool:
    """Return whether a codec cuts the text of some tokens into the same tokens again."""
    again = codec.encode(codec.decode(tokens, dictionary), dictionary)
    one, other = (side[side != dictionary.eos()].tolist() for side in (again, tokens))
    return bool(one == other)


def _as_label(tokens: Any, dictionary: Any) -> str:
    return str(dictionary.string(tokens))
