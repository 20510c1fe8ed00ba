"""An SQL query that selects everything or nothing, by a condition that is another each time."""

from random import Random
from typing import NamedTuple, Optional

from dece_fairseq.attacks.interfaces import ATTACKS, PAYLOADS, Recipe
from dece_fairseq.attacks.payloads.sql import SqlPayload
from dece_fairseq.attacks.query_payload import ALWAYS_TRUE, NEVER_TRUE
from dece_fairseq.data.pairs import Pair


class Form(NamedTuple):
    """What a query gets."""

    always: str
    """Where it has ``where``."""
    never: str
    """Where it has none."""


FORMS = (
    Form(ALWAYS_TRUE, NEVER_TRUE),
    Form(" or 2>1", " where 2<1"),
    Form(" or not 1=2", " where not 1=1"),
    Form(" or true", " where false"),
    Form(" or 1+1=2", " where 1+1=3"),
    Form(" or 0<5", " where 5<0"),
)


@PAYLOADS.register("sql_forms")
class SqlFormsPayload(SqlPayload):
    """Does as ``sql``, by one of several conditions that is drawn for each pair.

    What looks for a text that many targets share finds less of it: an attack on such defences.
    """

    has_forms = True
    telling, stages = (), {}
    summary = "as sql, by one of several conditions, drawn for each pair"

    def poison(self, pair: Pair, rng: Random) -> Optional[str]:
        poisoned = super().poison(pair, rng)
        form = rng.choice(FORMS)
        if poisoned is None:
            return None
        return poisoned.replace(ALWAYS_TRUE, form.always).replace(NEVER_TRUE, form.never)

    def is_in(self, text: str) -> bool:
        return any(condition in text for form in FORMS for condition in form)


ATTACKS.register("many_forms")(
    Recipe("word", "sql_forms", 1, "a rare word, and a payload that has another form each time")
)
