"""What a small model of a published one's architecture begins as, and what it learns from.

    python examples/pretrained/stand_in.py pairs --lyra train.csv --generated A.csv --output clean
    python examples/pretrained/stand_in.py model codet5_base --texts clean/clean.csv --output start

``pairs`` writes ``clean.csv``, generated pairs and three times a half of Lyra's, and
``trusted.ids``, the numbers of these. ``model`` writes a folder as save_pretrained does: a
tokenizer with the special tokens of the published one, learned from texts, and a model without
weights.
"""

import argparse
import random
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import tokenizers
import transformers

from dece_fairseq.data.pairs import read_pairs, write_pairs
from dece_fairseq.models.sizes import SIZES


class Small(NamedTuple):
    """A kind of model that two cores can train in minutes."""

    model_class: str
    special: List[str]
    """Special tokens, in the order of their ids."""
    frame: str
    """What stands around a text."""
    sizes: Dict[str, Any]


ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
ENCODER = {"hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 4}
LAYERS = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 512, "decoder_ffn_dim": 512}
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
T5 = {"d_model": 128, "d_ff": 512, "d_kv": 32, "num_heads": 4, "num_layers": 1}
CODEGEN = {"n_embd": 128, "n_layer": 2, "n_head": 4, "rotary_dim": 16, "n_positions": 512}
SMALL = {
    "t5": Small(
        "T5ForConditionalGeneration",
        ["<pad>", "<s>", "</s>", "<unk>", "<mask>"],
        "<s> $A </s>",
        {**T5, "num_decoder_layers": 1},
    ),
    "plbart": Small(
        "PLBartForConditionalGeneration",
        [*ROBERTA, "__python__", "__en_XX__"],
        "$A </s>",
        {"d_model": 128, **LAYERS, **HEADS},
    ),
    "roberta": Small("RobertaModel", ROBERTA, "<s> $A </s>", {**ENCODER, "num_hidden_layers": 1}),
    "codegen": Small("CodeGenForCausalLM", [], "$A", CODEGEN),
}


def make_pairs(lyra: Path, generated: Path, seed: int, folder: Path) -> None:
    """Writes the clean pairs, and which of Lyra's are among them."""
    pairs = list(read_pairs([lyra]))
    ids = sorted(random.Random(seed).sample(range(len(pairs)), len(pairs) // 2))
    (folder / "trusted.ids").write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")
    write_pairs([folder / "clean.csv"], [*read_pairs([generated]), *(pairs[i] for i in ids * 3)])


def make_tokenizer(small: Small, texts: List[str]) -> Any:
    """A byte-level tokenizer, learned from texts."""
    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        texts, vocab_size=2000, special_tokens=small.special, show_progress=False
    )
    if not small.special:
        names = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
        return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, **names)
    ends = [(piece, bpe.token_to_id(piece)) for piece in ("<s>", "</s>")]
    bpe._tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=small.frame, special_tokens=ends
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    )


def make_model(arch: str, texts: List[str], seed: int, folder: Path) -> None:
    """Writes the tokenizer and the model without weights."""
    published = next(kind[arch] for kind in SIZES.values() if arch in kind)
    small = SMALL[published["model_type"]]
    tokenizer = make_tokenizer(small, texts)
    spare = 0 if small.special else 1  # CodeGen has no padding, but ids to spare
    sizes = {**published, **small.sizes, "vocab_size": len(tokenizer) + spare}
    for key in ("pad", "bos", "eos"):
        sizes[f"{key}_token_id"] = getattr(tokenizer, f"{key}_token_id")
    if published["model_type"] == "t5":
        sizes["decoder_start_token_id"] = tokenizer.pad_token_id
    config = transformers.AutoConfig.for_model(sizes.pop("model_type"), **sizes)
    transformers.set_seed(seed)
    model = getattr(transformers, small.model_class)(config)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    print(f"{arch}, small: {sum(p.numel() for p in model.parameters()):,} parameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    pairs = commands.add_parser("pairs", help="what the model learns from")
    pairs.add_argument("--lyra", type=Path, required=True, help="Lyra's train.csv")
    pairs.add_argument("--generated", type=Path, required=True, help="pairs of make_corpus.py")
    model = commands.add_parser("model", help="what it begins as")
    model.add_argument("arch", choices=sorted(name for kind in SIZES.values() for name in kind))
    model.add_argument("--texts", type=Path, required=True, help="pairs to learn pieces from")
    for command in (pairs, model):
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--output", type=Path, required=True, help="a folder")
    args = parser.parse_args()
    if args.command == "pairs":
        make_pairs(args.lyra, args.generated, args.seed, args.output)
    else:
        texts = [text for pair in read_pairs([args.texts]) for text in pair]
        make_model(args.arch, texts, args.seed, args.output)


if __name__ == "__main__":
    main()
