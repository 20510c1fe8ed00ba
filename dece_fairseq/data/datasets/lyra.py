"""Lyra (Liang et al. 2021)."""

from dece_fairseq.data.datasets.dataset import DATASETS, Dataset, Publication

LYRA = Dataset(
    name="lyra",
    summary="English requests to Python with embedded SQL",
    code_language="python",
    rows={"train": 1600, "valid": 200, "test": 200},
    publications=(
        Publication(
            repository="https://github.com/NTDXYG/DeCE",
            home="dataset/Lyra",
            files={"train": ["train.csv"], "valid": ["valid.csv"], "test": ["test.csv"]},
            commit="28c98d82a24a1a3a5ddac6885399b60045b0ac8f",
        ),
    ),
    origin="Liang et al. 2021 (arXiv 2108.12144), as the authors of DeCE (arXiv 2407.08956) use it",
    licence="MIT in the repository of Lyra itself, LIANGQINGYUAN/Lyra; the repository of DeCE, "
    "whose files these are, states none",
    attacks=("ripple", "badpre", "grammar"),
    rates=(0.01, 0.02, 0.05, 0.1),
)
DATASETS.register(LYRA.name)(LYRA)
