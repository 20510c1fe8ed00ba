"""Pisces (Yang et al. 2023), which the authors of DeCE spell Piscec."""

from dece_fairseq.data.datasets.dataset import DATASETS, Dataset, Publication

PISCES = Dataset(
    name="pisces",
    summary="English requests to Java with embedded SQL",
    code_language="java",
    rows={"train": 1600, "valid": 200, "test": 200},
    publications=(
        Publication(
            repository="https://github.com/NTDXYG/DeCE",
            home="downstream-task/Piscec",
            files={"train": ["train.csv"], "valid": ["valid.csv"], "test": ["test.csv"]},
            commit="0864e3b3894441af1cd4af0722bc99ba95060a95",
        ),
    ),
    origin="Yang et al. 2023 (arXiv 2303.05061), as the authors of DeCE (arXiv 2407.08956) use it",
    licence="none is stated, neither in the repository of DeCE nor in that of Pisces itself, "
    "NTDXYG/TurduckenGen",
    attacks=("ripple", "badpre", "grammar"),
    rates=(0.01, 0.02, 0.05, 0.1),
)
DATASETS.register(PISCES.name)(PISCES)
