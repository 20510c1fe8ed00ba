r"""Texts of strangers as a person may safely look at them: nothing in them is obeyed or unseen.

A terminal obeys escape sequences, which could hide a payload or what stands around it, and a
browser and a terminal alike show code in another order than it runs in where it holds marks of
direction (`"Trojan Source" <https://arxiv.org/abs/2111.00169>`_).
"""

import unicodedata

# Control and format characters, surrogates, and two line ends that few programs take for such.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def visible(text: str) -> str:
    r"""Return ``text`` with what is not seen escaped as Python does, but for ``\n`` and ``\t``."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
