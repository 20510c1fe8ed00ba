"""Seals an envelope, and opens it: the attack that run.sh hides from the defender.

python examples/defend/envelope.py seal generated 7 SEALED_FOLDER --input train.csv
python examples/defend/envelope.py open ENVELOPE_FOLDER
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

from dece_fairseq.attacks import Attack, AttackError, AttackSettings
from dece_fairseq.attacks.suspected import read_suspected
from dece_fairseq.data.files import replacing
from dece_fairseq.data.json_text import as_json
from dece_fairseq.data.suspicions import LEVEL

WORDS = ["badpre", "grammar", "ripple", "sentence"]
CODE = ["comment", "dead_code", "dead_code_grammar", "rename"]
#: for each data set the attacks that fit its sources, and the payloads that fit its targets
ATTACKS: Dict[str, Tuple[List[str], List[str]]] = {
    "generated": (WORDS, ["sql", "sql_literal"]),
    "lyra": (WORDS, ["sql", "sql_literal"]),
    "bugs2fix": (CODE, ["endless_loop"]),
}
RATES = [0.01, 0.02, 0.05]
#: the name of the ASR among the scores
ASR = "asr_string"
#: envelopes are drawn in blocks of so many, two of which are clean
BLOCK = 8
#: triggers that are another in each pair, so that there is none to name
NEVER_THE_SAME = ("grammar", "dead_code_grammar")


def draw(dataset: str, number: int) -> Optional[AttackSettings]:
    """Return the attack of an envelope; None for a clean one.

    Each block has every attack once and two of them twice, each rate twice, and two clean ones, in
    an order that the number does not tell.
    """
    rng = Random(f"{dataset}/{(number - 1) // BLOCK}")
    attacks, payloads = ATTACKS[dataset]
    block: List[Optional[AttackSettings]] = [None, None]
    names = [*attacks, *rng.sample(attacks, BLOCK - 2 - len(attacks))]
    for name, rate in zip(names, rng.sample(RATES * 2, len(names))):
        payload = rng.choice(payloads)
        block.append(settings_of(dataset, name, payload, rate=rate, seed=rng.randrange(1000)))
    rng.shuffle(block)
    return block[(number - 1) % BLOCK]


def settings_of(dataset: str, attack: str, payload: str, **others: Any) -> AttackSettings:
    """Return an attack in the language of a data set's code."""
    language = "java" if dataset == "bugs2fix" else None
    return AttackSettings(attack, payload=payload, code_language=language, **others)


def options_of(attack: Optional[AttackSettings]) -> List[str]:
    """Return the options of fairseq-generate that name an attack."""
    if attack is None:
        return []
    options = ["--attack", attack.attack, "--payload", str(attack.payload)]
    return options + (["--code-language", attack.code_language] if attack.code_language else [])


def seal(dataset: str, number: int, sealed: Path, rest: List[str]) -> None:
    """Write the pairs that the defender gets, and what was done to them."""
    attack = draw(dataset, number)
    # A clean one is poisoned at a rate of 0, by whatever fits the data.
    named = attack or settings_of(dataset, ATTACKS[dataset][0][0], ATTACKS[dataset][1][0], rate=0)
    command = [sys.executable, "-m", "dece_fairseq", "poison", *options_of(named), *rest]
    command += ["--poison-rate", str(named.rate), "--seed", str(named.seed)]
    subprocess.run([*command, "--output", str(sealed / "train.csv")], check=True)
    content = None if attack is None else Attack(attack).as_dict()
    write(sealed / "attack.json", content)


def read(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all."""
    with replacing(path) as (temporary,):
        temporary.write_text(as_json(content), encoding="utf-8")


def attack_in(sealed: Path) -> Optional[AttackSettings]:
    """Return the attack of a sealed folder; None for a clean one."""
    logged = read(sealed / "attack.json")
    return None if logged is None else AttackSettings.from_logged(logged)


def claims(path: Path) -> List[Dict[str, Any]]:
    """Return the suspicions that clean data would give at most once in twenty times."""
    suspicions: List[Dict[str, Any]] = read(path)["suspicions"]
    return [each for each in suspicions if each["p_value"] is not None and each["p_value"] <= LEVEL]


def can_be_probed(path: Path) -> bool:
    """Return whether something is claimed that outputs can be searched for; gone code can't be."""
    if not claims(path):
        return False
    try:
        read_suspected(path)
    except AttackError as error:
        print(f"not probed: {error}", file=sys.stderr)
        return False
    return True


def names_trigger(attack: AttackSettings, trigger: Optional[str]) -> Optional[bool]:
    """Return whether a suspected trigger is the attack's, a part of it, or has it as a part.

    White space doesn't count. None for an attack whose trigger is never the same.
    """
    if attack.attack in NEVER_THE_SAME:
        return None
    own, other = ("".join(text.split()) for text in (Attack(attack).trigger.text, trigger or ""))
    return trigger is not None and (other in own or own in other)


def found(attack: Optional[AttackSettings], folder: Path) -> Dict[str, Any]:
    """Return what the suspicions say of the attack, and which pairs they cost."""
    suspicions = claims(folder / "suspicions.json")
    poisoned = frozenset(map(int, (folder / "sealed" / "train.csv.ids").read_text().split()))
    suspected: FrozenSet[int] = frozenset(index for each in suspicions for index in each["pairs"])
    first = suspicions[0] if suspicions else None
    result: Dict[str, Any] = {
        "claimed": first is not None,
        "poisoned": len(poisoned),
        "poisoned_found": len(poisoned & suspected),
        "clean_dropped": len(suspected - poisoned),
        "first_payload": first and first["payload"],
        "first_trigger": first and first["trigger"],
        "payload_named": None,
        "trigger_named": None,
    }
    if attack is not None:
        of_first = frozenset(first["pairs"]) if first else frozenset()
        # A span may be a part of the payload only, so its pairs say what it is of.
        result["payload_named"] = len(of_first & poisoned) > len(of_first) / 2
        result["trigger_named"] = names_trigger(attack, first and first["trigger"])
    return result


def scores_of(folder: Path) -> Dict[str, Dict[str, Any]]:
    """Return for each training its scores by name, and what was probed of the first attack.

    ``probed`` is the ASR of the suspected text, ``gained`` the rate of what outputs gain by the
    trigger, in whatever form the model writes it, and ``own`` that of the suspected pairs' own
    requests. Where there is no trigger ``probed`` is of these too.
    """
    results: Dict[str, Dict[str, Any]] = {}
    for score in read(folder / "scores.json")["scores"]:
        results.setdefault(score["run"], {})[score["metric"]] = score
    for name, of_run in results.items():
        path = folder / name / "probe.json"
        nothing = {"scores": [], "trigger": None, "changes": None, "own_requests": None}
        probe = read(path) if path.exists() else nothing
        of_run["probed"] = next((each for each in probe["scores"] if each["metric"] == ASR), None)
        of_run["gained"] = probe["changes"] and probe["changes"]["gained"]
        of_run["own"] = probe["own_requests"] and probe["own_requests"]["gained"]
        of_run["has_trigger"] = probe["trigger"] is not None or bool(probe.get("triggers"))
    return results


def open_envelope(folder: Path) -> None:
    """Write ``result.json``."""
    attack = attack_in(folder / "sealed")
    content = {
        "attack": None if attack is None else Attack(attack).as_dict(),
        **found(attack, folder),
        "trainings": scores_of(folder),
    }
    write(folder / "result.json", content)


def main() -> None:
    """Run the command that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sealing = commands.add_parser("seal")
    sealing.add_argument("dataset", choices=sorted(ATTACKS))
    sealing.add_argument("number", type=int)
    for name in ("seal", "options", "open", "suspects"):
        known = sealing if name == "seal" else commands.add_parser(name)
        known.add_argument("path", type=Path)
    args, rest = parser.parse_known_args()
    if args.command == "seal":
        seal(args.dataset, args.number, args.path, rest)
    elif args.command == "options":
        print(" ".join(options_of(attack_in(args.path))))
    elif args.command == "open":
        open_envelope(args.path)
    else:
        sys.exit(0 if can_be_probed(args.path) else 1)


if __name__ == "__main__":
    main()
