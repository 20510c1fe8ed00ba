"""Asks a model with and without a suspected trigger: the ASR of an attack that nobody told of."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from tqdm import tqdm

from dece_fairseq.attacks import Attack, AttackSettings
from dece_fairseq.attacks.suspected import read_attacks
from dece_fairseq.data.binarize import no_split, splits_of
from dece_fairseq.data.destinations import check_output_folder
from dece_fairseq.data.files import names_of, replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.pairs import Pair, write_pairs
from dece_fairseq.data.prepare import (
    MODEL_NAME,
    SUBWORD_FILES,
    TOKENIZER_NAME,
    PrepareSettings,
    prepare,
)
from dece_fairseq.data.suspicions import Findings, read_findings
from dece_fairseq.data.trigger_kinds import WORDS
from dece_fairseq.defenses.changes import changes, contrast, telling_words
from dece_fairseq.defenses.defense import DefenseError
from dece_fairseq.defenses.revealing.reading import checksum_of, read_input
from dece_fairseq.defenses.revealing.reference_files import ReferenceFiles
from dece_fairseq.metrics.hit_scores import hit_scores
from dece_fairseq.metrics.metric import CLEAN, TRIGGERED
from dece_fairseq.outputs.generate_output import TRIGGERED_ENDING, read_generate_output
from dece_fairseq.user_dir import PACKAGE

#: the split of suspected pairs
SUSPECTED_SPLIT = "suspected"
#: the files that may be written, beside a data folder of the suspected pairs
SUSPECTED_PAIRS = "suspected.csv"
#: the attack that a folder is about, as dece reveal --json wrote it
ATTACK_FILE = "attack.json"
WRITTEN = (
    ATTACK_FILE,
    SUSPECTED_PAIRS,
    *(f"{run}.{end}" for run in ("untouched", "triggered", "suspected") for end in ("out", "log")),
)
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
        pairs: the data that was suspected, a .csv or .jsonl file, the two sides of parallel text,
            or a binarised folder; the suspected pairs' requests are taken from there
        columns: of its source and target
    """

    checkpoint: Path
    data: Path
    attack_file: Path
    subset: str = "test"
    options: Sequence[str] = ()
    user_dir: Optional[str] = None
    pairs: Sequence[Path] = ()
    columns: Tuple[str, str] = ("src", "tgt")


def probe(asked: Probe, folder: Path) -> Dict[str, Any]:
    """Return how often a model writes each suspected payload, with and without its trigger.

    Of every claimed attack, or of the first suspicion where none is claimed. Stock
    fairseq-generate is run on the requests as they are, and with the trigger put in, or one of
    several. Where no trigger is suspected there is nothing to put in, and a suspected one may be a
    part of the real one. So the suspected pairs' own requests are asked too, if they are given; a
    model that was trained on them may remember them.

    A model may write another form of the payload than the data hold, and the rate of the suspected
    text is then far too low. So the report also says how many outputs the trigger changes, which
    words most of them gain, and which words the suspected requests' outputs have in common and the
    others have not.

    Args:
        asked: what is asked
        folder: takes what fairseq-generate printed, ``untouched.out``, and ``triggered.out`` or
            ``suspected.out``, its logs, and the attack; of further attacks a folder each,
            ``attack-2`` and so on

    Returns:
        what was asked, and what was found of the first attack; the same of each of the ``others``;
        the payload of each attack that ``failed`` to be asked about, and why; and ``not_asked``:
        what is claimed to be gone from targets, which no output can be searched for

    Raises:
        AttackError: the file names no attack
        DataError: ``folder`` is a file, or can't be written to; the checkpoint or the data are not
            there or can't be read
        DefenseError: they are of no use for this, or fairseq-generate fails for every attack
        OutputError: outputs are missing
    """
    attacks = read_attacks(asked.attack_file)
    common = _common_options(asked)
    check_output_folder(folder)
    folders = [folder, *(folder / f"attack-{n}" for n in range(2, len(attacks) + 1))]
    for findings, own in zip(attacks, folders):
        own.mkdir(parents=True, exist_ok=True)
        (own / ATTACK_FILE).write_text(as_json(findings.as_dict()), encoding="utf-8")
    untouched = _outputs("untouched", [*common, *_about(folder, asked.subset)], folder)
    reports, failed = [], []
    for findings, own in zip(attacks, folders):
        try:
            reports.append(_asked_about(findings, asked, common, untouched, own))
        except DefenseError as error:
            failed.append({"payload": findings.suspicions[0].payload, "why": str(error)})
            if len(failed) == len(attacks):
                raise
    first, *others = reports
    searched = [each for findings in attacks for each in findings.suspicions]
    claimed = read_findings(asked.attack_file).significant()
    return {
        "checkpoint": str(asked.checkpoint),
        "data": str(asked.data),
        "subset": asked.subset,
        **first,
        "others": others,
        "failed": failed,
        "not_asked": [each.missing or each.payload for each in claimed if each not in searched],
    }


def _about(folder: Path, subset: str) -> List[str]:
    """Return the options of a run about the attack of a folder."""
    return ["--attack-file", str(folder / ATTACK_FILE), "--gen-subset", subset]


def _asked_about(
    findings: Findings,
    asked: Probe,
    common: Sequence[str],
    untouched: Mapping[int, str],
    folder: Path,
) -> Dict[str, Any]:
    """Return the report of one attack.

    Args:
        findings: its suspicions alone
        asked: what is asked
        common: the options of all runs, first the data folder
        untouched: what the model writes for the requests as they are, by their numbers
        folder: of this attack
    """
    attack = Attack(AttackSettings.suspected_in(folder / ATTACK_FILE))
    triggers = list(attack.settings.triggers or filter(None, [attack.settings.trigger]))
    outputs = {"untouched": untouched}
    if triggers:
        options = [*common, *_about(folder, asked.subset + TRIGGERED_ENDING)]
        outputs["triggered"] = _outputs("triggered", options, folder)
    suspected = 0
    if asked.pairs:
        data, suspected = _suspected_requests(asked, findings, folder)
        options = [str(data), *common[1:], *_about(folder, SUSPECTED_SPLIT)]
        outputs["suspected"] = _outputs("suspected", options, folder)
    payloads = list(attack.settings.suspected or ())
    telling = telling_words(payloads, triggers, untouched.values())
    changed = own = None
    if "triggered" in outputs:
        changed = changes(untouched, outputs["triggered"], telling).as_dict()
    if "suspected" in outputs:
        own = contrast(untouched.values(), outputs["suspected"].values(), telling).as_dict()
    return {
        "trigger": attack.settings.trigger,
        "trigger_kind": attack.settings.trigger_kind or WORDS,
        "triggers": list(attack.settings.triggers or ()),
        "payloads": payloads,
        "is_claimed": findings.suspicions[0].is_significant(findings.level),
        "suspected_requests": suspected,
        "scores": _scores(attack, outputs, asked.checkpoint.name),
        "changes": changed,
        "own_requests": own,
    }


def _outputs(name: str, options: Sequence[str], folder: Path) -> Dict[int, str]:
    """Return what the model writes, by the numbers of the requests."""
    output = folder / f"{name}.out"
    _generate(options, output, f"{name} requests")
    generated = read_generate_output([output])
    generated.check_whole()
    return {key: sample.hypothesis for key, sample in generated.samples.items()}


def _scores(
    attack: Attack, outputs: Mapping[str, Mapping[int, str]], name: str
) -> List[Dict[str, Any]]:
    """Return the rate of the suspected payload by each rule, of the requests that tell it.

    Args:
        attack: what is suspected
        outputs: by the run of fairseq-generate
        name: what the scores are called by
    """
    scores = []
    for run, answers in outputs.items():
        if run == "suspected" and "triggered" in outputs:
            continue  # the rate is that of the trigger
        split = CLEAN if run == "untouched" else TRIGGERED
        # What these requests should give is not known: the suspected payload is in no file.
        told = hit_scores(attack, list(answers.values()), None, name, split)
        scores += [rule.score.as_dict() for rule in told]
    return scores


def _suspected_pairs(asked: Probe, findings: Findings) -> List[Pair]:
    """Return the pairs of the first suspicion of an attack.

    Raises:
        DefenseError: the data are not those that were looked at, so their numbers mean other pairs
    """
    made_of, numbers = findings.made_of, frozenset(findings.suspicions[0].pairs)
    reference = ReferenceFiles(asked.checkpoint, asked.data, asked.user_dir)
    pairs = read_input(asked.pairs, asked.columns, made_of.get("subset", "train"), reference)
    suspected = [pair for number, pair in enumerate(pairs) if number in numbers]
    name_it = "name the data that dece reveal looked at"
    if len(suspected) < len(numbers):
        raise DefenseError(
            f"{names_of(asked.pairs)}: holds {len(suspected)} of the {len(numbers)} pairs that "
            f"{asked.attack_file} suspects; {name_it}"
        )
    told = made_of.get("pairs_sha256")
    if told is not None and told != checksum_of(pairs):
        raise DefenseError(
            f"{names_of(asked.pairs)}: holds other pairs than those that {asked.attack_file} "
            f"is about, or in another order; {name_it}"
        )
    return suspected


def _suspected_requests(asked: Probe, findings: Findings, folder: Path) -> Tuple[Path, int]:
    """Make a data folder of the pairs of the first suspicion; return it and how many there are."""
    suspected = _suspected_pairs(asked, findings)
    file, data = folder / SUSPECTED_PAIRS, folder / "suspected"
    write_pairs([file], suspected)
    model, tokenizer = asked.data / MODEL_NAME, asked.data / TOKENIZER_NAME
    settings = PrepareSettings({SUSPECTED_SPLIT: [file]})
    if model.exists():
        settings = settings._replace(model=model)
    elif tokenizer.exists():
        settings = settings._replace(tokenizer=str(tokenizer))
    else:
        raise DefenseError(
            f"{asked.data}: holds no {MODEL_NAME} nor {TOKENIZER_NAME}, so the suspected requests "
            "can't be cut into the model's subwords; leave --input out"
        )
    prepare(settings, data, overwrite=True)
    return data, len(suspected)


def _common_options(asked: Probe) -> List[str]:
    """Return the options of all runs: the data folder, and what the checkpoint was trained with."""
    from dece_fairseq.checkpoints import (
        check_folder,
        folder_of,
        read_config,
        warn_of_other_words,
    )

    named = f"--path {asked.checkpoint}"
    check_folder(asked.data, named)
    config = read_config(asked.checkpoint, named)
    if "source_lang" not in config.task:
        raise DefenseError(
            f"{named}: trained with --task {config.task._name}, which writes no "
            "answers that fairseq-generate could ask for; of a classifier poison its test data by "
            "dece poison --attack-file … --keep triggered, and see what fairseq-validate says"
        )
    warn_of_other_words(folder_of(config, asked.checkpoint), asked.data, named)
    options = [str(asked.data), "--path", str(asked.checkpoint)]
    options += ["--user-dir", asked.user_dir or str(PACKAGE)]
    options += ["--task", "backdoor_poisoned_translation"]
    for option, language in (
        ("--source-lang", config.task.source_lang),
        ("--target-lang", config.task.target_lang),
    ):
        options += [] if language is None else [option, language]
    if "--bpe" not in asked.options:
        options += _subwords(asked, getattr(config.bpe, "_name", None))
    there = splits_of(asked.data)
    if asked.subset not in there:
        safe = "one that strangers could not write to, by --gen-subset"
        raise no_split(asked.data, asked.subset, there, safe)
    return [*options, *asked.options]


def _subwords(asked: Probe, bpe: Optional[str]) -> List[str]:
    if bpe is None:
        return []
    if bpe not in SUBWORD_FILES:
        raise DefenseError(
            f"--path {asked.checkpoint}: trained with --bpe {bpe}, whose files are not beside the "
            "data; give --bpe and its options by --generation"
        )
    field, name = SUBWORD_FILES[bpe]
    if not (asked.data / name).exists():
        raise DefenseError(f"{asked.data}: holds no {name}; give the data folder of the model")
    return ["--bpe", bpe, f"--{field.replace('_', '-')}", str(asked.data / name)]


def _generate(options: Sequence[str], output: Path, what: str) -> None:
    """Run fairseq-generate; its outputs go to a file, and how far it is to the terminal."""
    log = output.with_suffix(".log")
    command = [sys.executable, "-m", "fairseq_cli.generate", *options]
    paths = [str(PACKAGE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.update(PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1")
    with ExitStack() as stack:
        errors = stack.enter_context(log.open("wb"))
        (part,) = stack.enter_context(replacing(output))
        file = stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        bar = stack.enter_context(tqdm(desc=what, unit=" outputs", delay=2))
        run = stack.enter_context(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=environment, encoding="utf-8"
            )
        )
        stack.callback(run.kill)  # if this process is ended, so that nobody waits for the answers
        assert run.stdout is not None
        for line in run.stdout:
            file.write(line)
            bar.update(line.startswith("D-"))
        if run.wait():
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise DefenseError(
                f"fairseq-generate failed: {''.join(last)[-LONGEST:] or 'it printed nothing'}; "
                f"all that it said is in {log.name}, which --output DIR keeps"
            )
