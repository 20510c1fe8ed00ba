"""dece save-pretrained: the folder appears whole or not at all."""

import sys
from pathlib import Path
from typing import Any, Callable, List

import pytest

from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import PrepareSettings
from support.untrained import save_untrained

pytest.importorskip("transformers", reason="the extra [hf] is not installed")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory, quick_prepare: Callable[..., Any]) -> List[Any]:
    """A checkpoint of a small CodeT5, and its data folder, for the command line."""
    from support.small_models import SYSTEMS, save

    work = tmp_path_factory.mktemp("saving")
    folder, data = save(work / "model", SYSTEMS["CodeT5"]), work / "bin"
    write_pairs([work / "train.csv"], [Pair("a b", "c d")])
    quick_prepare(PrepareSettings({"train": [work / "train.csv"]}, tokenizer=str(folder)), data)
    line = [data, "--task", "backdoor_poisoned_translation", "-s", "src", "-t", "tgt"]
    line += ["--arch", SYSTEMS["CodeT5"].arch, "--hf-model", folder]
    return [save_untrained(work / "model.pt", line, 1), "--model-data", data]


@pytest.mark.slow
def test_a_package_of_one_s_own_is_imported(
    words: List[Any], dece: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its models may be what was trained."""
    package = tmp_path / "models_of_ones_own"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    output = tmp_path / "new"
    status, out, err = dece("save-pretrained", *words, "--output", output, "--user-dir", package)
    assert status == 0, err
    assert out == f"{output}: for transformers, with <s> SOURCE </s> and then <pad> TARGET </s>\n"
    assert package.name in sys.modules
    assert (output / "config.json").is_file()
    said = dece("save-pretrained", *words, "--output", tmp_path / "b", "--user-dir", "nowhere")
    assert said.status == 2
    assert "--user-dir nowhere: no such file" in said.err


def test_what_can_t_be_saved_leaves_nothing_behind(
    words: List[Any], dece: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: ModelTokenizer, folder: Path) -> None:
        raise OSError(28, "No space left on device", str(folder))

    monkeypatch.setattr(ModelTokenizer, "save_files", full)
    assert dece("save-pretrained", *words, "--output", tmp_path / "new").status == 2
    assert not list(tmp_path.iterdir())
