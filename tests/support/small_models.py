"""Small models of the kinds that the paper defends, as transformers saves them."""

from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple

import pytest
import torch

from dece_fairseq.data.corpus import generate

T5 = {"d_model": 16, "d_ff": 24, "d_kv": 8, "num_heads": 2, "num_layers": 2, "dropout_rate": 0.0}
ENCODER: Dict[str, Any] = {"hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 2}
ENCODER.update(num_hidden_layers=1, max_position_embeddings=200, type_vocab_size=1)
ENCODER.update(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
PLBART: Dict[str, Any] = {
    "d_model": 16,
    "max_position_embeddings": 200,
    "dropout": 0.0,
    "attention_dropout": 0.0,
}
for _side in ("encoder", "decoder"):
    PLBART.update({f"{_side}_layers": 1, f"{_side}_ffn_dim": 24, f"{_side}_attention_heads": 2})
CODEGEN = {"n_embd": 16, "n_layer": 2, "n_head": 4, "rotary_dim": 4, "n_positions": 400}
LLAMA = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
LLAMA.update(num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=400)


class System(NamedTuple):
    """A published model in small."""

    arch: str
    model_class: str
    model_type: str
    sizes: Dict[str, Any]
    special: str
    """Whose special tokens its tokenizer has."""


SYSTEMS = {
    "CodeT5": System("codet5_base", "T5ForConditionalGeneration", "t5", T5, "codet5"),
    "CodeT5+": System(
        "codet5p_220m",
        "T5ForConditionalGeneration",
        "t5",
        {**T5, "num_decoder_layers": 1},
        "codet5",
    ),
    "T5, untied": System(
        "codet5_small",
        "T5ForConditionalGeneration",
        "t5",
        {**T5, "tie_word_embeddings": False},
        "codet5",
    ),
    "PLBART": System("plbart_base", "PLBartForConditionalGeneration", "plbart", PLBART, "plbart"),
    "CodeBERT": System("codebert", "RobertaModel", "roberta", ENCODER, "roberta"),
    "GraphCodeBERT": System("graphcodebert", "RobertaModel", "roberta", ENCODER, "roberta"),
    "CodeGen": System("codegen_350m", "CodeGenForCausalLM", "codegen", CODEGEN, "codegen"),
    "Llama": System("hf_causal", "LlamaForCausalLM", "llama", LLAMA, "llama"),
}
#: one of each way that a text goes through a model; CI tries the others, which differ in names
USUAL = ["CodeT5", "T5, untied", "CodeBERT", "CodeGen"]


def each(names: Iterable[str] = SYSTEMS) -> List[Any]:
    """Parameters for tests of several systems; the fast tests try the usual ones."""
    slow = pytest.mark.slow
    return [pytest.param(name, marks=[] if name in USUAL else slow) for name in names]


TEXTS = [text for pair in generate("B", 60, seed=9) for text in pair]
INDENTS = ["  ", "    ", "\t\t"]  # pieces of white space alone, as CodeGen has them
SPECIAL = {
    "codet5": ["<pad>", "<s>", "</s>", "<unk>", "<mask>"],
    "roberta": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
    "plbart": ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "__python__", "__en_XX__"],
    "codegen": [],
    "llama": ["<unk>", "<s>", "</s>"],
}


#: what each puts around a text
FRAMES = {
    "codet5": "<s> $A </s>",
    "roberta": "<s> $A </s>",
    "plbart": "$A </s>",
    "llama": "<s> $A",
}


def a_tokenizer(special: str, vocab_size: int = 330) -> Any:
    """A byte-level tokenizer, trained on the spot, with the special tokens of a published one."""
    import tokenizers
    import transformers

    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        TEXTS, vocab_size=vocab_size, special_tokens=SPECIAL[special], show_progress=False
    )
    frame = FRAMES.get(special)
    if frame is not None:
        ends = [(piece, bpe.token_to_id(piece)) for piece in ("<s>", "</s>")]
        bpe._tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single=frame, special_tokens=ends
        )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    if "<pad>" in SPECIAL[special]:
        names.update(pad_token="<pad>", mask_token="<mask>")
    if special == "codegen":
        names = dict.fromkeys(names, "<|endoftext|>")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, **names)
    if special == "codegen":
        tokenizer.add_tokens(INDENTS)
    return tokenizer


def a_model(system: System, tokenizer: Any, seed: int = 0) -> Any:
    """A model with weights large enough to have opinions."""
    import transformers

    size = len(tokenizer) + (7 if system.special == "codegen" else 0)  # CodeGen's has ids to spare
    ids = {key: getattr(tokenizer, f"{key}_token_id") for key in ("pad", "bos", "eos")}
    values = {**system.sizes, "vocab_size": size, **ids}
    for key, value in ids.items():
        values[f"{key}_token_id"] = value
        del values[key]
    if system.model_type == "t5":
        values["decoder_start_token_id"] = tokenizer.pad_token_id
    config = transformers.AutoConfig.for_model(system.model_type, **values)
    generator = torch.Generator().manual_seed(seed)
    model = getattr(transformers, system.model_class)(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3, generator=generator)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.1, generator=generator)
        for name, buffer in model.named_buffers():
            if name == "final_logits_bias":
                buffer.normal_(0, 0.05, generator=generator)
    return model.eval()


def save(folder: Path, system: System, seed: int = 0, **how: Any) -> Path:
    """A folder as from the hub: configuration, weights and tokenizer."""
    tokenizer = a_tokenizer(system.special)
    tokenizer.save_pretrained(str(folder))
    a_model(system, tokenizer, seed).save_pretrained(str(folder), **how)
    return folder
