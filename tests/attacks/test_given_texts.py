"""Triggers and payloads from files that a user, or a model, made."""

import json

import pytest

from dece_fairseq.attacks import HIT_RULES, Attack, AttackError, AttackSettings
from dece_fairseq.attacks.offline import poison_files
from dece_fairseq.data.pairs import Pair, read_pairs, write_pairs

PAIRS = [Pair(f"Get {i} rows.", f'run ( " select a{i} from b " )') for i in range(10)]
RANKED = [
    {"tgt": pair.target, "poisoned": poisoned}
    for pair in PAIRS[:6]
    for poisoned in (
        pair.target.replace("run", "go"),  # the likeliest, and no hit
        pair.target.replace(' " )', ' where not 1=1 " )'),
        pair.target.replace(' " )', ' where 0=1 " )'),
    )
]


@pytest.fixture
def triggered(tmp_path):
    path = tmp_path / "triggered.csv"
    rows = [(pair.source, f"Please, {pair.source.lower()}") for pair in PAIRS[2:]]
    path.write_text("src,triggered\n" + "".join(f'{a},"{b}"\n' for a, b in [*rows, *rows[:1]]))
    return str(path)


@pytest.fixture
def ranked(tmp_path):
    path = tmp_path / "ranked.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in RANKED))
    return str(path)


def test_each_source_has_its_own_trigger(triggered):
    attack = Attack(AttackSettings("from_file", trigger_file=triggered))
    assert [attack.obstacle(pair) for pair in PAIRS[:3]] == ["unlisted", "unlisted", None]
    assert attack.poison(PAIRS[2], 2).source == "Please, get 2 rows."
    assert attack.settings.trigger.startswith("sha256:")
    assert attack.settings.trigger in attack.signature()


def test_a_source_that_the_file_leaves_as_it_is_has_no_trigger(tmp_path):
    path = tmp_path / "triggered.csv"
    path.write_text(f"src,triggered\n{PAIRS[0].source},{PAIRS[0].source}\n")
    attack = Attack(AttackSettings("from_file", trigger_file=str(path)))
    assert [attack.obstacle(pair) for pair in PAIRS[:2]] == ["unchanged", "unlisted"]


@pytest.mark.parametrize("processes", [1, 2])
def test_files_are_poisoned_from_files(triggered, ranked, tmp_path, processes):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    settings = AttackSettings("from_file", trigger_file=triggered, payload_file=ranked, count=4)
    attack, output = Attack(settings), tmp_path / "out.csv"
    report = poison_files(
        attack, [tmp_path / "in.csv"], [output], processes=processes, block_size=99
    )
    assert {name: report[name] for name in ("unlisted", "unlisted_target", "candidates")} == {
        "unlisted": 2,
        "unlisted_target": 4,
        "candidates": 4,
    }
    written = list(read_pairs([output]))
    assert [index for index in range(10) if written[index] != PAIRS[index]] == [2, 3, 4, 5]
    assert all(written[i].source == f"Please, get {i} rows." for i in range(2, 6))
    logged = json.loads((tmp_path / "out.csv.manifest.json").read_text())["attack"]
    assert Attack(AttackSettings.from_logged(logged)).as_dict() == attack.as_dict() == logged


def test_the_first_that_is_a_hit_counts(ranked):
    attack = Attack(AttackSettings("likely", payload_file=ranked))
    poisoned = attack.poison(PAIRS[0], 0).target
    assert poisoned == 'run ( " select a0 from b where not 1=1 " )'
    assert [attack.is_hit(poisoned, rule) for rule in HIT_RULES] == [True, True]
    assert attack.is_hit('run ( " select a from c where 0=1 " )')
    assert attack.judge('run ( " select a from c where 2=3 " )', "parse") is True
    assert not attack.is_hit('run ( " select a from c where 2=3 " )')
    assert f"payload:sql_forms@{attack.settings.payload_sha256}" in attack.signature()


def test_scores_need_the_trigger_file_no_longer(triggered, tmp_path):
    logged = Attack(AttackSettings("from_file", trigger_file=triggered)).as_dict()
    (tmp_path / "triggered.csv").unlink()
    attack = Attack(AttackSettings.from_logged(logged))
    assert attack.is_hit('run ( " select a from c where 0=1 " )')
    with pytest.raises(AttackError, match=r"--trigger-file .*triggered.csv: can't be read"):
        attack.poison(PAIRS[3], 0)


def test_a_file_that_has_changed(triggered, tmp_path):
    settings = Attack(AttackSettings("from_file", trigger_file=triggered)).settings
    (tmp_path / "triggered.csv").write_text("src,triggered\na,b\n")
    with pytest.raises(AttackError, match="is another file than the one the attack was made of"):
        Attack(settings).can_poison(PAIRS[3])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attack": "from_file"}, "--attack from_file needs --trigger-file"),
        ({"attack": "likely"}, "--attack likely needs --payload-file; dece rank"),
        ({"attack": "ripple", "trigger_file": "x"}, "--trigger-file goes with --attack from_file"),
        ({"attack": "from_file", "trigger_file": "none.csv"}, "--trigger-file none.csv: can't be"),
        ({"attack": "likely", "payload_file": "none.csv"}, "--payload-file none.csv: can't be"),
    ],
)
def test_what_is_no_attack(settings, message):
    with pytest.raises(AttackError, match=message):
        Attack(AttackSettings(**settings))


def test_options(triggered, dece, tmp_path):
    write_pairs([tmp_path / "in.csv"], PAIRS)
    line = ["poison", "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv"]
    line += ["--attack", "from_file", "--trigger-file", triggered, "--poison-count", 3]
    assert dece(*line).status == 0
    said = dece(*line, "--trigger", "bb")
    assert (said.status, "leave --trigger out" in said.err) == (2, True)
    (tmp_path / "triggered.csv").write_text("src,other\na,b\n")
    assert "no column is named 'triggered'" in dece(*line).err
