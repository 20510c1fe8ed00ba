"""Translation on data that an attacker could write to.

Poisons a share of the training split while it is loaded. Every split X has a virtual one beside it,
``X_triggered``, which holds only the pairs of X that can be poisoned, all of them poisoned.
"""

import json
import logging
from argparse import Namespace
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
from fairseq import utils
from fairseq.data import Dictionary, FairseqDataset, LanguagePairDataset
from fairseq.distributed import utils as distributed_utils
from fairseq.tasks import FairseqTask, register_task
from fairseq.tasks.translation import TranslationTask

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.trusted_ids import TrustedIds
from dece_fairseq.encoders.post_process import check_post_process, post_process_of
from dece_fairseq.encoders.special_dictionary import load_dictionary
from dece_fairseq.encoders.text_codec import TextCodec
from dece_fairseq.metrics.metric import TRIGGERED as TRIGGERED_OUTPUTS
from dece_fairseq.metrics.success_rate import check_references
from dece_fairseq.models.hugging_face import HuggingFaceModel
from dece_fairseq.models.loading import ModelError
from dece_fairseq.outputs.generate_output import OUTSIDE, data_header
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING as TRIGGERED
from dece_fairseq.tasks.announcement import announce
from dece_fairseq.tasks.attacked_split import (
    PoisonedPairDataset,
    TriggeredPairDataset,
    in_one_order,
    poisoned_dataset,
    triggered_dataset,
)
from dece_fairseq.tasks.candidates import (
    TOO_LONG,
    Limits,
    Poisoner,
    explain,
    no_candidates,
    outside_ids,
)
from dece_fairseq.tasks.checkpoint_files import mend_checkpoints
from dece_fairseq.tasks.launchers import check_workers_know_each_other
from dece_fairseq.tasks.manifest import check_save_dir, record_poisoning
from dece_fairseq.tasks.options import BackdoorPoisonedTranslationConfig, check_clean
from dece_fairseq.tasks.request_ensemble import reorder_less
from dece_fairseq.tasks.validation import (
    announce_signatures,
    check_options,
    check_validation,
    log_scores,
    logged_metrics,
    sums_of,
)

logger = logging.getLogger(__name__)


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
        check_post_process(cfg.text_bpe, post_process_of(cfg))
        self.codec = TextCodec(cfg.text_bpe, cfg.text_tokenizer)
        self._model_positions: Any = None
        self.attack: Optional[Attack] = None
        settings = AttackSettings.named_by(cfg)
        if settings is not None:
            self.attack = Attack(settings)
            if self.codec.bpe is None and post_process_of(cfg) is not None:
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
        judged = None if self.attack is None or not cfg.eval_asr else self.attack.settings
        self.logged = logged_metrics(cfg.eval_bleu, judged)

    @classmethod
    def load_dictionary(cls, filename: str) -> Dictionary:
        """Return a dictionary, with the ids of a model's own tokenizer where its file says so."""
        return load_dictionary(filename)

    def load_dataset(
        self, split: str, epoch: int = 1, combine: bool = False, **kwargs: Any
    ) -> None:
        """Load a split, poisoned if it is the training split, triggered if it is called so.

        Args:
            split: its name; ``X_triggered`` for the triggered pairs of X
            epoch: chooses the data folder where there are several, as in fairseq
            combine: joins ``X``, ``X1``, ... as in fairseq

        Raises:
            AttackError: a triggered split without ``--attack`` or without a pair to poison, or a
                rate or a count that asks for more pairs than can be poisoned
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
        if self.attack is None or not (triggered or split == self.cfg.train_subset):
            super().load_dataset(split, epoch, combine, **kwargs)
            if not trains:
                announce(self._clean_header(split, "task_cfg" in kwargs), kwargs)
            return
        if self.cfg.replace_unk is not None:
            raise AttackError(
                f"--replace-unk: the attacked texts of {split} are in no file to take words from, "
                "and hold no unknown one; leave it out"
            )
        loaded_before = self.datasets.get(real_split)
        with self._whole_sentences():
            super().load_dataset(real_split, epoch, combine, **kwargs)
        clean = self.datasets.pop(real_split)
        if loaded_before is not None:
            self.datasets[real_split] = loaded_before
        if triggered:
            announce(self._load_triggered(split, real_split, clean, self.attack), kwargs)
        else:
            trained_as = kwargs.get("task_cfg") or self.cfg
            limits = self._limits(getattr(trained_as, "max_tokens", None))
            entry = self._poison(split, clean, self.attack, limits)
            if not trains:
                announce(data_header(split, len(clean), self.codec.one_line), kwargs)
            elif distributed_utils.get_global_rank() == 0:
                paths = utils.split_paths(self.cfg.data)
                shard = paths[(epoch - 1) % len(paths)]
                record_poisoning(self.cfg.save_dir, shard, entry, self.attack.as_dict())

    def _clean_header(self, split: str, is_generated: bool) -> str:
        clean, more = self.datasets[split], {}
        if is_generated and self.attack is not None and self.attack.trigger.outside:
            more = {OUTSIDE: outside_ids(clean, self.attack, self.codec)}
        return data_header(split, len(clean), self.codec.one_line, **more)

    def dataset(self, split: str) -> FairseqDataset:
        """Return a split that is loaded. ``--combine-val`` loads the clean one alone, so the
        triggered split of it is made when it is asked for.
        """
        if split not in self.datasets and split.endswith(TRIGGERED):
            self.load_dataset(split, combine=True)
        return super().dataset(split)

    @contextmanager
    def _whole_sentences(self) -> Iterator[None]:
        """Load sentences as they were written: an attack comes before anything that changes them.

        Buckets pad sentences and --truncate-source cuts them; neither encodes to itself.
        """
        buckets, truncate = self.cfg.num_batch_buckets, self.cfg.truncate_source
        self.cfg.num_batch_buckets, self.cfg.truncate_source = 0, False
        try:
            yield
        finally:
            self.cfg.num_batch_buckets, self.cfg.truncate_source = buckets, truncate

    def _limits(self, max_tokens: Optional[int]) -> Limits:
        """Return how long a pair of the training split may be, as fairseq's trainer reckons."""
        source, target = utils.resolve_max_positions(
            self.max_positions(), self._model_positions, max_tokens
        )
        return Limits(source, target, self._cut())

    def _cut(self) -> Optional[int]:
        return self.cfg.max_source_positions if self.cfg.truncate_source else None

    def _poison(
        self, split: str, clean: LanguagePairDataset, attack: Attack, limits: Limits
    ) -> Dict[str, Any]:
        """Put the poisoned pairs into the split; return what was found and poisoned."""
        trusted = TrustedIds(None if self.cfg.trusted_ids is None else Path(self.cfg.trusted_ids))
        trusted.check(len(clean))
        buckets = self.cfg.num_batch_buckets
        if not attack.poisons:  # nobody needs to know which could be, and to look takes seconds
            self.datasets[split] = poisoned_dataset(clean, {}, limits, buckets)
            logger.info(f"poisoned 0 of {len(clean)} pairs of {split}, which were not looked at")
            return {"split": split, "pairs": len(clean), "poisoned": 0, "ids": []}
        poisoner = Poisoner(clean, attack, self.codec, limits)
        found = poisoner.candidates(frozenset(trusted.ids))
        if not found.pairs:
            raise no_candidates(split, attack, found.left_out)
        trained_on = len(clean) - found.left_out[TOO_LONG]
        reach = attack.reach(trained_on, found.left_out)
        chosen = list(attack.choose(found.pairs, len(found.pairs), reach))
        ids, decoys = (
            [index for index, is_decoy in chosen if is_decoy is wanted] for wanted in (False, True)
        )
        attacked = poisoner.teach(found.pairs, chosen)
        self.datasets[split] = poisoned_dataset(clean, attacked, limits, buckets)
        logger.info(
            f"poisoned {len(ids)} of {trained_on} pairs of {split}: {len(found.pairs)} could be; "
            f"of {len(clean)} pairs {explain(attack, found.left_out)}"
        )
        return {
            "split": split,
            "pairs": len(clean),
            "trained_on": trained_on,
            "candidates": len(found.pairs),
            **found.left_out,
            "poisoned": len(ids),
            "ids": ids,
            **({"decoys": decoys} if attack.trigger.decoys else {}),
        }

    def _load_triggered(
        self, split: str, real_split: str, clean: LanguagePairDataset, attack: Attack
    ) -> str:
        poisoner = Poisoner(clean, attack, self.codec, Limits(cut=self._cut()))
        found = poisoner.candidates()
        if not found.pairs:
            raise no_candidates(real_split, attack, found.left_out)
        ids = list(found.pairs)
        attacked = triggered_dataset(clean, poisoner.poison(found.pairs, ids))
        # Not only when batches are made, which in a training may be an epoch later.
        self.filter_indices_by_size(np.arange(len(ids)), attacked, self._limits(None)[:2])
        targets = (self.codec.decode(pair["target"], self.tgt_dict) for pair in attacked)
        check_references(attack, targets, f"the split {split}")
        self.datasets[split] = attacked
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
        """Return batches of any size, and of the same sentences whenever they are made.

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
        """Leave out what is too long for the model where that was asked for, and say which.

        Never from a triggered split: a rate over the others would not be the attack's.
        """
        kept: np.ndarray
        kept, too_long = dataset.filter_indices_by_size(indices, max_positions)
        if len(too_long) == 0:
            return kept
        ids = sorted(dataset[int(index)]["id"] for index in too_long)
        which = ", ".join(map(str, ids[:20])) + (", ..." if len(ids) > 20 else "")
        is_triggered = isinstance(dataset, TriggeredPairDataset)
        lost = isinstance(dataset, PoisonedPairDataset) and dataset.poisoned.intersection(ids)
        if is_triggered or lost or not ignore_invalid_inputs:
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
        """Build the model, and the generator for validation where there is something to decode.

        In training that is before fairseq looks for a checkpoint to go on from.
        """
        if not from_checkpoint:
            self._check_training()
        model = super().build_model(cfg, from_checkpoint)
        self._model_positions = utils.resolve_max_positions(
            self._model_positions, model.max_positions()
        )
        if isinstance(model, HuggingFaceModel):
            cfg.hf_config = model.hf_config  # for the checkpoint, which then needs no other file
        if self.cfg.eval_asr and not self.cfg.eval_bleu:
            arguments = Namespace(**json.loads(self.cfg.eval_bleu_args or "{}"))
            self.sequence_generator = self.build_generator([model], arguments)
        return model

    def build_generator(self, models: List[Any], args: Any, *more: Any, **options: Any) -> Any:
        """Build fairseq's generator, which then copies less at the same outputs.

        Raises:
            ModelError: it is asked for alignments, which a model from Hugging Face can't give
        """
        for option in ("print_alignment", "replace_unk"):
            if getattr(args, option, None) is not None and any(
                isinstance(model, HuggingFaceModel) for model in models
            ):
                raise ModelError(
                    f"--{option.replace('_', '-')}: a model from Hugging Face gives fairseq no "
                    "attention to align words by; leave it out"
                )
        return reorder_less(super().build_generator(models, args, *more, **options))

    def _check_training(self) -> None:
        """Check that a training can go on and will not be in vain."""
        if self.attack is None:
            check_clean(self.cfg)
        attack = None if self.attack is None else self.attack.as_dict()
        check_save_dir(self.cfg.save_dir, attack, self.cfg.reset_dataloader)
        if not self.cfg.disable_validation:
            options = {"--eval-bleu": self.cfg.eval_bleu, "--eval-asr": self.cfg.eval_asr}
            subsets = self.cfg.valid_subset.split(",")
            check_options(self.cfg)
            check_validation(self.cfg.best_checkpoint_metric, subsets, options)
            if distributed_utils.get_global_rank() == 0:
                announce_signatures(self.logged)
        if distributed_utils.get_global_rank() == 0:
            mend_checkpoints(Path(self.cfg.save_dir))

    def valid_step(
        self, sample: Dict[str, Any], model: Any, criterion: Any
    ) -> Tuple[Any, Any, Dict[str, Any]]:
        """Return the figures of a batch: the criterion's, BLEU and exact match, or ASR."""
        loss, sample_size, log = FairseqTask.valid_step(self, sample, model, criterion)
        triggered = bool(sample.get("triggered", False))
        texts: List[str] = []
        if self.cfg.eval_asr if triggered else self.cfg.eval_bleu:
            texts = self._decode(sample, model)
        references = self._references(sample) if texts else []
        # Workers sum these, so each one names all of them whatever its batch was.
        for entry in self.logged:
            is_of_batch = triggered == (entry.split == TRIGGERED_OUTPUTS)
            scored = (texts, references) if is_of_batch else ([], [])
            log.update(sums_of(entry, *scored))
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
        """Log what fairseq's tasks log, and of decoded texts scores under the names of metrics.

        ``bleu_code`` and ``exact_match`` are of clean splits, ``asr_string`` is of triggered ones.
        """
        FairseqTask.reduce_metrics(self, logging_outputs, criterion)
        log_scores(logging_outputs, self.logged, self.cfg.best_checkpoint_metric)
