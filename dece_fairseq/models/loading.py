"""A model of transformers, from a folder, the hub, or nothing but its sizes."""

import json
import logging
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from fairseq.data import Dictionary

from dece_fairseq.data.json_text import parse_json
from dece_fairseq.data.model_tokenizer import first_line, load_transformers
from dece_fairseq.encoders.special_dictionary import SpecialDictionary
from dece_fairseq.errors import UserError
from dece_fairseq.models.options import HuggingFaceModelConfig

logger = logging.getLogger(__name__)

#: what save_pretrained writes weights to; the last two name files with a part of them each
WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
)


#: says that ``hf_config`` is the whole configuration of a model that a checkpoint has weights of
WHOLE = "is_whole"

#: what reading broken weights raises
BROKEN = (OSError, ValueError, RuntimeError, KeyError, EOFError, ImportError, UnpicklingError)


class ModelError(UserError):
    """A model that can't be had, or does not fit; the message says what to do."""


class Kind(NamedTuple):
    """What a fairseq architecture takes of the models that transformers has."""

    auto_class: str
    """The class of transformers that loads it."""
    types: Tuple[str, ...]
    """The ``model_type`` of configurations that it takes; () for any."""
    takes: str
    """For people."""
    options: Mapping[str, Any] = MappingProxyType({})
    """What the class is told beside."""


def load(cfg: HuggingFaceModelConfig, kind: Kind, sizes: Dict[str, Any], vocab: Dictionary) -> Any:
    """Return the model that the options name, in float32.

    Args:
        cfg: the options; ``hf_config`` of a checkpoint holds the whole configuration
        kind: what the architecture takes
        sizes: the architecture's configuration, for a model without weights
        vocab: the dictionary that the data was made with

    Raises:
        PackageError: transformers is not installed
        ModelError: the model can't be had, is of another kind, or does not fit the dictionary
    """
    transformers = load_transformers("a model from Hugging Face")
    given = _json(cfg.hf_config)
    from_checkpoint = given.pop(WHOLE, False)
    if from_checkpoint:
        config = _config_of(transformers, given)
    elif cfg.hf_model is not None:
        config = _read_config(transformers, cfg.hf_model)
        _update(config, given)
    elif cfg.hf_random_init and sizes:
        config = _config_of(transformers, {**sizes, **_special(vocab)})
        _update(config, given)
    else:
        raise ModelError(
            "--hf-model is needed: a folder that save_pretrained wrote, or a name on the hub"
            + (", or --hf-random-init for a model without weights" if sizes else "")
        )
    _check_kind(config, kind, cfg.hf_model)
    _check_vocabulary(config, vocab, cfg.hf_model)
    if from_checkpoint or cfg.hf_random_init:
        auto_class = getattr(transformers, kind.auto_class)
        model = auto_class.from_config(config, trust_remote_code=False, **kind.options)
    else:
        assert cfg.hf_model is not None
        model = _read_weights(transformers, kind, cfg.hf_model, config)
    logger.info(
        "%s of %s parameters%s",
        type(model).__name__,
        f"{sum(p.numel() for p in model.parameters()):,}",
        "" if from_checkpoint or cfg.hf_random_init else f", from {cfg.hf_model}",
    )
    return model.float()


def whole_config(model: Any) -> str:
    """Return the configuration of a model of transformers, as JSON for ``hf_config``."""
    return json.dumps({WHOLE: True, **model.config.to_dict()}, sort_keys=True, default=str)


def symbol_id(vocab: Dictionary, symbol: Optional[str], option: str) -> Optional[int]:
    """Return the id of a symbol that an option names; None for None.

    Raises:
        ModelError: the dictionary has no such symbol
    """
    if symbol is None:
        return None
    if symbol not in vocab:
        raise ModelError(f"{option} {symbol}: the dictionary has no such symbol; see dict.txt")
    return int(vocab.index(symbol))


def _json(text: Optional[str]) -> Dict[str, Any]:
    try:
        values = parse_json(text or "{}")
        if not isinstance(values, dict):
            raise ValueError("no object")
    except ValueError as error:
        raise ModelError(f"--hf-config {text}: not a JSON object ({error})") from error
    return values


def _config_of(transformers: Any, values: Dict[str, Any]) -> Any:
    values = dict(values)
    return transformers.AutoConfig.for_model(values.pop("model_type"), **values)


def _read_config(transformers: Any, name: str) -> Any:
    folder = Path(name)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ModelError(
            f"--hf-model {name}: there is no config.json; give a folder that save_pretrained wrote"
        )
    try:
        # Code that comes with a model is never run.
        return transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        if "trust_remote_code" in str(error) or "does not recognize" in str(error):
            raise ModelError(
                f"--hf-model {name}: a model whose code is not part of transformers; code that "
                "comes with a model is never run, so take another one"
            ) from error
        raise ModelError(
            f"--hf-model {name}: neither a folder here that save_pretrained wrote, nor can "
            f"transformers get it from the hub ({first_line(error)})"
        ) from error


def _update(config: Any, values: Dict[str, Any]) -> None:
    for key, value in values.items():
        if not hasattr(config, key) or key == "model_type":
            raise ModelError(
                f"--hf-config: {key} can't be changed in the configuration of a "
                f"{config.model_type}; see its config.json"
            )
        setattr(config, key, value)


def _special(vocab: Dictionary) -> Dict[str, int]:
    """Return the part of a configuration that the dictionary decides."""
    return {
        "vocab_size": len(vocab),
        "pad_token_id": vocab.pad(),
        "bos_token_id": vocab.bos(),
        "eos_token_id": vocab.eos(),
    }


def _check_kind(config: Any, kind: Kind, name: Optional[str]) -> None:
    if kind.types and config.model_type not in kind.types:
        raise ModelError(
            f"--hf-model {name}: a {config.model_type}, but this architecture takes {kind.takes}; "
            "choose the --arch that goes with the model, see docs/pretrained.md"
        )


def _check_vocabulary(config: Any, vocab: Dictionary, name: Optional[str]) -> None:
    advice = "make the data with dece prepare --tokenizer and the folder of this model"
    if len(vocab) != config.vocab_size:
        raise ModelError(
            f"the dictionary has {len(vocab)} symbols, the model {config.vocab_size} embeddings: "
            f"{advice}"
        )
    if name is not None and not isinstance(vocab, SpecialDictionary):
        raise ModelError(f"the dictionary is not one of a model's own tokenizer: {advice}")
    for key in ("pad", "eos"):
        known = getattr(config, f"{key}_token_id", None)
        if isinstance(known, int) and known != getattr(vocab, key)():
            raise ModelError(
                f"the dictionary's {key} is {getattr(vocab, key)()}, the model's {known}: {advice}"
            )


def _read_weights(transformers: Any, kind: Kind, name: str, config: Any) -> Any:
    if Path(name).is_dir() and not any((Path(name) / file).is_file() for file in WEIGHTS):
        raise ModelError(
            f"--hf-model {name}: there are no weights ({', '.join(WEIGHTS[:2])}); get the whole "
            "folder, or start without weights by --hf-random-init"
        )
    import safetensors  # which transformers brings

    verbosity = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # what is missing is told below
    try:
        model, found = getattr(transformers, kind.auto_class).from_pretrained(
            name,
            config=config,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
            **kind.options,
        )
    except (*BROKEN, safetensors.SafetensorError) as error:
        raise ModelError(
            f"--hf-model {name}: its weights can't be loaded ({first_line(error)}); get the whole "
            "folder again"
        ) from error
    finally:
        transformers.logging.set_verbosity(verbosity)
    _check_weights(name, sorted(found["missing_keys"]))
    return model


def _check_weights(name: str, missing: List[str]) -> None:
    if missing:
        raise ModelError(
            f"--hf-model {name}: it has no weights for {missing[0]}"
            + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
            + "; it was saved from another kind of model"
        )
