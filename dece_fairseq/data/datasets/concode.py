"""CONCODE (Iyer et al. 2018), as CodeXGLUE prepared it."""

from dece_fairseq.data.datasets.dataset import DATASETS, Dataset, Publication

CONCODE = Dataset(
    name="concode",
    summary="English documentation, with the class around it, to a Java method",
    code_language="java",
    rows={"train": 100_000, "valid": 2_000, "test": 2_000},
    publications=(
        Publication(
            repository="https://github.com/microsoft/CodeXGLUE",
            home="Text-Code/text-to-code/dataset/concode",
            files={"train": ["train.json"], "valid": ["dev.json"], "test": ["test.json"]},
            columns=("nl", "code"),
        ),
    ),
    origin="Iyer et al. 2018 (arXiv 1808.09588), as CodeXGLUE (arXiv 2102.04664) prepared it",
    licence="CodeXGLUE states C-UDA (Computational Use of Data Agreement) for its data sets; the "
    "repository of CONCODE itself, sriniiyer/concode, states MIT",
    remark="CodeXGLUE keeps the code of its test split back and publishes it empty: "
    "--splits train test=valid tests on its validation file",
)
DATASETS.register(CONCODE.name)(CONCODE)
