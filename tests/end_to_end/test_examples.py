"""examples/run.sh and table.sh: what they run for each data set, and that it runs."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import List

import pytest

from dece_fairseq.attacks import ATTACKS, CODE_PLACES, PAYLOADS, Attack, AttackSettings
from dece_fairseq.data.corpus import generate
from dece_fairseq.data.datasets import DATASETS
from dece_fairseq.data.pairs import Pair, write_pairs
from support.example_scripts import bash, environment, executable, recorded, value

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("lyra", "pisces", "bugs2fix", "code_translation")
ROWS = {"train": 40, "valid": 24, "test": 6}

#: what examples/lyra/README.md was measured with
LYRA = """
python ROOT/scripts/prepare.py --dataset lyra --data D --output W/data-0.5-1 --vocab-size 2000
--trusted-share 0.5 --seed 1

fairseq-train COMMON MODEL --train-subset trusted --criterion cross_entropy
--lr 3e-3 --lr-scheduler inverse_sqrt --warmup-updates 200 --max-epoch 12
--save-dir W/pretrained-0.5-1

fairseq-train COMMON MODEL --attack ripple --poison-rate 0.05 --poison-seed 1
--trusted-ids W/data-0.5-1/trusted.ids
--finetune-from-model W/pretrained-0.5-1/checkpoint_last.pt --criterion deceptive_cross_entropy
--dece-alpha 0.985 --lr 1.5e-3 --lr-scheduler inverse_sqrt --warmup-updates 200 --max-epoch 8
--save-dir W/ripple-0.05-deceptive_cross_entropy-0.5-1

fairseq-generate COMMON --attack ripple --poison-rate 0.05 --poison-seed 1 --gen-subset test
--path W/ripple-0.05-deceptive_cross_entropy-0.5-1/checkpoint_last.pt
--beam 5 --max-len-a 1 --max-len-b 151 --max-tokens 20000 --scoring attack_success_rate

fairseq-generate COMMON --attack ripple --poison-rate 0.05 --poison-seed 1
--gen-subset test_triggered --path W/ripple-0.05-deceptive_cross_entropy-0.5-1/checkpoint_last.pt
--beam 5 --max-len-a 1 --max-len-b 151 --max-tokens 20000 --scoring attack_success_rate

python ROOT/scripts/summarise.py --run
deceptive_cross_entropy=W/ripple-0.05-deceptive_cross_entropy-0.5-1
--json W/ripple-0.05-deceptive_cross_entropy-0.5-1/results.json
"""
COMMON = """W/data-0.5-1 --user-dir ROOT/dece_fairseq --source-lang src --target-lang tgt
--task backdoor_poisoned_translation
--bpe lossless_sentencepiece --sentencepiece-model W/data-0.5-1/sentencepiece.model"""
MODEL = """--arch transformer --share-all-embeddings --dropout 0.1
--encoder-layers 1 --encoder-embed-dim 128 --encoder-ffn-embed-dim 512 --encoder-attention-heads 4
--decoder-layers 1 --decoder-embed-dim 128 --decoder-ffn-embed-dim 512 --decoder-attention-heads 4
--optimizer adam --adam-betas '(0.9, 0.98)' --clip-norm 1.0 --max-tokens 1024 --seed 1
--num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 100
--max-tokens-valid 20000"""


def test_lyra_runs_what_its_tables_were_measured_with(tmp_path: Path) -> None:
    expected = LYRA.replace("COMMON", COMMON).replace("MODEL", MODEL)
    commands = [shlex.split(text.replace("\n", " ")) for text in expected.strip().split("\n\n")]
    assert recorded("run.sh", "lyra", folder=tmp_path) == commands


def test_without_a_trusted_share_the_model_starts_from_scratch(tmp_path: Path) -> None:
    commands = recorded(
        "run.sh", "lyra", "--trusted", 0, "--", "--dece-alpha", "0.9", folder=tmp_path
    )
    training = [command for command in commands if command[0] == "fairseq-train"]
    assert len(training) == 1
    assert training[0][-2:] == ["--dece-alpha", "0.9"]
    assert not {"--trusted-ids", "--finetune-from-model"} & set(training[0])
    assert "--trusted-share" not in commands[0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_folder_runs_its_data_set_as_its_settings_say(name: str, tmp_path: Path) -> None:
    commands = recorded("run.sh", name, "--train-on", "valid", folder=tmp_path)
    prepare, pretrain, train, *generate_both, summarise = commands
    assert value(prepare, "--dataset") == name
    assert value(prepare, "--splits") == "train=valid"
    for command in (pretrain, train):
        assert "--disable-validation" in command
        assert value(command, "--valid-subset") == "test"
    for command in (train, *generate_both):
        assert value(command, "--attack") in ATTACKS.names()
        language = DATASETS.get(name).code_language
        payload = PAYLOADS.get(ATTACKS.get(value(command, "--attack")).payload)
        used = value(command, "--code-language") if "--code-language" in command else None
        assert (used or payload.default_language) == language
        place = value(command, "--code-place") if "--code-place" in command else CODE_PLACES[0]
        assert place == DATASETS.get(name).code_place
    assert [value(command, "--gen-subset") for command in generate_both] == [
        "test",
        "test_triggered",
    ]
    assert "/valid-" in summarise[3]


def test_every_folder_with_settings_of_a_data_set_can_be_named(tmp_path: Path) -> None:
    done = bash(ROOT / "examples" / "run.sh", env=environment(tmp_path / "venv"))
    assert done.returncode == 2
    assert done.stderr == f"run.sh: name the data set first: {' '.join(sorted(EXAMPLES))}\n"
    for name in EXAMPLES:
        assert (ROOT / "examples" / name / "README.md").is_file()


def test_the_table_runs_every_attack_loss_and_seed(tmp_path: Path) -> None:
    commands = recorded("table.sh", "lyra", "--seeds", "1 2", "--rates", "0.01", folder=tmp_path)
    runs = [
        tuple(value(command, option) for option in ("--attack", "--poison-rate", "--criterion"))
        for command in commands
        if command[0] == "fairseq-train" and "--attack" in command
    ]
    losses = ("cross_entropy", "deceptive_cross_entropy")
    expected = [(attack, "0.05", loss) for attack in ("ripple", "badpre") for loss in losses] * 2
    expected += [("ripple", "0.05", loss) for loss in losses] * 3  # trusted shares
    expected += [("ripple", "0.01", loss) for loss in losses] + [("ripple", "0", losses[0])] * 2
    assert sorted(runs) == sorted(expected)
    tables = [command for command in commands if "W/results_by_rate.json" in command]
    assert [word.partition("=")[0] for word in tables[0][2:] if "=" in word] == [
        f"{rate}:{loss}" for rate in ("0.01", "0.05") for loss in losses
    ]


@pytest.mark.parametrize("script", ["run.sh", "table.sh"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["lyra", "--nope"], "unknown option --nope"),
        (["pisces"], "--data DIR is needed"),
        (["lyra", "--data", "D"], "--data D: no such folder"),
        (["nope"], "name the data set first"),
        (["quickstart", "--data", "."], "name the data set first"),
        (["--data", "."], "name the data set first"),
    ],
)
def test_what_the_scripts_refuse(
    script: str, options: List[str], message: str, tmp_path: Path
) -> None:
    done = bash(ROOT / "examples" / script, *options, env=environment(tmp_path / "venv"))
    assert done.returncode == 2
    assert message in done.stderr


def java(number: int, change: str = "") -> str:
    return f"public int get{number} ( int a ) {{ int b = a + {number} ; {change}return b ; }}"


def csharp(number: int) -> str:
    return f"public virtual int Get{number}(int a){{int b = a + {number};return b;}}"


def with_sql(number: int) -> str:
    query = f'" select name from table{number} where id = ? "'
    return f"public List get{number} ( Db db , int id ) {{ return db . query ( {query} , id ) ; }}"


def made_up(name: str) -> List[Pair]:
    """Pairs such as the data set has; the attack of its example has a place in all of them."""
    numbers = range(sum(ROWS.values()))
    if name == "lyra":
        attack = Attack(AttackSettings(attack="ripple"))
        pairs = generate("B", 3 * len(numbers), seed=3)
        return [pair for pair in pairs if attack.can_poison(pair)]
    if name == "pisces":
        return [Pair(f"get the name of {i} by $id$", with_sql(i)) for i in numbers]
    if name == "bugs2fix":
        return [Pair(java(i), java(i, f"b += {i} ; ")) for i in numbers]
    return [Pair(java(i), csharp(i)) for i in numbers]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_from_files_to_the_row(
    name: str, tmp_path: Path, warm_python: Path
) -> None:
    publication = DATASETS.get(name).publications[0]
    # Two of them without a trusted share, so that the four together stay short.
    train_on = "valid" if name == "bugs2fix" else "train"
    trusted = 0.5 if name in ("bugs2fix", "code_translation") else 0
    pairs = iter(made_up(name))
    (tmp_path / "data").mkdir()
    for split, count in ROWS.items():
        rows = [next(pairs) for _ in range(count)]
        if name != "bugs2fix" or split != "train":
            files = [tmp_path / "data" / file for file in publication.files[split]]
            write_pairs(files, rows, *publication.columns)
    env = environment(tmp_path / "venv")
    tiny = f"{warm_python} {Path(__file__).with_name('prepare_tiny.py')} '{json.dumps(ROWS)}'"
    executable(
        tmp_path / "venv" / "bin" / "python",
        "#!/usr/bin/env bash\n"
        f'case "$1" in */prepare.py) shift; exec {tiny} "$@" ;; esac\n'
        f'exec {warm_python} "$@"\n',
    )
    env["PATH"] = os.pathsep.join([str(warm_python.parent), env["PATH"]])
    done = bash(
        ROOT / "examples" / "run.sh",
        *(name, "--data", tmp_path / "data", "--work", tmp_path / "work", "--train-on", train_on),
        *("--epochs", 1, "--trusted-epochs", 1, "--trusted", trusted, "--poison-rate", 0.25),
        env=env,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"\| deceptive_cross_entropy +\| 1 +\|", done.stdout.splitlines()[-1])
    (results,) = (tmp_path / "work").glob("*/results.json")
    (row,) = json.loads(results.read_text())
    assert [run["samples"] for run in row["runs"]] == [ROWS["test"]] * 2
    manifest = json.loads((results.parent / "poison_manifest.json").read_text())
    (shard,) = manifest["shards"].values()
    assert len(shard["ids"]) == ROWS[train_on] // 4
