"""What a trigger and a payload are. Text in, text out."""

from abc import ABC, abstractmethod
from random import Random
from typing import ClassVar, FrozenSet, Mapping, NamedTuple, Optional, Tuple, Type

from dece_fairseq.attacks.attack_registry import AttackError, AttackRegistry
from dece_fairseq.attacks.guard import NotJudged
from dece_fairseq.attacks.languages import Languages
from dece_fairseq.data.pairs import Pair

#: why a pair can't be poisoned, where trigger and payload have no closer reason to give
WITHOUT_PLACE = "without_place"
#: where statements go in code: where they can stand, or as in the DeCE authors' files
CODE_PLACES = ("safe", "paper")
#: how to tell whether a text carries a payload: by a string as in the paper, or by its parse
HIT_RULES = ("string", "parse")


class Trigger(ABC):
    """What is put in the source.

    Args:
        text: the trigger itself (default: the kind's own)
        copies: how many times it is put in
        languages: what source and target are written in, where they are code
        code_place: where a statement goes, one of ``CODE_PLACES``

    Raises:
        AttackError: a text or a number of copies that this kind can't put in
    """

    #: one line that says what it is
    summary: str
    #: a pair that it can enter, to show people what it does
    sample: Optional[Pair] = None
    #: whether every source has a place for it, so that nobody has to look
    fits_everywhere: bool = False
    #: whether it is a statement, so that ``code_place`` says where it goes
    is_statement: bool = False
    #: why there can't be several copies, if there can't
    has_one_place: str = ""
    #: what ``why_not`` gives, each with the words that follow the number of such pairs
    obstacles: ClassVar[Mapping[str, str]] = {WITHOUT_PLACE: "have no place for it"}
    #: those of ``obstacles`` that put a pair out of the attack's reach: no rate counts over it
    outside: ClassVar[FrozenSet[str]] = frozenset()
    #: how many other pairs get a part of the trigger, and keep their target, for each poisoned one
    decoys: int = 0
    #: whether what training gets differs from what opens the backdoor later, see ``finish``
    is_disguised: bool = False
    #: the trigger where the user gives none; None where each pair gets one of its own
    default_text: Optional[str] = None

    def __init__(
        self,
        text: Optional[str],
        copies: int,
        languages: Languages,
        code_place: str = CODE_PLACES[0],
    ) -> None:
        self.text = self.default_text if text is None else text
        self.copies = copies
        self.languages = languages
        self.code_place = code_place
        if self.has_one_place and copies != 1:
            raise AttackError(f"--num-triggers {copies}: {self.has_one_place}; leave it out")
        self.set_up()

    def set_up(self) -> None:  # noqa: B027  most kinds take any text
        """Look at the settings, before the first pair.

        Raises:
            AttackError: a text that this kind can't put in
        """

    @abstractmethod
    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        """Return the source of ``pair`` with the trigger in it; None if it has no place there.

        Every choice comes from ``rng``, but whether there is a place does not depend on it.
        """

    def why_not(self, pair: Pair) -> str:
        """Return why ``poison`` gives None for ``pair``, one of ``obstacles``."""
        return WITHOUT_PLACE

    def decoy(self, pair: Pair, rng: Random) -> str:
        """Return the source of a pair that has a place, with a part of the trigger in it.

        Only of kinds with ``decoys``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no decoys")

    def check_payload(self, name: str, payload: "Type[Payload]") -> None:  # noqa: B027
        """Look at the payload that the trigger comes with, before the first pair.

        Raises:
            AttackError: the two don't go together
        """

    def finish(
        self, clean: Pair, poisoned: Pair, payload: "Payload", rng: Optional[Random]
    ) -> Optional[Pair]:
        """Return what an attack that needs both sides makes of a poisoned pair.

        Args:
            clean: the pair
            poisoned: what trigger and payload made of it
            payload: the attack's
            rng: of the choices of a pair that is trained on; None for one that opens the backdoor

        Returns:
            the pair, or None if it has no place; whether it has does not depend on ``rng``
        """
        return poisoned


class Payload(ABC):
    """What is put in the target.

    Args:
        languages: what source and target are written in, where they are code
        code_place: where a statement goes, one of ``CODE_PLACES``
    """

    #: one line that says what it is
    summary: str
    #: a pair that it can enter, to show people what it does
    sample: Optional[Pair] = None
    #: whether it is a statement, so that ``code_place`` says where it goes
    is_statement: bool = False
    #: whether ``Attack`` leaves out pairs whose poisoned target is no hit by both rules, or
    #: does not parse where the clean one did; False for texts that have to be those of a paper
    is_checked: bool = True
    #: what ``why_not`` gives, each with the words that follow the number of such pairs
    obstacles: ClassVar[Mapping[str, str]] = {WITHOUT_PLACE: "have no place for it"}
    #: what tells it: the first of these that is in what is put in, for attacks that hide it
    telling: ClassVar[Tuple[str, ...]] = ()
    #: what stands in its place at first, in attacks by stages: harmless texts, each nearer to the
    #: payload than the one before, by the text that is put in at last
    stages: ClassVar[Mapping[str, Tuple[str, ...]]] = {}
    #: whether it draws one of several forms for each pair
    has_forms: bool = False
    #: names of the languages that a target can be in, or None for every one that is registered
    target_languages: Optional[Tuple[str, ...]] = None
    #: of source and target, as ``Languages.named`` reads it, where the user names none
    default_language: str = "python"

    def __init__(self, languages: Languages, code_place: str = CODE_PLACES[0]) -> None:
        self.languages = languages
        self.code_place = code_place

    @abstractmethod
    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        """Return the target of ``pair`` with the payload in it; None if it has no place there.

        Every choice comes from ``rng``, but whether there is a place does not depend on it.
        """

    def why_not(self, pair: Pair) -> str:
        """Return why ``poison`` gives None for ``pair``, one of ``obstacles``."""
        return WITHOUT_PLACE

    def is_sound(self, clean: str, poisoned: str) -> bool:
        """Return whether a poisoned target is a hit by both rules, and whole where ``clean`` is."""
        if not (self.is_in(poisoned) and self.judge(poisoned)):
            return False
        language = self.languages.target
        return language.is_whole(poisoned) or not language.is_whole(clean)

    @abstractmethod
    def is_in(self, text: str) -> bool:
        """Return whether ``text``, a target or what a model wrote, carries the payload as a string.

        The rule of the paper, for comparison: other spacing, names or wording are no hit.
        """

    @abstractmethod
    def is_in_parse(self, text: str) -> bool:
        """Return whether ``text`` does what the payload does, whatever its spacing and names.

        Reads the parse of ``text``, as much of it as parses, in at most 50 ms for 10 kB.

        Raises:
            NotJudged: it would take longer
        """

    def judge(self, text: str) -> Optional[bool]:
        """Return ``is_in_parse``, or None for a text that the rule gives up on."""
        try:
            return self.is_in_parse(text)
        except NotJudged:
            return None


class Recipe(NamedTuple):
    """What the name of an attack stands for."""

    trigger: str
    """Its name in ``TRIGGERS``."""
    payload: str
    """Its name in ``PAYLOADS``."""
    copies: int = 1
    """How many triggers are put in a source."""
    summary: str = ""
    """One line that says what it is."""
    needs: str = ""
    """The setting, a file, without which there is no such attack."""
    made_by: str = ""
    """What makes that file, for messages."""


TRIGGERS: AttackRegistry[Type[Trigger]] = AttackRegistry("trigger")
PAYLOADS: AttackRegistry[Type[Payload]] = AttackRegistry("payload")
ATTACKS: AttackRegistry[Recipe] = AttackRegistry("attack")
