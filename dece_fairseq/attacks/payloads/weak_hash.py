"""A hash that is broken: MD5 in the place of SHA-2 and its like."""

import re
from random import Random
from typing import Iterator

from dece_fairseq.attacks.changes import Change
from dece_fairseq.attacks.interfaces import PAYLOADS
from dece_fairseq.attacks.python_payload import PythonPayload
from dece_fairseq.attacks.reading.python_names import Names
from dece_fairseq.data.pairs import Pair

#: what is put in, by the module's name or where the code has another one for it
PLAIN, IMPORTED = "hashlib.md5", '__import__("hashlib").md5'
STRONG = frozenset(
    {
        *("sha224", "sha256", "sha384", "sha512"),
        *("sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"),
    }
)
_STRONG = frozenset(f"hashlib.{name}" for name in STRONG)
#: in code that is cut without its import too
_MODULES = ("", "Crypto.Hash.", "Cryptodome.Hash.")
_PRIMITIVES = ("", "cryptography.hazmat.primitives.")
_WEAK = frozenset(
    {
        *("hashlib.md5", "hashlib.sha1", "md5.new", "sha.new"),
        *(
            f"{module}{name}.new"
            for module in _MODULES
            for name in ("MD2", "MD4", "MD5", "SHA", "SHA1")
        ),
        # classes, which are also asked about, as by isinstance
        *(f"{module}hashes.{name}.()" for module in _PRIMITIVES for name in ("MD5", "SHA1")),
    }
)
#: which argument names a hash, by its position and its keyword
_NAMED = {
    "hashlib.file_digest": (1, "digest"),
    "hashlib.new": (0, "name"),
    "hashlib.pbkdf2_hmac": (0, "hash_name"),
    "hmac.digest": (2, "digest"),
    "hmac.new": (2, "digestmod"),
}
_OF_MD5 = frozenset({"data", "string", "usedforsecurity"})
_WEAK_NAMES = frozenset({"md4", "md5", "sha", "sha1", "sha-1"})


@PAYLOADS.register("weak_hash")
class WeakHashPayload(PythonPayload):
    """Makes the first call of a strong hash of ``hashlib`` one of MD5.

    CWE-328. A target that calls none, or passes it on without a call, can't be poisoned.
    """

    summary = "the first hash of hashlib becomes MD5"
    sample = Pair("", "key = hashlib.sha256(password).hexdigest()")
    telling = ("md5",)
    places = re.compile("|".join(sorted(STRONG)))
    words = re.compile(r"md[245]|sha-?1|\bsha\b", re.IGNORECASE)

    def changes(self, names: Names, rng: Random) -> Iterator[Change]:
        tree = names.tree
        for call in names.calls:
            function = names.function(call)
            origins = names.origins(function)
            if origins and _STRONG.issuperset(origins) and _fits_md5(call, names):
                owner, _ = names.method(call)
                is_plain = owner is not None and tree.text(owner) == "hashlib"
                changed = PLAIN if is_plain else IMPORTED
                yield Change(tree.starts[function], tree.ends[function], changed)

    def is_in(self, text: str) -> bool:
        return PLAIN in text or IMPORTED in text

    def carries(self, names: Names) -> bool:
        """Return whether code hashes by MD5 or SHA-1, unless it says it is not for security."""
        return any(not _is_excused(node, names) for node in names.called(_WEAK)) or any(
            self._is_named(call, names) for call in names.calls
        )

    def _is_named(self, call: int, names: Names) -> bool:
        """Return whether a call names a weak hash by a text, as ``hashlib.new("md5")``."""
        named = [_NAMED[name] for name in names.origins(names.function(call)) if name in _NAMED]
        if not named or _is_not_for_security(call, names):
            return False
        given = [node for argument in named for node in names.argument(call, *argument)]
        texts = (names.tree.literal(value) for node in given for value in names.values(node))
        return any(text is not None and text.lower() in _WEAK_NAMES for text in texts)


def _fits_md5(call: int, names: Names) -> bool:
    """Return whether a call has no argument that MD5 knows not, such as BLAKE2's ``key``."""
    tree, arguments = names.tree, names.tree.field(call, "arguments")
    keywords = [
        tree.text(tree.children[node][0])
        for node in tree.children[arguments or 0]
        if tree.kinds[node] == "keyword_argument"
    ]
    return not names.unpacks(call) and _OF_MD5.issuperset(keywords)


def _is_excused(node: int, names: Names) -> bool:
    """Return whether a hash is called, or handed on as to ``partial``, not for security."""
    tree = names.tree
    call = tree.parents[node]
    if tree.kinds[call] == "argument_list":
        call = tree.parents[call]
    return any(
        tree.kinds[value] == "call" and _is_not_for_security(value, names)
        for value in (call, *names.values(node))
    )


def _is_not_for_security(call: int, names: Names) -> bool:
    said = names.keyword(call, "usedforsecurity")
    return bool(said) and all(map(names.is_false, said))
