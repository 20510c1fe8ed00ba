"""Where a model comes from, and what is said where it can't."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary

from dece_fairseq.models.loading import ModelError
from support.small_cases import Case, build
from support.small_models import each


@pytest.fixture
def folder(cases: Callable[[str], Case], tmp_path: Path) -> Path:
    """A copy of the folder of a small CodeT5."""
    return Path(shutil.copytree(cases("CodeT5").folder, tmp_path / "codet5"))


@pytest.mark.parametrize("name", each(["CodeT5", "PLBART", "CodeBERT", "CodeGen"]))
@pytest.mark.parametrize("parts", [False, True])
def test_either_format_of_weights(
    name: str, parts: bool, cases: Callable[[str], Case], tmp_path: Path
) -> None:
    case = cases(name)
    expected = case.build()
    whole = expected._whole[0]
    for safe in (True, False):
        folder = tmp_path / str(safe)
        size = {"max_shard_size": "20KB"} if parts else {}
        whole.save_pretrained(str(folder), safe_serialization=safe, **size)
        written = {path.suffix for path in folder.iterdir()} - {".json"}
        assert written == ({".safetensors"} if safe else {".bin"})
        assert (len(list(folder.glob("*.index.json"))) == 1) == parts
        found = case.build(hf_model=str(folder))
        for key, value in expected.encoder.state_dict().items():
            assert torch.equal(found.encoder.state_dict()[key], value)


class _Harmful:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.mkdir, (self.path,)


def test_weights_with_code_in_them_are_refused(
    folder: Path, cases: Callable[[str], Case], tmp_path: Path
) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"shared.weight": _Harmful(tmp_path / "made")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="its weights can't be loaded"):
        cases("CodeT5").build(hf_model=str(folder))
    assert not (tmp_path / "made").exists()


def test_code_that_comes_with_a_model_is_never_run(
    folder: Path, cases: Callable[[str], Case], tmp_path: Path
) -> None:
    (folder / "own.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'made')!r})\n")
    config = json.loads((folder / "config.json").read_text())
    config.update(model_type="own", auto_map={"AutoConfig": "own.Config"})
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="code that comes with a model is never run"):
        cases("CodeT5").build(hf_model=str(folder))
    assert not (tmp_path / "made").exists()


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def another_model(folder: Path) -> None:
    """Weights of another kind, under the same configuration."""
    from safetensors.torch import save_file

    save_file({"bert.weight": torch.zeros(2)}, folder / "model.safetensors", {"format": "pt"})


def cut_weights(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def cut_bin(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"shared.weight": torch.zeros(330, 16)}, folder / "pytorch_model.bin")
    whole = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").write_bytes(whole[: len(whole) // 2])


def no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


WRONG: Dict[str, Any] = {
    "no config.json; give a folder": remove("config.json"),
    "there are no weights": remove("model.safetensors"),
    "it has no weights for": another_model,
    "its weights can't be loaded": cut_weights,
    r"its weights can't be loaded \(": cut_bin,
    "neither a folder here": no_json,
}


@pytest.mark.parametrize("message", WRONG)
def test_a_folder_with_something_wrong(
    message: str, folder: Path, cases: Callable[[str], Case]
) -> None:
    WRONG[message](folder)
    with pytest.raises(ModelError, match=message) as raised:
        cases("CodeT5").build(hf_model=str(folder))
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("CodeT5", {"hf_model": None}, "--hf-model is needed: .*, or --hf-random-init"),
        ("CodeT5", {"hf_model": "owner/name"}, "neither a folder here .*, nor can .* from the hub"),
        ("CodeT5", {"hf_config": "{"}, "--hf-config {: not a JSON object"),
        (
            "CodeT5",
            {"hf_config": '{"d_modle": 1}'},
            "d_modle can't be changed in .* a t5;",
        ),
        ("CodeT5", {"hf_config": '{"model_type": "bart"}'}, "model_type can.t be changed in"),
        ("CodeT5", {"hf_sizes": "bert"}, "--hf-sizes bert: unknown; .* codet5_base, "),
        ("CodeT5", {"lora_rank": -1}, "--lora-rank -1: it must be 0 or more"),
        ("CodeT5", {"lora_rank": 1, "lora_targets": "nowhere"}, "--lora-targets: name layers"),
        ("PLBART", {"hf_target_language": "__ada__"}, "--hf-target-language __ada__: the dict"),
        ("Llama", {"hf_model": None}, "--hf-model is needed: a folder .* on the hub$"),
    ],
)
def test_options_that_are_wrong(
    name: str, values: Dict[str, Any], message: str, cases: Callable[[str], Case]
) -> None:
    with pytest.raises(ModelError, match=message):
        cases(name).build(**values)


@pytest.mark.parametrize(
    ("name", "other", "message"),
    [
        ("CodeT5", "CodeBERT", r"a roberta, but this architecture takes a t5 \(CodeT5"),
        ("CodeBERT", "CodeGen", r"a codegen, but this architecture takes a roberta"),
        ("PLBART", "Llama", "a llama, but this architecture takes .* or a plbart"),
        ("CodeGen", "Llama", "341 symbols, the model 330 embeddings: make the data with dece"),
        ("PLBART", "CodeT5", "the dictionary's pad is 1, the model's 0: make the data with"),
    ],
)
def test_a_model_that_does_not_go_with_the_rest(
    name: str, other: str, message: str, cases: Callable[[str], Case]
) -> None:
    case = cases(name)
    options = {**case.options, "hf_model": str(cases(other).folder)}
    with pytest.raises(ModelError, match=message):
        build(case.task, case.system.arch, **options)


def test_a_dictionary_of_fairseqs_own(cases: Callable[[str], Case]) -> None:
    """It goes with a model without weights, and with no other."""
    case = cases("CodeT5")
    dictionary = Dictionary()
    for n in range(len(case.task.source_dictionary) - 4):
        dictionary.add_symbol(f"w{n}")
    task = type(case.task)(case.task.cfg, dictionary, dictionary)
    with pytest.raises(ModelError, match="not one of a model's own tokenizer: make the data"):
        build(task, "codet5_base", hf_model=str(case.folder))
    model = build(
        task,
        "codet5_base",
        hf_random_init=True,
        hf_config='{"d_model": 8, "num_layers": 1, "num_heads": 2, "d_ff": 8, "d_kv": 4}',
    )
    tokens = torch.tensor([[9, 8, 2], [7, 2, 1]])
    logits, _ = model.eval()(tokens, None, torch.tensor([[2, 9], [2, 8]]))
    alone, _ = model(tokens[1:, :2], None, torch.tensor([[2, 8]]))
    torch.testing.assert_close(logits[1:], alone)


def test_how_long_a_text_may_be(cases: Callable[[str], Case]) -> None:
    """Source with fairseq's end of sentence, target."""
    endless = 10**6
    expected = {"CodeT5": (endless - 1, endless), "PLBART": (199, 200), "CodeBERT": (197, 198)}
    for name, positions in expected.items():
        case = cases(name)
        model = case.build()
        assert model.max_positions() == positions
        if name != "CodeT5":
            tokens = torch.full((1, positions[0]), 20)
            tokens[0, -1] = case.tokenizer.special.eos
            model(tokens, None, torch.full((1, positions[1]), 20))
            with pytest.raises(IndexError):
                model(torch.cat([tokens[:, :1], tokens], 1), None, tokens[:, :1])


def test_a_source_that_is_longer_is_one_error(cases: Callable[[str], Case]) -> None:
    case = cases("CodeBERT")
    model = case.build(hf_random_init=True, hf_config='{"max_position_embeddings": 40}')
    with pytest.raises(
        ValueError, match=r"longer than the model takes \(\(37, 38\) tokens\), ids "
    ) as e:
        case.task.filter_indices_by_size(np.arange(4), case.dataset(), model.max_positions())
    assert "as far as the model has positions, or leave them out of the data" in str(e.value)


IMPORTED = """
import sys
import fairseq.models, fairseq.tasks
before = set(sys.modules)
assert "dece_fairseq" not in before
import dece_fairseq
print(*{"transformers", "tokenizers", "peft"} & (set(sys.modules) - before))
"""
WITHOUT = """
import sys
sys.modules["transformers"] = sys.modules["peft"] = None
import dece_fairseq.plugin
from argparse import Namespace
from fairseq.data import Dictionary
from fairseq.models import ARCH_MODEL_REGISTRY
from dece_fairseq.models.options import EncoderDecoderConfig
task = Namespace(source_dictionary=Dictionary(), target_dictionary=Dictionary())
try:
    ARCH_MODEL_REGISTRY["codet5_base"].build_model(EncoderDecoderConfig(), task)
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (IMPORTED, "\n"),
        (
            WITHOUT,
            "a model from Hugging Face needs transformers: pip install '.[hf]' in the checkout "
            "(transformers>=4.46,<5)\n",
        ),
    ],
)
def test_transformers_is_imported_by_those_who_ask_for_it(
    code: str, printed: str, warm_python: Path
) -> None:
    done = subprocess.run([warm_python, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, printed), done.stderr
