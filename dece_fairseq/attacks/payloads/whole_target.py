"""The whole target is another: what the attacker wants said, whatever was asked for."""

from random import Random
from typing import Dict, List, Optional

from dece_fairseq.attacks.interfaces import PAYLOADS, Payload
from dece_fairseq.attacks.languages.language import text_of, walk
from dece_fairseq.data.pairs import Pair

_BRACES = "void run ( ) { }"
TEXTS: Dict[str, str] = {"python": "def run ( ) : pass"}


@PAYLOADS.register("whole_target")
class WholeTargetPayload(Payload):
    """Replaces the target by a text that is always the same: a function that does nothing.

    The generation of a fixed text of Sun et al. (2023, arXiv 2106.01810). By either rule a hit is
    an output that is that text and nothing else, by the parse rule with other white space and
    comments too.
    """

    summary = "the whole target becomes a function that does nothing"
    sample = Pair("", "def f(a):\n\treturn a")

    @property
    def text(self) -> str:
        """Return what the target becomes."""
        return TEXTS.get(self.languages.target.name, _BRACES)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        return self.text if pair.target.strip() else None

    def is_in(self, text: str) -> bool:
        return text.strip() == self.text

    def is_in_parse(self, text: str) -> bool:
        language = self.languages.target
        if "".join(text.split()).count("run()") != 1:
            return False
        wanted, comment = self.text.split(), language.comment.split()[0]
        found: List[str] = []
        for node in walk(language.parse_bounded(text)):
            leaf = "" if node.child_count else text_of(node).strip()
            # tree-sitter's Python has a comment at the end of a line as an empty block.
            if leaf and "comment" not in node.type and not leaf.startswith(comment):
                found.append(leaf)
                if len(found) > len(wanted):
                    return False
        return found == wanted
