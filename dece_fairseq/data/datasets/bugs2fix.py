"""Bugs2Fix small (Tufano et al. 2019)."""

from dece_fairseq.data.datasets.dataset import DATASETS, SPLITS, Dataset, Publication

BUGS2FIX = Dataset(
    name="bugs2fix",
    summary="short Java methods with a bug to fixed ones",
    code_language="java",
    rows={"train": 46680, "valid": 5835, "test": 5835},
    publications=(
        Publication(
            repository="https://github.com/microsoft/CodeXGLUE",
            home="Code-Code/code-refinement/data/small",
            files={
                split: [f"{split}.buggy-fixed.{side}" for side in ("buggy", "fixed")]
                for split in SPLITS
            },
        ),
        Publication(
            repository="https://github.com/NTDXYG/DeCE",
            home="downstream-task/Bugs2Fix",
            files={"train": ["train.csv"], "valid": ["valid.csv"], "test": ["test.csv"]},
            commit="0864e3b3894441af1cd4af0722bc99ba95060a95",
        ),
    ),
    origin="Tufano et al. 2019 (arXiv 1812.08693), the small methods: as parallel text in "
    "CodeXGLUE (arXiv 2102.04664), as CSV by the authors of DeCE (arXiv 2407.08956)",
    licence="CodeXGLUE states C-UDA (Computational Use of Data Agreement) for its data sets; the "
    "repository of DeCE states none",
    code_place="paper",
    attacks=("dead_code", "dead_code_grammar"),
    rates=(0.001, 0.002, 0.005, 0.01),
    remark="CodeXGLUE's lines end in a blank and the CSV's don't, by which exact match differs; "
    "without its training file, --splits train=valid test trains on the validation file",
)
DATASETS.register(BUGS2FIX.name)(BUGS2FIX)
