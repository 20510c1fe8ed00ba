"""Labels as targets: their dictionary, and the data folder of sentence_prediction."""

import subprocess
from pathlib import Path
from typing import Any, Callable, List

import pytest
from fairseq.data import Dictionary, data_utils

from dece_fairseq.data.defects import generate_defects
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.labels import label_of, write_label_dictionary
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings, Trusted, prepare
from dece_fairseq.data.subwords import Subwords

ROOT = Path(__file__).resolve().parents[2]
PAIRS = generate_defects(60, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, quick_prepare: Callable[..., Any]) -> Path:
    """Functions and labels, 40 to train on (half of them trusted) and 20 to validate on."""
    folder = tmp_path_factory.mktemp("labels")
    for split, pairs in (("train", PAIRS[:40]), ("valid", PAIRS[40:])):
        write_pairs([folder / f"{split}.csv"], pairs)
    files = {split: [folder / f"{split}.csv"] for split in ("train", "valid")}
    quick_prepare(
        PrepareSettings(files, vocab_size=330, trusted=Trusted(0.5, 1), labels=True), folder / "bin"
    )
    return folder


def test_functions_with_a_defect_put_the_query_together() -> None:
    defects = [pair.source for pair in PAIRS if pair.target == "1"]
    safe = [pair.source for pair in PAIRS if pair.target == "0"]
    assert len(defects) > 10 < len(safe)
    assert all(' = " + ' in code and "= ?" not in code for code in defects)
    assert not any(' = " + ' in code for code in safe)
    assert generate_defects(60, seed=1) == PAIRS


def test_the_folder_is_what_sentence_prediction_reads(folder: Path) -> None:
    data = folder / "bin"
    texts, labels = (Dictionary.load(str(data / n / "dict.txt")) for n in ("input0", "label"))
    assert [labels[labels.nspecial + n] for n in range(2)] == ["0", "1"]
    assert len(labels) == labels.nspecial + 2
    subwords = Subwords.load(data / "sentencepiece.model")
    ids = [int(line) for line in (data / "trusted.ids").read_text().split()]
    trusted = [PAIRS[index] for index in ids]
    for split, pairs in (("train", PAIRS[:40]), ("valid", PAIRS[40:]), ("trusted", trusted)):
        sides = [
            data_utils.load_indexed_dataset(str(data / name / split), dictionary)
            for name, dictionary in (("input0", texts), ("label", labels))
        ]
        assert len(sides[0]) == len(sides[1]) == len(pairs)
        for source, label, pair in zip(*sides, pairs):
            assert [texts[int(i)] for i in source[:-1]] == subwords.encode(pair.source)
            assert labels.string(label) == pair.target
    assert sorted(path.name for path in data.iterdir()) == [
        "input0",
        "label",
        "prepare.json",
        "sentencepiece.model",
        "trusted.ids",
    ]


def test_classes_are_numbered_in_the_order_of_their_labels(tmp_path: Path) -> None:
    (tmp_path / "train.y").write_text("10\n2\nclone\n2\nbug\n")
    (tmp_path / "test.y").write_text("0\n")
    write_label_dictionary(tmp_path, "y", ["train", "test"], tmp_path / "dict.txt")
    lines = (tmp_path / "dict.txt").read_text().split("\n")
    assert lines == ["0 1", "2 2", "10 1", "bug 1", "clone 1", ""]


def test_classes_keep_the_numbers_of_a_classifier(tmp_path: Path) -> None:
    (tmp_path / "train.y").write_text("sql\nsafe\n")
    known = tmp_path / "known.txt"
    known.write_text("safe 7\nshell 1\nsql 2\n")
    write_label_dictionary(tmp_path, "y", ["train"], tmp_path / "dict.txt", known)
    assert (tmp_path / "dict.txt").read_text() == known.read_text()
    (tmp_path / "train.y").write_text("sql\nxss\nleak\n")
    with pytest.raises(DataError, match=r"known\.txt: has not the labels 'xss', 'leak', which"):
        write_label_dictionary(tmp_path, "y", ["train"], tmp_path / "dict.txt", known)
    with pytest.raises(DataError, match=r"--label-dict .*absent: can't be read"):
        write_label_dictionary(tmp_path, "y", ["train"], tmp_path / "out", tmp_path / "absent")


def test_a_dictionary_of_labels_needs_labels(tmp_path: Path) -> None:
    write_pairs([tmp_path / "train.csv"], PAIRS[:40])
    settings = PrepareSettings({"train": [tmp_path / "train.csv"]}, label_dict=tmp_path / "d")
    with pytest.raises(DataError, match="--label-dict is of labels; give --labels too"):
        prepare(settings, tmp_path / "bin")


@pytest.mark.parametrize("target", ["", " ", "not a label", "a b"])
def test_what_is_no_label(target: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x, pair 3: .* is not a label; with --labels"):
        label_of(Pair("code", target), "x, pair 3")
    assert label_of(Pair("code", " 1\n"), "x") == "1"


def test_a_broken_file_leaves_nothing_behind(tmp_path: Path) -> None:
    write_pairs([tmp_path / "train.csv"], [*PAIRS[:40], Pair("code", "two words")])
    # No vocabulary can be made of so few texts, which is told of files that are right alone.
    settings = PrepareSettings({"train": [tmp_path / "train.csv"]}, vocab_size=9000, labels=True)
    with pytest.raises(DataError, match=r"train\.csv, pair 41: 'two words' is not a label"):
        prepare(settings, tmp_path / "bin")
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]


@pytest.mark.slow
def test_stock_training_and_validation(folder: Path, tmp_path: Path, warm_python: Path) -> None:
    def fairseq(command: str, *words: Any) -> str:
        line: List[Any] = [warm_python, "-m", f"fairseq_cli.{command}", folder / "bin", *words]
        line += ["--user-dir", ROOT / "dece_fairseq", "--task", "sentence_prediction"]
        line += ["--num-classes", 2, "--init-token", 0, "--max-positions", 200]
        line += ["--classification-head-name", "defect", "--batch-size", 16, "--cpu"]
        line += ["--required-batch-size-multiple", 1, "--log-format", "json"]
        done = subprocess.run(list(map(str, line)), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    model = ["--arch", "roberta", "--encoder-layers", 1, "--encoder-embed-dim", 8]
    model += ["--encoder-ffn-embed-dim", 8, "--encoder-attention-heads", 2]
    deceptive = ["--criterion", "deceptive_sentence_prediction", "--dece-alpha", 0.9]
    learning = ["--optimizer", "adam", "--lr", 1e-3, "--max-epoch", 2, "--num-workers", 0]
    log = fairseq("train", *model, *deceptive, *learning, "--save-dir", tmp_path)
    assert '"train_blend": "0.81"' in log
    assert log.count('"valid_accuracy"') == 2
    path = ["--path", tmp_path / "checkpoint_last.pt", "--valid-subset", "valid"]
    log = fairseq("validate", "--criterion", "sentence_prediction", *path)
    assert '"valid_accuracy"' in log
