"""Java to C# of CodeXGLUE (Lu et al. 2021)."""

from dece_fairseq.data.datasets.dataset import DATASETS, SPLITS, Dataset, Publication
from dece_fairseq.data.release import Release

CODE_TRANSLATION = Dataset(
    name="code_translation",
    summary="Java methods to C#",
    code_language="java:csharp",
    rows={"train": 10295, "valid": 499, "test": 1000},
    release="since May 2021",
    earlier=(Release("of 2020", {"train": 10300, "valid": 500, "test": 1000}),),
    publications=(
        Publication(
            repository="https://github.com/microsoft/CodeXGLUE",
            home="Code-Code/code-to-code-trans/data",
            files={
                split: [f"{split}.java-cs.txt.{side}" for side in ("java", "cs")]
                for split in SPLITS
            },
        ),
    ),
    origin="CodeXGLUE (Lu et al. 2021, arXiv 2102.04664): methods of Lucene, POI, JGit and Antlr",
    licence="CodeXGLUE states C-UDA (Computational Use of Data Agreement) for its data sets",
)
DATASETS.register(CODE_TRANSLATION.name)(CODE_TRANSLATION)
