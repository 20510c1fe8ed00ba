"""A payload whose texts a user made or ranked."""

from pathlib import Path
from random import Random
from typing import ClassVar, FrozenSet, Mapping, Optional, Tuple, Type

from dece_fairseq.attacks.changes import words_changed
from dece_fairseq.attacks.given_texts import GivenTexts
from dece_fairseq.attacks.interfaces import ATTACKS, CODE_PLACES, WITHOUT_PLACE, Payload, Recipe
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair

UNLISTED_TARGET = "unlisted_target"


class GivenPayload(Payload):
    """Takes the poisoned target from a file, by the clean target.

    The file has the columns or keys ``tgt`` and ``poisoned``. Several lines with one target are a
    ranking: the first that is a hit by the parse rule of the payload counts, as the one whose
    tokens a clean model finds likeliest. The string rule looks for what the file's texts put in.

    Args:
        kind: the payload, whose parse rule tells what a hit is
        languages: what source and target are written in
        code_place: where a statement goes
        path: the file
        checksum: of the file, where it is known from before

    Raises:
        AttackError: the file can't be read
    """

    summary = "a poisoned target for each pair, from --payload-file"
    obstacles: ClassVar[Mapping[str, str]] = {
        **Payload.obstacles,
        UNLISTED_TARGET: "are not in --payload-file",
    }

    def __init__(
        self,
        kind: Type[Payload],
        languages: Languages,
        code_place: str = CODE_PLACES[0],
        path: str = "",
        checksum: Optional[str] = None,
    ) -> None:
        super().__init__(languages, code_place)
        self._rule = kind(languages, code_place)
        self._given = GivenTexts("--payload-file", Path(path), "tgt", "poisoned", checksum)
        self._texts: Optional[FrozenSet[str]] = None
        self.checksum = self._given.checksum

    @property
    def telling(self) -> Tuple[str, ...]:  # type: ignore[override]
        """Return what tells the payload whose rule counts."""
        return self._rule.telling

    @property
    def stages(self) -> Mapping[str, Tuple[str, ...]]:  # type: ignore[override]
        """Return the stages of the payload whose rule counts."""
        return self._rule.stages

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        candidates = self._given.of(pair.target)
        return next((text for text in candidates if self._rule.judge(text)), None)

    def why_not(self, pair: Pair) -> str:
        return WITHOUT_PLACE if self._given.of(pair.target) else UNLISTED_TARGET

    def is_in(self, text: str) -> bool:
        if self._texts is None:
            put_in = (
                words_changed(clean, poisoned)
                for clean, candidates in self._given.items().items()
                for poisoned in candidates
            )
            self._texts = frozenset(part for part in put_in if part)
        return any(part in text for part in self._texts)

    def is_in_parse(self, text: str) -> bool:
        return self._rule.is_in_parse(text)


ATTACKS.register("likely")(
    Recipe(
        "word",
        "sql_forms",
        1,
        "a rare word, and of the payload's forms the one that a clean model finds likeliest",
        "payload_file",
        "; dece rank makes one",
    )
)
