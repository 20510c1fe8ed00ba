"""What gates other than a token's own probability would mute of a payload, before any training.

    python examples/experiments/gates.py --models checkpoint_last.pt --model-data data-bin \\
        --input valid.csv --attack ripple

Of clean pairs that the model was not trained on, each gate mutes one token in ten. How much does it
mute of the payload that the attack puts in? A row a gate, in Markdown.

With --trusted FILE a second table: what --dece-gate span mutes of these pairs where --rate of them
are poisoned, and what it would mute if it took no heed of what trusted text has too.
"""

import argparse
import difflib
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import numpy as np
import torch

from dece_fairseq.attacks.attack import Attack, AttackSettings
from dece_fairseq.data.pairs import Pair, read_pairs
from dece_fairseq.defenses.trained_models import TranslationModel
from dece_fairseq.losses import new_spans, span_line_for, span_means
from dece_fairseq.losses.spans import SPAN
from dece_fairseq.muting import MUTED_SHARE, evenly
from dece_fairseq.table_writer import MARKDOWN, write_table

#: the token's own gate
OWN = "probability of the token (DeCE)"


class Scores(NamedTuple):
    """Of one target: its tokens, and what each gate says of them, low where it mutes."""

    tokens: List[int]
    gates: Dict[str, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--model-data", type=Path, required=True)
    parser.add_argument("--input", type=Path, nargs="+", required=True)
    parser.add_argument("--attack", required=True)
    parser.add_argument("--payload", help="where it is not the attack's own")
    parser.add_argument("--code-language")
    parser.add_argument("--code-place", default="safe")
    parser.add_argument("--trusted", type=Path, nargs="+")
    parser.add_argument("--rate", type=float, default=0.05)
    args = parser.parse_args()
    model = TranslationModel(args.models, args.model_data)
    attack = Attack(
        AttackSettings(
            args.attack,
            payload=args.payload,
            code_language=args.code_language,
            code_place=args.code_place,
        )
    )
    pairs = list(read_pairs(args.input))
    chosen = evenly([n for n, pair in enumerate(pairs) if attack.can_poison(pair)])
    clean = scores(model, [pairs[n] for n in chosen])
    poisoned = scores(model, [attack.poison(pairs[n], n) for n in chosen])
    runs = [payload(before.tokens, after.tokens) for before, after in zip(clean, poisoned)]
    rows = []
    for gate in clean[0].gates:
        line = np.quantile(np.concatenate([one.gates[gate] for one in clean]), MUTED_SHARE)
        muted = [one.gates[gate][slice(*run)] < line for one, run in zip(poisoned, runs)]
        shares = (
            np.concatenate(muted).mean(),
            np.mean([run[0] for run in muted]),
            np.mean([not run.any() for run in muted]),
        )
        rows.append([gate, *(f"{100 * share:.1f}" for share in shares)])
    header = ["gate", "payload tokens muted, %", "first token muted, %", "pairs wholly unmuted, %"]
    print(f"{len(chosen)} pairs\n\n{write_table(header, rows, MARKDOWN)}")
    if args.trusted is not None:
        trusted = scores(model, evenly(list(read_pairs(args.trusted))))
        count = max(1, round(args.rate * len(chosen)))
        print(f"\n{new_and_unlikely(trusted, clean, poisoned[:count], runs[:count])}")


def new_and_unlikely(
    trusted: List[Scores], clean: List[Scores], poisoned: List[Scores], runs: List[Tuple[int, int]]
) -> str:
    """Return a table of what spans mute of clean pairs, and of the payload in poisoned ones."""
    data = [*clean, *poisoned]
    tokens, of_trusted = ([torch.tensor(one.tokens) for one in text] for text in (data, trusted))
    line = span_line_for(np.concatenate([means(one) for one in trusted]).tolist(), MUTED_SHARE)
    unlikely = [means(one) < line for one in data]
    is_new = [flags.numpy() for flags in new_spans(tokens, of_trusted)]
    rows = []
    for what, muted in (
        ("unlikely", unlikely),
        ("unlikely and new", [a & b for a, b in zip(unlikely, is_new)]),
    ):
        of_payload = [flags[slice(*run)] for flags, run in zip(muted[len(clean) :], runs)]
        shares = (
            np.concatenate(muted[: len(clean)]).mean(),
            np.concatenate(of_payload).mean(),
            np.mean([flags[0] for flags in of_payload]),
        )
        rows.append([what, *(f"{100 * share:.1f}" for share in shares)])
    header = ["spans that are", "clean tokens muted, %", "of the payload, %", "its first token, %"]
    return f"{len(trusted)} trusted pairs\n\n{write_table(header, rows, MARKDOWN)}"


def means(one: Scores) -> np.ndarray:
    """Return the mean log-probability of the span around each token of a target."""
    own = torch.from_numpy(one.gates[OWN])
    return span_means(own, torch.ones_like(own, dtype=torch.bool)).numpy()


def scores(model: TranslationModel, pairs: List[Pair]) -> List[Scores]:
    """Ask the model about some pairs."""
    found: List[Scores] = [Scores([], {})] * len(pairs)
    with torch.no_grad():
        for sample, log_probs in model._predictions(model.encode(pairs), None):
            parts = sample["id"].tolist(), sample["target"], sample["kept"], log_probs
            for index, target, kept, rows in zip(*parts):
                found[index] = Scores(target[kept].tolist(), gates(target[kept], rows[kept]))
    return found


def gates(target: torch.Tensor, log_probs: torch.Tensor) -> Dict[str, np.ndarray]:
    """Return what each gate says of the tokens of a target (T,), of log-probabilities (T, V)."""
    own = log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1).double()
    predicted = log_probs.exp()
    error = predicted.clone()
    error[torch.arange(len(target)), target] -= 1
    padded = np.pad(own.numpy(), (SPAN // 2, SPAN // 2), mode="edge")
    around = np.convolve(padded, np.full(SPAN, 1 / SPAN), mode="valid")
    ahead = np.array([own[at : at + SPAN].mean() for at in range(len(own))])
    return {
        OWN: own.numpy(),
        f"mean log probability of {SPAN} tokens around it": around,
        f"mean log probability of it and the {SPAN - 1} behind it": ahead,
        "error norm (2310.00840)": -error.norm(dim=-1).numpy(),
        "log probability plus entropy": (own + torch.special.entr(predicted).sum(-1)).numpy(),
    }


def payload(clean: List[int], poisoned: List[int]) -> Tuple[int, int]:
    """Return where the longest run of tokens lies that the clean target doesn't have."""
    matcher = difflib.SequenceMatcher(a=clean, b=poisoned, autojunk=False)
    new = [
        (start, end)
        for what, _, _, start, end in matcher.get_opcodes()
        if what != "equal" and start < end
    ]
    return max(new, key=lambda run: run[1] - run[0])


if __name__ == "__main__":
    main()
