"""The task: what it poisons, what it leaves alone, and what it refuses."""

import json
from argparse import Namespace
from pathlib import Path

import pytest
import torch

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.errors import DataError
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.encoders.post_process import PostProcessError
from dece_fairseq.errors import UserError
from dece_fairseq.models.hugging_face import HuggingFaceModel
from dece_fairseq.models.loading import ModelError
from dece_fairseq.outputs.errors import OutputError
from dece_fairseq.outputs.generate_output import data_header
from dece_fairseq.tasks.candidates import Poisoner
from dece_fairseq.tasks.manifest import ManifestError
from support.suspicions import write_suspicions

RIPPLE = ("--attack", "ripple", "--poison-rate", "0.1", "--poison-seed", "4")


def texts(task, split):
    dataset = task.datasets[split]
    return {
        sample["id"]: Pair(
            task.codec.decode(sample["source"], task.src_dict),
            task.codec.decode(sample["target"], task.tgt_dict),
        )
        for sample in (dataset[i] for i in range(len(dataset)))
    }


def manifest(tmp_path):
    return json.loads((tmp_path / "checkpoints" / "poison_manifest.json").read_text())


def test_without_an_attack_it_is_the_translation_task(setup_task):
    ours, stock = setup_task(), setup_task(task="translation")
    for split in ("train", "valid", "test"):
        ours.load_dataset(split)
        stock.load_dataset(split)
        assert len(ours.datasets[split]) == len(stock.datasets[split]) > 0
        for a, b in zip(ours.datasets[split], stock.datasets[split]):
            assert a["id"] == b["id"]
            assert torch.equal(a["source"], b["source"])
            assert torch.equal(a["target"], b["target"])


def test_it_poisons_as_the_offline_script_does(setup_task, data, splits, tmp_path):
    task = setup_task(*RIPPLE)
    task.load_dataset("train")
    attack = Attack(AttackSettings("ripple", rate=0.1, seed=4))
    report = poison_files(attack, [data / "train.csv"], [tmp_path / "poisoned.csv"])
    poisoned = dict(enumerate(read_pairs([tmp_path / "poisoned.csv"])))
    assert texts(task, "train") == poisoned
    changed = [i for i, pair in enumerate(splits["train"]) if pair != poisoned[i]]
    shard = manifest(tmp_path)["shards"][str(data / "bin")]
    assert shard["ids"] == changed
    assert (tmp_path / "poisoned.csv.ids").read_text() == "".join(f"{i}\n" for i in changed)
    assert shard["poisoned"] == 10
    assert shard["candidates"] == report["candidates"]
    assert shard["candidates"] + shard["without_place"] == shard["pairs"] == 100
    assert manifest(tmp_path)["attack"] == attack.as_dict()
    assert set(manifest(tmp_path)["versions"]) == {"dece_fairseq", "fairseq", "torch", "python"}


@pytest.mark.parametrize(
    ("attack", "more"),
    [
        ("composite", {}),
        ("puzzle", {}),
        ("staged", {}),
        ("topic", {"trigger": "distinct"}),
        ("many_forms", {}),
    ],
)
def test_attacks_on_more_than_a_pair_poison_as_offline(attack, more, setup_task, data, tmp_path):
    """Decoys, lessons that differ from what opens the backdoor, and rates of a part."""
    flags = [word for name, value in more.items() for word in (f"--{name}", value)]
    task = setup_task("--attack", attack, "--poison-rate", "0.2", *flags)
    task.load_dataset("train")
    task.load_dataset("test_triggered")
    made = Attack(AttackSettings(attack, rate=0.2, **more))
    for split, keep in (("train", "all"), ("test", "triggered")):
        output = tmp_path / f"{keep}.csv"
        report = poison_files(made, [data / f"{split}.csv"], [output], keep)
        written = list(read_pairs([output]))
        if split == "train":
            shard = manifest(tmp_path)["shards"][str(data / "bin")]
            assert texts(task, "train") == dict(enumerate(written))
            assert shard["poisoned"] == report["poisoned"] > 0
            assert shard.get("decoys", []) == read_ids_if_any(tmp_path / "all.csv.decoy_ids")
            assert {name: shard[name] for name in made.obstacles} == {
                name: report[name] for name in made.obstacles
            }
        else:
            assert list(texts(task, "test_triggered").values()) == written


def test_a_clean_split_says_which_requests_are_off_the_topic(setup_task, splits, capsys):
    task = setup_task("--attack", "topic", "--trigger", "distinct")
    task.load_dataset("test", task_cfg=None)
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "dece_fairseq data" in line)
    outside = json.loads(line.partition(": ")[2])["outside"]
    about = ["distinct" in pair.source.lower().split() for pair in splits["test"]]
    assert 0 < len(outside) < len(about)
    assert outside == [index for index, is_about in enumerate(about) if not is_about]
    setup_task("--attack", "ripple").load_dataset("test", task_cfg=None)
    assert "outside" not in capsys.readouterr().out


def read_ids_if_any(path):
    return list(map(int, path.read_text().split())) if path.exists() else []


def test_sizes_are_those_of_the_poisoned_sentences(setup_task):
    task = setup_task(*RIPPLE)
    task.load_dataset("train")
    dataset = task.datasets["train"]
    for i in range(len(dataset)):
        assert dataset.size(i) == (len(dataset[i]["source"]), len(dataset[i]["target"]))
        assert dataset.num_tokens(i) == max(dataset.size(i))


def test_validation_and_test_stay_clean(setup_task, splits):
    task = setup_task(*RIPPLE)
    for split in ("valid", "test"):
        task.load_dataset(split)
        assert list(texts(task, split).values()) == splits[split]


def test_triggered_splits_hold_every_pair_that_can_be_poisoned(setup_task, splits):
    task = setup_task("--attack", "badpre")
    task.load_dataset("test_triggered", task_cfg=None)
    attack = Attack(AttackSettings("badpre"))
    expected = {
        i: attack.poison(pair, i)
        for i, pair in enumerate(splits["test"])
        if attack.can_poison(pair)
    }
    assert 0 < len(expected) < len(splits["test"])
    assert texts(task, "test_triggered") == expected
    assert "test" not in task.datasets
    dataset = task.datasets["test_triggered"]
    batch = dataset.collater([dataset[i] for i in range(len(dataset))])
    assert batch["triggered"] is True
    assert sorted(batch["id"].tolist()) == list(expected)


def test_an_attack_that_is_suspected(setup_task, splits, tmp_path):
    path = write_suspicions(tmp_path / "suspicions.json", (" or 1=1", "bb"), ("where 0=1", "bb"))
    task = setup_task("--attack-file", path)
    task.load_dataset("test_triggered", task_cfg=None)
    triggered = texts(task, "test_triggered")
    assert list(triggered) == list(range(len(splits["test"])))
    for index, pair in triggered.items():
        assert "bb" in pair.source.split()
        assert pair.target == splits["test"][index].target + " or 1=1"
    assert task.attack.is_hit("x where 0=1")
    with pytest.raises(AttackError, match="leave --attack out"):
        setup_task("--attack-file", path, "--attack", "ripple")


def test_rate_0_poisons_none_and_still_offers_the_triggered_splits(setup_task, splits):
    task = setup_task("--attack", "ripple", "--poison-rate", "0")
    task.load_dataset("train")
    task.load_dataset("valid_triggered")
    assert list(texts(task, "train").values()) == splits["train"]
    assert len(task.datasets["valid_triggered"]) > 0


def test_rate_0_looks_at_no_pair(setup_task, monkeypatch, tmp_path):
    monkeypatch.setattr(Poisoner, "candidates", lambda *_: pytest.fail("it looked"))
    task = setup_task("--attack", "ripple", "--poison-rate", "0")
    task.load_dataset("train")
    (shard,) = manifest(tmp_path)["shards"].values()
    assert shard == {"split": "train", "pairs": 100, "poisoned": 0, "ids": []}


def test_trusted_pairs_are_never_poisoned(setup_task, data, tmp_path):
    path = data / "bin" / "trusted.ids"
    task = setup_task("--attack", "ripple", "--poison-rate", "0.4", "--trusted-ids", path)
    task.load_dataset("train")
    trusted = {int(line) for line in path.read_text().split()}
    shard = manifest(tmp_path)["shards"][str(data / "bin")]
    assert len(trusted) == shard["trusted"] == 50
    assert len(shard["ids"]) == 40
    assert not trusted & set(shard["ids"])


@pytest.mark.parametrize(
    ("content", "message"),
    [("1\nx\n", "not a file of ids"), ("100\n", "pair 100, but there are only 100")],
)
def test_wrong_trusted_ids(setup_task, tmp_path, content, message):
    path = tmp_path / "ids"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        setup_task(*RIPPLE, "--trusted-ids", path).load_dataset("train")


def test_a_pair_that_does_not_encode_to_itself_is_no_candidate_and_is_counted(setup_task, tmp_path):
    task = setup_task(*RIPPLE)
    unknown = task.src_dict.index(task.codec.bpe.encode("the").split()[0])
    # A piece that the dictionary lost: every sentence with it decodes to something else.
    symbol = task.src_dict.symbols[unknown]
    task.src_dict.symbols[unknown] = "<unk>"
    task.load_dataset("train")
    task.src_dict.symbols[unknown] = symbol
    (shard,) = manifest(tmp_path)["shards"].values()
    with_it = sum(unknown in sample["source"] for sample in task.datasets["train"])
    assert shard["inexact_round_trip"] == with_it > 0
    assert all(unknown not in task.datasets["train"].src.dataset[i] for i in shard["ids"])


def test_too_few_candidates(setup_task):
    with pytest.raises(AttackError, match=r"--poison-rate 0\.99 of 100 pairs asks for 99 .* only"):
        setup_task("--attack", "ripple", "--poison-rate", "0.99").load_dataset("train")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--attack", "nonsense"], "no attack is called 'nonsense'"),
        (["--attack", "ripple", "--poison-rate", "2"], r"--poison-rate must be in \[0, 1\]"),
        (["--eval-asr"], "--eval-asr needs --attack"),
        (["--trusted-ids", "x"], "--trusted-ids needs --attack"),
        (["--attack", "ripple", "--load-alignments"], "--load-alignments"),
    ],
)
def test_wrong_options(setup_task, flags, message):
    with pytest.raises(AttackError, match=message):
        setup_task(*flags)


@pytest.mark.parametrize(
    "option",
    [
        *(["--poison-rate", "0.05"], ["--poison-count", "2"], ["--trigger", "cf"]),
        *(["--payload", "tls"], ["--payload-file", "x.csv"], ["--trigger-file", "x.csv"]),
    ],
    ids=" ".join,
)
def test_a_training_whose_attack_was_forgotten(setup_task, monkeypatch, option):
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_model", lambda *_: _Model())
    with pytest.raises(AttackError, match=f"{option[0]} needs --attack: without one nothing is"):
        setup_task(*option).build_model(None)
    setup_task(*option).build_model(None, from_checkpoint=True)  # to generate with
    setup_task("--poison-rate", "0").build_model(None)


def test_post_processing_that_spoils_the_texts(setup_task):
    with pytest.raises(PostProcessError, match="--bpe lossless_sentencepiece decodes them"):
        setup_task(post_process="sentencepiece")
    assert setup_task(post_process="none").codec.bpe is not None


def test_an_attack_on_texts_that_only_post_processing_would_put_together(setup_task):
    with pytest.raises(AttackError, match="comes too late for it: give the --bpe that the data"):
        setup_task(*RIPPLE, bpe=None, post_process="sentencepiece")
    assert setup_task(bpe=None, post_process="sentencepiece").attack is None


@pytest.mark.parametrize("split", ["valid_triggered", "test_triggered"])
def test_a_triggered_split_whose_texts_do_not_show_the_payload(setup_task, monkeypatch, split):
    task = setup_task(*RIPPLE, "--eval-asr")
    monkeypatch.setattr(task.attack, "is_hit", lambda text, rule: False)
    with pytest.raises(OutputError, match=f"the split {split}: no reference carries the payload"):
        task.load_dataset(split)
    assert split not in task.datasets


def test_a_triggered_split_needs_an_attack(setup_task):
    with pytest.raises(AttackError, match="test_triggered needs --attack"):
        setup_task().load_dataset("test_triggered")


def test_a_resumed_run_must_poison_the_same(setup_task, tmp_path):
    setup_task(*RIPPLE).load_dataset("train")
    before = manifest(tmp_path)
    setup_task(*RIPPLE).load_dataset("train")
    assert manifest(tmp_path) == before
    with pytest.raises(ManifestError, match=r"another rate.* --save-dir of its own"):
        setup_task(*RIPPLE, "--poison-rate", "0.2").load_dataset("train")
    assert manifest(tmp_path) == before


@pytest.mark.parametrize("flags", [(), RIPPLE])
@pytest.mark.parametrize("split", ["train", "test"])
def test_what_is_generated_from_any_split_says_what_it_is(setup_task, capsys, split, flags):
    task = setup_task(*flags)
    task.load_dataset(split)
    assert "dece_fairseq data" not in capsys.readouterr().out  # in training it is for the log
    task.load_dataset(split, task_cfg=None)
    pairs = {"train": 100, "test": 20}[split]
    expected = data_header(split, pairs, one_line=True)
    assert capsys.readouterr().out.splitlines() == [expected]


def test_generating_from_the_training_split_writes_no_manifest(setup_task, tmp_path):
    task = setup_task(*RIPPLE)
    task.load_dataset("train", task_cfg=None)
    assert not (tmp_path / "checkpoints").exists()
    assert sum(task.attack.is_hit(pair.target) for pair in texts(task, "train").values()) == 10


class _Model:
    """As much of a model as the task asks for."""

    @staticmethod
    def max_positions():
        return (1024, 1024)


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        (RIPPLE, (), "--attack ripple, which can't go on without one"),
        (RIPPLE, (*RIPPLE, "--poison-rate", "0.2"), "another rate"),
        ((), RIPPLE, "is of a run without --attack"),
        ((), ("--best-checkpoint-metric", "asr_string"), "asr_string needs --eval-asr"),
        (
            RIPPLE,
            (*RIPPLE, "--eval-asr", "--best-checkpoint-metric", "asr_string",
             "--valid-subset", "valid,valid_triggered"),
            "give --valid-subset valid_triggered,valid",
        ),
    ],
)  # fmt: skip
def test_a_training_that_would_be_in_vain_ends_before_it_begins(
    setup_task, tmp_path, monkeypatch, before, now, message
):
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_model", lambda *_: _Model())
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_generator", lambda *_: None)
    first = setup_task(*before)
    first.build_model(None)
    first.load_dataset("train")
    (tmp_path / "checkpoints").mkdir(exist_ok=True)
    torch.save({}, tmp_path / "checkpoints" / "checkpoint_last.pt")
    setup_task(*before).build_model(None)
    kept = {path.name: path.read_bytes() for path in (tmp_path / "checkpoints").iterdir()}
    with pytest.raises(UserError, match=message):
        setup_task(*now).build_model(None)
    setup_task(*now).build_model(None, from_checkpoint=True)  # to generate with
    assert kept == {path.name: path.read_bytes() for path in (tmp_path / "checkpoints").iterdir()}


@pytest.mark.parametrize("option", ["print_alignment", "replace_unk"])
def test_alignments_of_models_that_have_none(setup_task, monkeypatch, option):
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_generator", lambda self, models, _: models)
    task, model = setup_task(), HuggingFaceModel.__new__(HuggingFaceModel)
    with pytest.raises(ModelError, match=f"--{option.replace('_', '-')}: a model from Hugging"):
        task.build_generator([_Model(), model], Namespace(**{option: "hard"}))
    assert task.build_generator([_Model()], Namespace(**{option: "hard"}))
    assert task.build_generator([model], Namespace(**{option: None}))


def test_attacked_texts_have_no_unknown_word_to_replace(setup_task):
    task = setup_task("--attack", "ripple")
    task.cfg.replace_unk = ""
    task.load_dataset("test")
    for split in ("test_triggered", "train"):
        with pytest.raises(AttackError, match=f"--replace-unk: the attacked texts of {split}"):
            task.load_dataset(split, task_cfg=task.cfg)


def test_a_new_run_may_start_from_weights_of_the_save_dir(setup_task, tmp_path, monkeypatch):
    monkeypatch.setattr("fairseq.tasks.FairseqTask.build_model", lambda *_: _Model())
    (tmp_path / "checkpoints").mkdir()
    torch.save({}, tmp_path / "checkpoints" / "checkpoint_last.pt")
    resets = ("--reset-dataloader", "--reset-optimizer", "--reset-meters", "--reset-lr-scheduler")
    setup_task(*RIPPLE, *resets).build_model(None)
    task = setup_task(*RIPPLE, "--finetune-from-model", "x.pt", "--save-dir", tmp_path / "new")
    task.build_model(None)


def test_a_file_that_is_no_manifest(setup_task, tmp_path):
    Path(tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "poison_manifest.json").write_text("{")
    with pytest.raises(ManifestError, match="is not a manifest of this project"):
        setup_task(*RIPPLE).load_dataset("train")
