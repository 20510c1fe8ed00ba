"""The data sets known by name, one file each; none is shipped. Importing this registers them."""

from dece_fairseq.data.datasets.dataset import DATASETS, Dataset, Located, Publication
from dece_fairseq.data.release import Release
from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__)

__all__ = ["DATASETS", "Dataset", "Located", "Publication", "Release"]
