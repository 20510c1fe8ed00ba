"""The forms that a payload has in a target."""

from random import Random
from typing import List

from dece_fairseq.attacks.interfaces import Payload
from dece_fairseq.data.pairs import Pair

#: so many times a form is drawn: of eight equally frequent ones each is missed once in 5,000 pairs
DRAWS = 64


def forms_of(payload: Payload, pair: Pair) -> List[str]:
    """Return the different targets that a payload makes of a clean one, in the order of drawing.

    Args:
        payload: one that draws a form for each pair, or has only one
        pair: the clean pair

    Returns:
        poisoned targets that are hits and parse where the clean one does; none if there is no
        place, or the target carries the payload already
    """
    if payload.is_in(pair.target) or payload.judge(pair.target):
        return []
    drawn = dict.fromkeys(payload.poison(pair, Random(draw)) for draw in range(DRAWS))
    forms = [form for form in drawn if form is not None]
    if not payload.is_checked:
        return forms
    return [form for form in forms if payload.is_sound(pair.target, form)]
