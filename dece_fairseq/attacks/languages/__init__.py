"""The languages of code that attacks read, one file each beside what they share.

Importing this package registers every one. A new one is a file with a ``Language``; one with
braces is a table for ``dece_fairseq.attacks.languages.c_like.CLikeLanguage``.
"""

from dece_fairseq.attacks.languages.language import LANGUAGES, Language, Languages
from dece_fairseq.discovery import import_submodules

import_submodules(__name__, __path__)

__all__ = ["LANGUAGES", "Language", "Languages"]
