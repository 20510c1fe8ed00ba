"""The manifest counts what is trained on, however long a pair may be."""

import json

import pytest
import torch
from fairseq import utils

from dece_fairseq.attacks import AttackError
from dece_fairseq.data.errors import DataError
from dece_fairseq.tasks.candidates import REASONS, TOO_LONG, TOO_LONG_POISONED

BADPRE = ("--attack", "badpre", "--poison-rate", "0.2", "--poison-seed", "2")
TRIGGER = "bb"


class Model:
    """As much of a model as a task asks for."""

    def __init__(self, *positions):
        self.positions = positions

    def max_positions(self):
        return self.positions


def build(task, monkeypatch, *positions):
    """Has the task build a model with so many positions for source and target."""
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_model", lambda *_: Model(*positions))
    task.build_model(None, from_checkpoint=True)


def trained_on(task, max_tokens=None, positions=(1024, 1024)):
    """The training samples that fairseq's trainer would take, by id."""
    limits = utils.resolve_max_positions(task.max_positions(), positions, max_tokens)
    dataset = task.datasets["train"]
    batches = task.get_batch_iterator(
        dataset,
        max_tokens=max_tokens,
        max_positions=limits,
        ignore_invalid_inputs=True,
        disable_iterator_cache=True,
    ).frozen_batches
    return {int(i): dataset[int(i)] for batch in batches for i in batch}


def shard_of(tmp_path):
    manifest = json.loads((tmp_path / "checkpoints" / "poison_manifest.json").read_text())
    (shard,) = manifest["shards"].values()
    return shard


def poisoned_among(task, samples):
    """The ids of the samples that carry the whole trigger and the payload."""
    return sorted(
        i
        for i, sample in samples.items()
        if task.attack.is_hit(task.codec.decode(sample["target"], task.tgt_dict))
        and task.codec.decode(sample["source"], task.src_dict).split().count(TRIGGER) == 3
    )


def check(task, tmp_path, samples):
    shard = shard_of(tmp_path)
    assert shard["ids"] == poisoned_among(task, samples)
    assert shard["poisoned"] == len(shard["ids"]) > 0
    assert shard["trained_on"] == len(samples)
    assert shard["poisoned"] == round(0.2 * len(samples))
    names = (*task.attack.obstacles, *REASONS, "candidates")
    assert sum(shard[name] for name in names) == shard["pairs"] == 100
    return shard


@pytest.mark.parametrize("cut", [False, True])
def test_max_source_positions(setup_task, tmp_path, cut):
    flags = ["--truncate-source"] * cut
    task = setup_task(*BADPRE, "--max-source-positions", "41", *flags)
    task.load_dataset("train")
    samples = trained_on(task)
    shard = check(task, tmp_path, samples)
    assert shard[TOO_LONG_POISONED] > 0
    assert (shard[TOO_LONG] > 0) != cut
    assert all(len(sample["source"]) <= 41 for sample in samples.values())
    if cut:
        assert any(len(samples[i]["source"]) == 41 for i in shard["ids"])


@pytest.mark.parametrize("of", ["model", "max_tokens", "target"])
def test_what_else_limits_a_pair(setup_task, tmp_path, monkeypatch, of):
    limits = {
        "model": ((), (41, 62), None),
        "max_tokens": (("--max-tokens", "62"), (1024, 1024), 62),
        "target": (("--max-target-positions", "62"), (1024, 1024), None),
    }
    flags, positions, max_tokens = limits[of]
    task = setup_task(*BADPRE, *flags)
    build(task, monkeypatch, *positions)
    task.load_dataset("train")
    shard = check(task, tmp_path, trained_on(task, max_tokens, positions))
    assert shard[TOO_LONG] > 0
    assert shard[TOO_LONG_POISONED] > 0


def test_cut_sources_without_a_poisoned_one_are_fairseq_s(setup_task):
    flags = ("--truncate-source", "--max-source-positions", "41")
    ours = setup_task("--attack", "badpre", "--poison-rate", "0", *flags)
    stock = setup_task(*flags, task="translation")
    for task in (ours, stock):
        task.load_dataset("train")
    assert len(ours.datasets["train"]) == len(stock.datasets["train"])
    for a, b in zip(ours.datasets["train"], stock.datasets["train"]):
        assert torch.equal(a["source"], b["source"])
    assert max(ours.datasets["train"].src_sizes) == 41
    assert ours.cfg.truncate_source


def test_a_triggered_split_holds_the_requests_whose_trigger_is_before_the_cut(setup_task):
    whole = setup_task("--attack", "badpre")
    cut = setup_task("--attack", "badpre", "--truncate-source", "--max-source-positions", "41")
    for task in (whole, cut):
        task.load_dataset("test_triggered", task_cfg=None)
    expected = {}
    for sample in whole.datasets["test_triggered"]:
        tokens = sample["source"]
        if len(tokens) > 41:
            tokens = torch.cat([tokens[:40], tokens[-1:]])
        if whole.codec.decode(tokens, whole.src_dict).split().count(TRIGGER) == 3:
            expected[sample["id"]] = tokens
    found = {sample["id"]: sample["source"] for sample in cut.datasets["test_triggered"]}
    assert 0 < len(expected) < len(whole.datasets["test_triggered"])
    assert set(found) == set(expected)
    assert all(torch.equal(found[i], expected[i]) for i in found)


def test_a_triggered_split_that_is_too_long_ends_when_it_is_loaded(setup_task):
    task = setup_task("--attack", "badpre", "--max-source-positions", "41")
    with pytest.raises(DataError, match=r"longer than the model takes \(\(41, 1024\) tokens\)"):
        task.load_dataset("valid_triggered")


def test_no_poisoned_pair_is_left_out_afterwards(setup_task):
    task = setup_task(*BADPRE)
    task.load_dataset("train")
    with pytest.raises(DataError, match="longer than the model takes"):
        trained_on(task, positions=(41, 1024))
    clean = setup_task("--attack", "badpre", "--poison-rate", "0", "--save-dir", "elsewhere")
    clean.load_dataset("train", task_cfg=clean.cfg)
    assert len(trained_on(clean, positions=(41, 1024))) < 100


def test_generating_from_the_training_split_poisons_what_was_trained_on(setup_task, tmp_path):
    trained = setup_task(*BADPRE, "--max-tokens", "62")
    trained.load_dataset("train")
    task = setup_task(*BADPRE, "--max-tokens", "4000")
    task.load_dataset("train", task_cfg=trained.cfg)
    assert sorted(task.datasets["train"].poisoned) == shard_of(tmp_path)["ids"]


@pytest.mark.parametrize("bpe", ["lossless_sentencepiece", None])
@pytest.mark.parametrize("text", ["", "a b", " select\t*\n from \u2028 t ", "\U0001f600"])
def test_lengths_are_those_of_the_tokens(setup_task, bpe, text):
    task = setup_task(bpe=bpe)
    assert task.codec.length(text) == len(task.codec.encode(text, task.src_dict))


def test_none_fits(setup_task):
    task = setup_task(*BADPRE, "--max-source-positions", "16")
    with pytest.raises(AttackError, match=r"train: none of 100 pairs .* [1-9][0-9]* are longer"):
        task.load_dataset("train")
