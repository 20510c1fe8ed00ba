"""``--bpe hf_tokenizer``: the tokenizer of a model from Hugging Face."""

from dataclasses import dataclass, field
from typing import Any, Optional

from fairseq.data.encoders import register_bpe
from fairseq.dataclass import FairseqDataclass
from omegaconf import II

from dece_fairseq.data.model_tokenizer import ModelTokenizer
from dece_fairseq.encoders.post_process import check_post_process, post_process_of
from dece_fairseq.errors import UserError


@dataclass
class HuggingFaceTokenizerConfig(FairseqDataclass):
    hf_tokenizer: Optional[str] = field(
        default=None,
        metadata={
            "help": "folder of the tokenizer, such as the one that dece prepare --tokenizer "
            "put beside the data, or a name on the hub"
        },
    )
    # What the run was started with; see AttackOptions.
    text_post_process: Any = II("common_eval.post_process")


@register_bpe("hf_tokenizer", dataclass=HuggingFaceTokenizerConfig)
class HuggingFaceTokenizer:
    """A model's own pieces of texts in the one-line form of ``dece_fairseq.data.text``.

    Raises:
        PostProcessError: ``--post-process`` spoils the texts
        PackageError: transformers is not installed
        UserError: ``--hf-tokenizer`` is not given, missing, or no tokenizer
    """

    def __init__(self, cfg: HuggingFaceTokenizerConfig) -> None:
        check_post_process("hf_tokenizer", post_process_of(cfg))
        if not cfg.hf_tokenizer:
            raise UserError(
                "--bpe hf_tokenizer needs --hf-tokenizer DIR, the folder 'tokenizer' that "
                "dece prepare --tokenizer put beside the data"
            )
        self.tokenizer = ModelTokenizer.load(cfg.hf_tokenizer, "--hf-tokenizer")

    def encode(self, line: str) -> str:
        """Return the symbols of a text in its one-line form or as typed, joined by blanks."""
        return " ".join(self.tokenizer.encode_line(line))

    def decode(self, tokens: str) -> str:
        """Return the one-line form of symbols joined by blanks."""
        return self.tokenizer.decode_line(tokens.split())
