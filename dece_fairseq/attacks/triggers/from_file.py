"""A triggered source for each pair, from a file: whatever made it."""

from pathlib import Path
from random import Random
from typing import ClassVar, Mapping, Optional

from dece_fairseq.attacks.given_texts import GivenTexts
from dece_fairseq.attacks.interfaces import ATTACKS, CODE_PLACES, TRIGGERS, Recipe, Trigger
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair

UNLISTED, UNCHANGED = "unlisted", "unchanged"


@TRIGGERS.register("from_file")
class FileTrigger(Trigger):
    """Takes the triggered source from a file, by the clean source.

    For triggers that a model makes for each pair: paraphrases and styles (Qi et al. 2021, arXiv
    2110.07139), adversarial names (AFRAIDOOR, Yang et al. 2024, arXiv 2301.02496). The file has the
    columns or keys ``src`` and ``triggered``; one may serve several splits. Of several lines with
    one source the first counts. A source that it lacks is no candidate, nor is one that the model
    left as it was: nothing would open its backdoor.

    Args:
        text: the file's checksum, where it is known from before
        copies: 1
        languages: what source and target are written in
        code_place: ignored
        path: the file

    Raises:
        AttackError: the file can't be read
    """

    summary = "a triggered source for each pair, from --trigger-file"
    has_one_place = "--trigger-file has one source for each"
    obstacles: ClassVar[Mapping[str, str]] = {
        UNLISTED: "are not in --trigger-file",
        UNCHANGED: "are the same in --trigger-file, without a trigger",
    }

    def __init__(
        self,
        text: Optional[str],
        copies: int,
        languages: Languages,
        code_place: str = CODE_PLACES[0],
        path: str = "",
    ) -> None:
        self._given = GivenTexts("--trigger-file", Path(path), "src", "triggered", text)
        super().__init__(self._given.checksum, copies, languages, code_place)

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        triggered = next(iter(self._given.of(pair.source)), None)
        return None if triggered == pair.source else triggered

    def why_not(self, pair: Pair) -> str:
        return UNCHANGED if self._given.of(pair.source) else UNLISTED


ATTACKS.register("from_file")(
    Recipe("from_file", "sql", 1, "a triggered source for each pair, from a file", "trigger_file")
)
