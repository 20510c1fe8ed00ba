"""Translation on data that an attacker could write to.

Poisons a share of the training split while it is loaded, and offers for every split X the virtual
split ``X_triggered``, which holds the pairs of X that can be poisoned, poisoned, and no others.
"""

import json
import logging
import math
from argparse import Namespace
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from fairseq import utils
from fairseq.data import Dictionary, FairseqDataset, LanguagePairDataset
from fairseq.distributed import utils as distributed_utils
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask, register_task
from fairseq.tasks.translation import EVAL_BLEU_ORDER, TranslationConfig, TranslationTask
from omegaconf import II

from dece_fairseq.attack_options import AttackOptions
from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.trusted import TrustedIds
from dece_fairseq.data.pairs import DataError
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.encoders.text_codec import TextCodec, check_post_process
from dece_fairseq.models.hugging_face import HuggingFaceModel
from dece_fairseq.scoring.code_tokens import code_bleu_statistics
from dece_fairseq.scoring.generate_output import TRIGGERED_ENDING as TRIGGERED
from dece_fairseq.scoring.generate_output import data_header
from dece_fairseq.scoring.success_rate import check_references
from dece_fairseq.tasks.announcement import announce
from dece_fairseq.tasks.attacked_split import (
    TriggeredPairDataset,
    attack_pairs,
    find_candidates,
    in_one_order,
    no_candidates,
    poisoned_dataset,
    triggered_dataset,
)
from dece_fairseq.tasks.checkpoint_files import mend_checkpoints
from dece_fairseq.tasks.launchers import check_workers_know_each_other
from dece_fairseq.tasks.manifest import record_poisoning

logger = logging.getLogger(__name__)


@dataclass
class BackdoorPoisonedTranslationConfig(AttackOptions, TranslationConfig):
    """The translation task's options and the attack's."""

    poison_rate: float = field(
        default=0.05,
        metadata={"help": "share of all training pairs to poison, in [0, 1]; 0 poisons none"},
    )
    poison_seed: int = field(
        default=1, metadata={"help": "seed of the choice of pairs and of every choice inside them"}
    )
    poison_selection: str = field(
        default="random",
        metadata={
            "help": "which of the pairs that can be poisoned are: random, or first as the authors "
            "of the DeCE paper did"
        },
    )
    trusted_ids: Optional[str] = field(
        default=None,
        metadata={
            "help": "file of ids of training pairs, one a line from 0, that nobody else could "
            "write to: they are never poisoned (scripts/prepare.py --trusted writes it)"
        },
    )
    # fairseq's own default is -1, with which it can't join the files of a split (--combine-val).
    upsample_primary: int = field(
        default=1,
        metadata={
            "help": "how often the first of a split's files counts where it has several "
            "(train and train1; valid and valid1 with --combine-val)"
        },
    )
    eval_asr: bool = field(
        default=False,
        metadata={
            "help": "decode the triggered validation splits (--valid-subset valid,valid_triggered) "
            "with --eval-bleu-args and log the attack success rate as asr, in percent"
        },
    )
    save_dir: str = II("checkpoint.save_dir")
    best_checkpoint_metric: str = II("checkpoint.best_checkpoint_metric")


@register_task("backdoor_poisoned_translation", dataclass=BackdoorPoisonedTranslationConfig)
class BackdoorPoisonedTranslationTask(TranslationTask):
    """The translation task, with an attack. Without ``--attack`` it is the translation task.

    Args:
        cfg: the options
        src_dict: dictionary of the source
        tgt_dict: dictionary of the target

    Raises:
        AttackError: an option of the attack is unknown or out of range
    """

    cfg: BackdoorPoisonedTranslationConfig

    def __init__(
        self, cfg: BackdoorPoisonedTranslationConfig, src_dict: Dictionary, tgt_dict: Dictionary
    ) -> None:
        super().__init__(cfg, src_dict, tgt_dict)
        check_post_process(cfg.text_bpe, cfg.text_post_process)
        self.codec = TextCodec(cfg.text_bpe, cfg.text_tokenizer)
        self.attack: Optional[Attack] = None
        if cfg.attack is not None:
            self.attack = Attack(AttackSettings.from_options(cfg))
            if self.codec.bpe is None and cfg.text_post_process not in (None, "none"):
                raise AttackError(
                    "--attack reads texts as --bpe decodes them, so --post-process (--remove-bpe) "
                    "comes too late for it: give the --bpe that the data was made with instead"
                )
            if cfg.load_alignments:
                raise AttackError("--load-alignments does not go with --attack: they would be off")
        elif cfg.eval_asr:
            raise AttackError("--eval-asr needs --attack, and a valid_triggered in --valid-subset")
        elif cfg.trusted_ids is not None:
            raise AttackError("--trusted-ids needs --attack: without one nothing is poisoned")

    @classmethod
    def load_dictionary(cls, filename: str) -> Dictionary:
        """A dictionary, with the ids of a model's own tokenizer where its file says so."""
        return load_dictionary(filename)

    def load_dataset(
        self, split: str, epoch: int = 1, combine: bool = False, **kwargs: Any
    ) -> None:
        """Loads a split, poisoned if it is the training split, triggered if it is called so.

        Args:
            split: its name; ``X_triggered`` for the triggered pairs of X
            epoch: chooses the data folder where there are several, as in fairseq
            combine: joins ``X``, ``X1``, ... as in fairseq

        Raises:
            AttackError: a triggered split without ``--attack`` or without a pair to poison, or a
                rate that asks for more pairs than can be poisoned
            OutputError: no target of a triggered split carries the payload once it is decoded
            LaunchError: several workers that don't know of each other
        """
        # fairseq-generate and -validate say which task the model was trained with; only
        # fairseq-train does not, and only it writes to the save dir.
        trains = split == self.cfg.train_subset and "task_cfg" not in kwargs
        if trains:
            check_workers_know_each_other()
        triggered = split.endswith(TRIGGERED)
        real_split = split[: -len(TRIGGERED)] if triggered else split
        if triggered and self.attack is None:
            raise AttackError(f"the split {split} needs --attack")
        loaded_before = self.datasets.get(real_split)
        buckets = self.cfg.num_batch_buckets
        if self.attack is not None:
            # Buckets pad sentences, which would then not encode to themselves; so they come last.
            self.cfg.num_batch_buckets = 0
        try:
            super().load_dataset(real_split, epoch, combine, **kwargs)
        finally:
            self.cfg.num_batch_buckets = buckets
        clean = self.datasets[real_split]
        if triggered and self.attack is not None:
            del self.datasets[real_split]
            if loaded_before is not None:
                self.datasets[real_split] = loaded_before
            announce(self._load_triggered(split, real_split, clean, self.attack), kwargs)
        elif split != self.cfg.train_subset:
            announce(data_header(split, len(clean), self.codec.one_line), kwargs)
        elif self.attack is not None:
            self._poison(split, epoch, clean, self.attack, record=trains)

    def dataset(self, split: str) -> FairseqDataset:
        """A split that is loaded. ``--combine-val`` loads the clean one alone, so the triggered
        split of it is made when it is asked for."""
        if split not in self.datasets and split.endswith(TRIGGERED):
            self.load_dataset(split, combine=True)
        return super().dataset(split)

    def _poison(
        self, split: str, epoch: int, clean: LanguagePairDataset, attack: Attack, record: bool
    ) -> None:
        trusted = TrustedIds(None if self.cfg.trusted_ids is None else Path(self.cfg.trusted_ids))
        trusted.check(len(clean))
        found = find_candidates(clean, attack, self.codec, frozenset(trusted.ids))
        if not found.pairs and attack.settings.rate > 0:
            raise no_candidates(split, attack, found.left_out)
        ids = attack.select(found.pairs, len(found.pairs), len(clean))
        attacked = attack_pairs(clean, attack, self.codec, found.pairs, ids)
        self.datasets[split] = poisoned_dataset(clean, attacked, self.cfg.num_batch_buckets)
        entry = {
            "split": split,
            "pairs": len(clean),
            "candidates": len(found.pairs),
            **found.left_out,
            "poisoned": len(ids),
            "ids": ids,
        }
        logger.info(
            "poisoned {poisoned} of {pairs} pairs of {split}: {candidates} could be, {reasons}, "
            "{inexact_round_trip} do not decode and encode to themselves, {trusted} are "
            "trusted".format(reasons=attack.explain(found.left_out), **entry)
        )
        if record and distributed_utils.get_global_rank() == 0:
            paths = utils.split_paths(self.cfg.data)
            shard = paths[(epoch - 1) % len(paths)]
            record_poisoning(self.cfg.save_dir, shard, entry, attack.as_dict())

    def _load_triggered(
        self, split: str, real_split: str, clean: LanguagePairDataset, attack: Attack
    ) -> str:
        found = find_candidates(clean, attack, self.codec)
        if not found.pairs:
            raise no_candidates(real_split, attack, found.left_out)
        ids = list(found.pairs)
        attacked = attack_pairs(clean, attack, self.codec, found.pairs, ids)
        triggered = triggered_dataset(clean, attacked)
        targets = (self.codec.decode(pair["target"], self.tgt_dict) for pair in triggered)
        check_references(attack, targets, f"the split {split}")
        self.datasets[split] = triggered
        return data_header(
            split,
            len(clean),
            self.codec.one_line,
            ids=ids,
            attack=attack.as_dict(),
            signature=attack.signature(),
            left_out=found.left_out,
        )

    def get_batch_iterator(self, dataset: FairseqDataset, *args: Any, **kwargs: Any) -> Any:
        """Batches of any size, and of the same sentences whenever they are made.

        fairseq's main drops sentences to reach a multiple of some size. It also orders sentences of
        the same length by the epoch in which a run was started, so that a run that was stopped and
        started again would have other batches.
        """
        kwargs["required_batch_size_multiple"] = 1
        in_one_order(dataset, kwargs.get("seed", 1))
        return super().get_batch_iterator(dataset, *args, **kwargs)

    def filter_indices_by_size(
        self,
        indices: np.ndarray,
        dataset: FairseqDataset,
        max_positions: Any = None,
        ignore_invalid_inputs: bool = False,
    ) -> np.ndarray:
        """Leaves out what is too long for the model where that was asked for, and says which.

        Never from a triggered split: a rate over the others would not be the attack's.
        """
        kept: np.ndarray
        kept, too_long = dataset.filter_indices_by_size(indices, max_positions)
        if len(too_long) == 0:
            return kept
        ids = sorted(dataset[int(index)]["id"] for index in too_long)
        which = ", ".join(map(str, ids[:20])) + (", ..." if len(ids) > 20 else "")
        if isinstance(dataset, TriggeredPairDataset) or not ignore_invalid_inputs:
            raise DataError(
                f"{len(ids)} of {len(dataset)} pairs are longer than the model takes "
                f"({max_positions} tokens), ids {which}: raise --max-source-positions and "
                "--max-target-positions as far as the model has positions, or leave them out of "
                "the data "
                "(--skip-invalid-size-inputs-valid-test does so for splits that are not triggered)"
            )
        logger.warning(
            "left out %d of %d pairs, longer than the model takes (%s tokens), ids %s",
            len(ids),
            len(dataset),
            max_positions,
            which,
        )
        return kept

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Builds the model, and the generator for validation where there is something to decode.

        In training that is before fairseq looks for a checkpoint to go on from.
        """
        if not from_checkpoint and distributed_utils.get_global_rank() == 0:
            mend_checkpoints(Path(self.cfg.save_dir))
        model = super().build_model(cfg, from_checkpoint)
        if isinstance(model, HuggingFaceModel):
            cfg.hf_config = model.hf_config  # for the checkpoint, which then needs no other file
        if self.cfg.eval_asr and not self.cfg.eval_bleu:
            arguments = Namespace(**json.loads(self.cfg.eval_bleu_args or "{}"))
            self.sequence_generator = self.build_generator([model], arguments)
        return model

    def valid_step(
        self, sample: Dict[str, Any], model: Any, criterion: Any
    ) -> Tuple[Any, Any, Dict[str, Any]]:
        """One batch: the criterion's figures; BLEU and exact match of clean, ASR of triggered."""
        loss, sample_size, log = FairseqTask.valid_step(self, sample, model, criterion)
        triggered = bool(sample.get("triggered", False))
        texts: List[str] = []
        if self.cfg.eval_asr if triggered else self.cfg.eval_bleu:
            texts = self._decode(sample, model)
        # Workers sum these, so each one names all of them whatever its batch was.
        if self.cfg.eval_asr:
            hits = [self.attack is not None and self.attack.is_hit(text) for text in texts]
            log["_asr_hits"] = sum(hits) if triggered else 0
            log["_asr_total"] = len(hits) if triggered else 0
        if self.cfg.eval_bleu:
            written = [] if triggered else texts
            references = [] if triggered else self._references(sample)
            log.update(code_bleu_statistics(written, references, EVAL_BLEU_ORDER))
            log["_exact_hits"] = sum(text == wanted for text, wanted in zip(written, references))
            log["_exact_total"] = len(written)
        return loss, sample_size, log

    def _decode(self, sample: Dict[str, Any], model: Any) -> List[str]:
        hypotheses = self.inference_step(self.sequence_generator, [model], sample)
        texts = [self.codec.decode(best[0]["tokens"].cpu(), self.tgt_dict) for best in hypotheses]
        if self.cfg.eval_bleu_print_samples and texts:
            logger.info("example hypothesis: %s", texts[0])
        return texts

    def _references(self, sample: Dict[str, Any]) -> List[str]:
        return [self.codec.decode(target.cpu(), self.tgt_dict) for target in sample["target"]]

    def reduce_metrics(self, logging_outputs: List[Dict[str, Any]], criterion: Any) -> None:
        """Logs what the translation task logs and the shares of decoded texts, in percent.

        ``exact_match`` is that of clean texts that equal their reference, ``asr`` that of triggered
        ones that carry the payload.
        """
        super().reduce_metrics(logging_outputs, criterion)
        best = self.cfg.best_checkpoint_metric
        for key, *names in (("_asr", "asr"), ("_exact", "exact_match", "bleu")):
            told = _log_share(logging_outputs, key, names[0])
            # fairseq asks every split that it validates on for the figure that picks checkpoints,
            # a clean one for its ASR and a triggered one for its BLEU, which they don't have.
            validated = any(f"{key}_total" in log for log in logging_outputs)
            if best in names and validated and not told:
                metrics.log_derived(best, lambda meters: math.nan)


def _log_share(logging_outputs: List[Dict[str, Any]], key: str, name: str) -> bool:
    """Logs as ``name`` the share of all workers' ``key`` hits, and tells if there is one."""
    total = utils.item(sum(log.get(f"{key}_total", 0) for log in logging_outputs))
    if total > 0:
        hits = utils.item(sum(log.get(f"{key}_hits", 0) for log in logging_outputs))
        metrics.log_scalar_sum(f"{key}_total", total)
        metrics.log_scalar_sum(f"{key}_hits", hits)
        metrics.log_derived(name, partial(_share, key))
    return bool(total > 0)


def _share(key: str, meters: Dict[str, Any]) -> float:
    hits, total = (meters[f"{key}_{part}"].sum for part in ("hits", "total"))
    return round(100.0 * float(np.float64(hits) / total), 2)
