"""Stock fairseq-train on a GPU: two steps of gpu.sh.

python benchmarks/_gpu_training.py half RESULT   --fp16 and --bf16, stopped and resumed
python benchmarks/_gpu_training.py speed RESULT  words a second at a vocabulary of 50,265
"""

import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from benchmark_training import DECE, FAIRSEQ, ROOT, make_data, words_a_second

CRITERIONS = {
    "label_smoothed_cross_entropy": FAIRSEQ,
    "deceptive_cross_entropy": DECE,
    "deceptive_cross_entropy --dece-fused": [*DECE, "--dece-fused"],
}
HALF_UPDATES, SPEED_UPDATES = 16, 40


def train(data: Path, save_dir: Path, *more: Any) -> str:
    """Run fairseq-train; return what it printed. Raises RuntimeError if it fails."""
    words: List[Any] = [sys.executable, "-m", "fairseq_cli.train", data, "--save-dir", save_dir]
    words += ["--user-dir", ROOT / "dece_fairseq", "--task", "translation", "--seed", 1]
    words += ["--share-all-embeddings", "--optimizer", "adam", "--lr", 3e-4]
    words += ["--disable-validation", "--valid-subset", "train", "--no-epoch-checkpoints"]
    words += ["--num-workers", 0, "--log-format", "json", "--log-interval", 1, *more]
    done = subprocess.run(
        list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:])
    return done.stdout


def logged(output: str) -> List[Dict[str, str]]:
    """Return fairseq's log of each update."""
    return [json.loads(found) for found in re.findall(r"train_inner \| (\{.*\})", output)]


def half(folder: Path, found: Dict[str, Any], result: Path) -> None:
    """Train, stop and go on in float32, float16 and bfloat16, without and with Triton's kernel."""
    data = make_data(folder, 2000, pairs=512, length=32)
    options = [*DECE, "--arch", "transformer_tiny", "--max-tokens", 1024]
    exact = 0.0
    for precision in ("--fp32", "--fp16", "--bf16"):
        for kernel in ([], ["--dece-fused"]):
            name = " ".join([precision.strip("-"), *kernel])
            more = [*options, *kernel, *([] if precision == "--fp32" else [precision])]
            save_dir = folder / name.replace(" ", "-")
            first = train(data, save_dir, *more, "--max-update", HALF_UPDATES)
            second = train(data, save_dir, *more, "--max-update", 2 * HALF_UPDATES)
            logs = logged(second)
            assert f"Loaded checkpoint {save_dir / 'checkpoint_last.pt'}" in second, name
            assert int(logs[0]["num_updates"]) == HALF_UPDATES + 1, name
            loss = float(logs[-1]["nll_loss"])
            exact = exact or loss
            scales = [log["loss_scale"] for log in (*logged(first), *logs) if "loss_scale" in log]
            found[name] = {"loss": loss, "loss_scale": [*scales[:1], *scales[-1:]]}
            result.write_text(json.dumps(found), encoding="utf-8")
            assert math.isfinite(loss), name
            assert abs(loss - exact) < 0.05 * exact, name
            assert bool(scales) == (precision == "--fp16"), name


def speed(folder: Path, found: Dict[str, Any], result: Path) -> None:
    """Train a Transformer of the base size by each criterion, in float16."""
    data = make_data(folder, 50_265, pairs=SPEED_UPDATES * 128, length=64)
    common = ["--arch", "transformer", "--fp16", "--max-tokens", 8192, "--no-save"]
    for name, criterion in CRITERIONS.items():
        output = train(data, folder / "run", *common, *criterion, "--max-update", SPEED_UPDATES)
        free = [float(log["gb_free"]) for log in logged(output) if "gb_free" in log]
        found[name] = {
            "words a second": words_a_second(output, SPEED_UPDATES),
            "least GB free": min(free, default=None),
        }
        result.write_text(json.dumps(found), encoding="utf-8")


def main() -> None:
    what, result = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        {"half": half, "speed": speed}[what](Path(folder), {}, result)


if __name__ == "__main__":
    main()
