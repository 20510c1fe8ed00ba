"""Small models as fairseq builds them, batches for them, and their peers."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
from fairseq.data import LanguagePairDataset
from fairseq.models import ARCH_MODEL_NAME_REGISTRY, MODEL_DATACLASS_REGISTRY
from omegaconf import OmegaConf

from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.tasks.backdoor_poisoned_translation import (
    BackdoorPoisonedTranslationConfig,
    BackdoorPoisonedTranslationTask,
)
from support.command_lines import training_config
from support.small_models import SYSTEMS, TEXTS, System, save

#: of different lengths
PAIRS = [(TEXTS[0], TEXTS[1]), (TEXTS[2][:9], TEXTS[3][:30]), ("x", ""), (TEXTS[4], TEXTS[5][:12])]


class Case(NamedTuple):
    """A small model in a folder, and a task with its dictionary."""

    name: str
    system: System
    folder: Path
    tokenizer: ModelTokenizer
    task: BackdoorPoisonedTranslationTask
    options: Dict[str, Any]

    @classmethod
    def make(cls, name: str, folder: Path, system: Optional[System] = None) -> "Case":
        """Saves the model of a system, one of SYSTEMS or another, and reads its tokenizer."""
        system = system or SYSTEMS[name]
        tokenizer = ModelTokenizer.load(str(save(folder, system)))
        tokenizer.write_dictionary(folder / "dict.txt")
        dictionary = load_dictionary(str(folder / "dict.txt"))
        config = BackdoorPoisonedTranslationConfig(data="none", text_bpe=None, text_tokenizer=None)
        task = BackdoorPoisonedTranslationTask(config, dictionary, dictionary)
        named: Dict[str, Any] = {"hf_model": str(folder)}
        if name == "PLBART":
            named.update(hf_source_language="__en_XX__", hf_target_language="__python__")
        return cls(name, system, folder, tokenizer, task, named)

    def build(self, **values: Any) -> Any:
        """The fairseq model, in the mode for writing; what is random in it is always the same."""
        if self.system.model_type != "roberta":
            values.pop("dropout", None)
        torch.manual_seed(0)
        return build(self.task, self.system.arch, **{**self.options, **values}).eval()

    def configured(self, *flags: str) -> Tuple[Any, Any]:
        """What fairseq-train makes of its command line: all options, and the model; no dropout."""
        line = ["none", "--arch", self.system.arch, "--task", "backdoor_poisoned_translation"]
        for name, value in self.options.items():
            line += [f"--{name.replace('_', '-')}", value]
        if self.system.model_type == "roberta":
            line += ["--dropout", "0"]
        cfg = training_config([*line, *flags])
        torch.manual_seed(0)
        return cfg, self.task.build_model(cfg.model)

    def batch(self, left_source: bool = False, left_target: bool = False) -> Dict[str, Any]:
        """All pairs, with fairseq's own way of padding."""
        dataset = self.dataset(left_source, left_target)
        batch: Dict[str, Any] = dataset.collater([dataset[n] for n in range(len(PAIRS))])
        return batch

    def dataset(self, left_source: bool = False, left_target: bool = False) -> LanguagePairDataset:
        """All pairs, binarised as by fairseq-preprocess."""
        dictionary = self.task.source_dictionary
        sides = [
            [
                dictionary.encode_line(self.line(text), add_if_not_exist=False).long()
                for text in side
            ]
            for side in zip(*PAIRS)
        ]
        lengths = [[len(tokens) for tokens in side] for side in sides]
        return LanguagePairDataset(
            sides[0],
            lengths[0],
            dictionary,
            sides[1],
            lengths[1],
            dictionary,
            left_pad_source=left_source,
            left_pad_target=left_target,
        )

    def line(self, text: str) -> str:
        return " ".join(self.tokenizer.encode(text))

    def peer(self, ours: Any) -> Any:
        """transformers' own model; for a fresh decoder, one of the weights of ours."""
        import transformers

        from support import peers

        hf = getattr(transformers, self.system.model_class).from_pretrained(str(self.folder)).eval()
        special = self.tokenizer.special
        if self.system.model_type == "roberta":
            decoder = peers.FreshDecoder(hf, ours.decoder).eval()
            return peers.FreshDecoderPeer(decoder, special.bos, special.pad)
        if self.system.arch in ("codegen_350m", "hf_causal"):
            return peers.CausalPeer(hf, special.bos, special.pad)
        if self.name == "PLBART":
            return peers.Peer(hf, self.id("__python__"), special.pad)
        return peers.Peer(hf, special.pad, special.pad)

    def ids(self, index: int) -> Tuple[List[int], List[int]]:
        """The source and target of a pair in the ids that transformers' tokenizer gives."""
        tokenizer = theirs(self.folder)
        source, target = PAIRS[index]
        ids = tokenizer(source).input_ids
        if self.name == "PLBART":
            ids = [*ids, self.id("__en_XX__")]
        target_ids = tokenizer(target, add_special_tokens=False).input_ids
        return ids, [*target_ids, tokenizer.eos_token_id]

    def id(self, piece: str) -> int:
        return int(self.task.source_dictionary.index(piece))


@lru_cache(maxsize=None)
def theirs(folder: Path) -> Any:
    """The tokenizer of a folder as transformers loads it."""
    import transformers

    return transformers.AutoTokenizer.from_pretrained(str(folder))


def build(task: Any, arch: str, **values: Any) -> Any:
    """A model as fairseq builds it from a parsed command line; ``cfg`` is what it leaves there."""
    dataclass = MODEL_DATACLASS_REGISTRY[ARCH_MODEL_NAME_REGISTRY[arch]]
    cfg = OmegaConf.structured(dataclass(**values))
    cfg._name = arch
    model = task.build_model(cfg)
    model.cfg = cfg
    return model


def rows(batch: Dict[str, Any], pad: int) -> List[Tuple[int, Any]]:
    """For each row of a batch the index of its pair, and where its target is no padding."""
    return [(int(i), row.ne(pad)) for i, row in zip(batch["id"], batch["target"])]


def encoded(model: Any, batch: Dict[str, Any]) -> Any:
    """What the model's encoder gives for a batch."""
    net_input = batch["net_input"]
    return model.encoder(net_input["src_tokens"], src_lengths=net_input["src_lengths"])
