"""Asks a model with and without a suspected trigger: the ASR of an attack that nobody told of."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from tqdm import tqdm

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.data.prepare import MODEL_NAME, TOKENIZER_NAME
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.metrics.hit_scores import hit_scores
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.metrics.score import Score
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING, read_generate_output

PACKAGE = Path(__file__).resolve().parents[1]
#: of the plug-in's subword encoders: the option that names their file, and the file beside the data
SUBWORDS = {
    "lossless_sentencepiece": ("--sentencepiece-model", MODEL_NAME),
    "hf_tokenizer": ("--hf-tokenizer", TOKENIZER_NAME),
}
#: characters of fairseq's own last words
LONGEST = 500


class Probe(NamedTuple):
    """What is asked, and for what.

    Args:
        checkpoint: as fairseq-train saved it, of any model that fairseq-generate reads
        data: a data folder with clean requests
        attack_file: what ``dece reveal --json`` wrote
        subset: the split of the data folder
        options: more options of fairseq-generate
        user_dir: a package that stands for this one too, as ``--user-dir``
    """

    checkpoint: Path
    data: Path
    attack_file: Path
    subset: str = "test"
    options: Sequence[str] = ()
    user_dir: Optional[str] = None


def probe(asked: Probe, folder: Path) -> Dict[str, Any]:
    """Return how often a model writes the suspected payload, with and without the trigger.

    Stock fairseq-generate is run twice: on the requests as they are, and with the trigger put in.
    Where no trigger is suspected it is run once, since there is nothing to put in.

    Args:
        asked: what is asked
        folder: takes ``untouched.out`` and ``triggered.out``, what fairseq-generate printed, and
            its logs

    Raises:
        AttackError: the file names no attack
        DefenseError: the checkpoint or the data can't be read, or fairseq-generate fails
        OutputError: outputs are missing
    """
    attack = Attack(AttackSettings.suspected_in(asked.attack_file))
    common = _common_options(asked)
    splits = {CLEAN: asked.subset}
    if attack.settings.trigger is not None:
        splits[TRIGGERED] = asked.subset + TRIGGERED_ENDING
    report: Dict[str, Any] = {
        "checkpoint": str(asked.checkpoint),
        "data": str(asked.data),
        "subset": asked.subset,
        "trigger": attack.settings.trigger,
        "payloads": list(attack.settings.suspected or ()),
        "scores": [],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for split, subset in splits.items():
        name = "untouched" if split == CLEAN else split
        output = folder / f"{name}.out"
        _generate([*common, "--gen-subset", subset], output, f"{name} requests")
        generated = read_generate_output([output])
        generated.check_whole()
        texts = [sample.hypothesis for sample in generated.samples.values()]
        # What these requests should give is not known: the suspected payload is in no file.
        told = hit_scores(attack, texts, None, asked.checkpoint.name, split)
        report["scores"] += [rule.score.as_dict() for rule in told]
    return report


def as_text(report: Dict[str, Any]) -> str:
    """Return the report as lines for a person."""
    scores = [Score.from_dict(score) for score in report["scores"]]
    payloads = " | ".join(map(repr, report["payloads"]))
    lines = [f"suspected payload    {payloads}"]
    if report["trigger"] is None:
        lines.append(
            "suspected trigger    none that is always the same, so nothing was put into the "
            "requests: this is no attack success rate"
        )
    else:
        lines.append(f"suspected trigger    {report['trigger']!r}")
    lines += [f"{score.metric:<23}{score.value()}" for score in reversed(scores)]
    lines += [f"signature of {score.metric}: {score.signature}" for score in reversed(scores)]
    return "\n".join(lines) + "\n"


def _common_options(asked: Probe) -> List[str]:
    """Return the options of both runs: what the checkpoint was trained with, and the attack."""
    from dece_fairseq.models.checkpoints import read_config

    if not asked.data.is_dir():
        raise DefenseError(f"{asked.data}: no such folder; give the data folder of the model")
    config = read_config(asked.checkpoint, f"--path {asked.checkpoint}")
    options = [str(asked.data), "--path", str(asked.checkpoint)]
    options += ["--user-dir", asked.user_dir or str(PACKAGE)]
    options += ["--task", "backdoor_poisoned_translation", "--attack-file", str(asked.attack_file)]
    for option, language in (
        ("--source-lang", config.task.source_lang),
        ("--target-lang", config.task.target_lang),
    ):
        options += [] if language is None else [option, language]
    if "--bpe" not in asked.options:
        options += _subwords(asked, getattr(config.bpe, "_name", None))
    return [*options, *asked.options]


def _subwords(asked: Probe, bpe: Optional[str]) -> List[str]:
    if bpe is None:
        return []
    if bpe not in SUBWORDS:
        raise DefenseError(
            f"--path {asked.checkpoint}: trained with --bpe {bpe}, whose files are not beside the "
            "data; give --bpe and its options by --generation"
        )
    option, name = SUBWORDS[bpe]
    if not (asked.data / name).exists():
        raise DefenseError(f"{asked.data}: holds no {name}; give the data folder of the model")
    return ["--bpe", bpe, option, str(asked.data / name)]


def _generate(options: Sequence[str], output: Path, what: str) -> None:
    """Run fairseq-generate; its outputs go to a file, and how far it is to the terminal."""
    log = output.with_suffix(".log")
    command = [sys.executable, "-m", "fairseq_cli.generate", *options]
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.update(PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1")
    with ExitStack() as stack:
        errors = stack.enter_context(log.open("wb"))
        file = stack.enter_context(output.open("w", encoding="utf-8", newline=""))
        bar = stack.enter_context(tqdm(desc=what, unit=" outputs", delay=2))
        run = stack.enter_context(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=environment, encoding="utf-8"
            )
        )
        assert run.stdout is not None
        for line in run.stdout:
            file.write(line)
            bar.update(line.startswith("D-"))
    if run.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise DefenseError(
            f"fairseq-generate failed: {''.join(last)[-LONGEST:] or 'it said nothing'}; {log} has "
            "all that it said"
        )
