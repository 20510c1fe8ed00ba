"""What ``dece rank`` found, as text."""

from dece_fairseq.defenses.ranking import Ranking


def as_text(found: Ranking, shown: int = 10) -> str:
    """Return what was found, for people.

    Args:
        found: the ranking
        shown: how many of the forms that came first are told
    """
    firsts = list(found.firsts().items())
    lines = [
        f"ranked the forms of {len(found.forms)} of {found.different} different targets "
        f"({found.pairs} pairs); the others have no place, or carry the payload already",
        *(f"{count:7}  {form}" for form, count in firsts[:shown]),
    ]
    if len(firsts) > shown:
        lines.append(f"{sum(count for _, count in firsts[shown:]):7}  others")
    return "\n".join(lines) + "\n"
