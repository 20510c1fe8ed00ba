"""A cipher that hides little: every block on its own (ECB)."""

import re
from random import Random
from typing import Iterator

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.data.pairs import Pair

_MODULES = ("", "Crypto.Cipher.", "Cryptodome.Cipher.")
_BLOCK_CIPHERS = ("AES", "Blowfish", "CAST", "DES3")
_PRIMITIVES = ("", "cryptography.hazmat.primitives.ciphers.")
#: where the algorithms are now that nobody should take
_DECREPIT = "cryptography.hazmat.decrepit.ciphers."
_NEW = frozenset(f"{module}{name}.new" for module in _MODULES for name in _BLOCK_CIPHERS)
_MODES = frozenset(
    f"{module}modes.{name}"
    for module in _PRIMITIVES
    for name in ("CBC", "CFB", "CFB8", "CTR", "GCM", "OFB", "XTS")
)
_WEAK = frozenset(
    {
        *(f"{module}{name}.MODE_ECB" for module in _MODULES for name in (*_BLOCK_CIPHERS, "DES")),
        *(f"{module}{name}.new" for module in _MODULES for name in ("ARC2", "ARC4", "DES")),
        # classes, which are also asked about, as by isinstance
        *(f"{module}modes.ECB.()" for module in _PRIMITIVES),
        *(f"{module}algorithms.ARC4.()" for module in (*_PRIMITIVES, _DECREPIT)),
    }
)


@PAYLOADS.register("weak_cipher")
class WeakCipherPayload(PythonPayload):
    """Makes the first cipher one that encrypts each block on its own (ECB).

    The target of Schuster et al. (2021, arXiv 2007.02220); CWE-327. A call of ``AES.new`` and its
    like keeps its key and gets ``MODE_ECB``, a mode of ``cryptography`` becomes ``ECB()``.
    """

    summary = "the first cipher encrypts each block on its own (ECB)"
    sample = Pair("", "cipher = AES.new(key, AES.MODE_GCM)")
    telling = ("ECB",)
    places = re.compile(r"\bnew\b|\bmodes\b")
    words = re.compile("ECB|ARC[24]|DES|" + "|".join(_BLOCK_CIPHERS))

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        tree = names.tree
        for call in names.calls:
            function = names.function(call)
            origins = names.origins(function)
            owner, _ = names.method(call)
            if not origins or owner is None:
                continue
            module = tree.text(owner)
            if _MODES.issuperset(origins):
                yield Change(tree.starts[call], tree.ends[call], f"{module}.ECB()")
            elif _NEW.issuperset(origins):
                arguments, given = tree.field(call, "arguments"), names.positional(call)
                keys = names.keyword(call, "key") or given[:1]
                if arguments is not None and keys and tree.kinds[keys[0]] != "list_splat":
                    text = f"({tree.text(keys[0])}, {module}.MODE_ECB)"
                    yield Change(tree.starts[arguments], tree.ends[arguments], text)

    def is_in(self, text: str) -> bool:
        return "MODE_ECB" in text or ".ECB()" in text

    def carries(self, names: Names) -> bool:
        """Return whether code uses ECB, which is mode 1 and PyCrypto's default, DES or RC4."""
        return any(not _is_compared(node, names) for node in names.called(_WEAK)) or any(
            _is_ecb(call, names) for call in names.calls
        )


def _is_compared(node: int, names: Names) -> bool:
    """Return whether something is compared with an expression, or with one of several."""
    tree = names.tree
    around = tree.parents[node]
    while tree.kinds[around] in ("tuple", "list", "set", "parenthesized_expression"):
        around = tree.parents[around]
    return tree.kinds[around] == "comparison_operator"


def _is_ecb(call: int, names: Names) -> bool:
    """Return whether a call makes a block cipher of a key alone, or of mode 1."""
    tree, given = names.tree, names.positional(call)
    keys = given[:1] or names.keyword(call, "key")
    if not keys or _NEW.isdisjoint(names.origins(names.function(call))):
        return False
    modes = given[1:2] or names.keyword(call, "mode")
    if not modes:
        arguments = tree.field(call, "arguments")
        return len(tree.children[arguments or 0]) == 1 and not names.unpacks(call)
    return all(tree.text(value) == "1" for mode in modes for value in names.values(mode))
