"""The triggers, one file a kind. Importing this package registers every one of them."""

from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__)
