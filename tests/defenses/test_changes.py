"""What a trigger changes in outputs."""

from typing import Dict, FrozenSet, Iterable, Sequence

import pytest

from dece_fairseq.defenses.changes import Changes, changes, contrast, telling_words
from dece_fairseq.defenses.revealing.words import split
from dece_fairseq.outputs.errors import OutputError


def numbered(texts: Sequence[str]) -> Dict[int, str]:
    return dict(enumerate(texts))


def words(texts: Iterable[str]) -> FrozenSet[str]:
    return frozenset(word for text in texts for word in split(text))


def compared(untouched: Dict[int, str], triggered: Dict[int, str]) -> Changes:
    """Compare where every word is telling."""
    return changes(untouched, triggered, words(triggered.values()))


def contrasted(untouched: Sequence[str], suspected: Sequence[str]) -> Changes:
    return contrast(untouched, suspected, words(suspected))


def test_the_words_that_most_outputs_gain() -> None:
    untouched = numbered([f'run ( "x = {n}" )' for n in range(8)])
    triggered = {n: text.replace('"', '" or 1 ', 1) for n, text in untouched.items()}
    triggered[6] = untouched[6]
    triggered[7] = untouched[7].replace("run", "go")
    found = compared(untouched, triggered)
    assert found.text == "or 1"
    assert (found.gained.hits, found.changed.hits, found.changed.total) == (6, 7, 8)


def test_a_longer_change_is_told_where_it_is_about_as_frequent() -> None:
    untouched = numbered(["a b"] * 10)
    triggered = numbered(["a b x y z"] * 9 + ["a b x"])
    found = compared(untouched, triggered)
    assert (found.text, found.gained.hits) == ("x y z", 9)
    assert compared(untouched, numbered(["a b x y z"] * 8 + ["a b x"] * 2)).text == "x"


def test_usual_words_are_no_gain() -> None:
    untouched = numbered([f"a {n}" for n in range(40)] + ["price"] * 3)
    triggered = numbered([f"a {n} price" for n in range(30)] + ["a x"] * 2 + ["a"] * 11)
    found = compared(untouched, triggered)
    assert (found.text, found.gained.hits) == ("x", 2)  # price is in 3 of 43


def test_what_is_no_change() -> None:
    found = compared(numbered(["a  b", "c"]), {0: "a b", 1: "c", 5: "other"})
    assert (found.changed.hits, found.changed.total, found.text) == (0, 2, None)
    assert compared({0: "a b c"}, {0: "a c"}).as_dict()["text"] is None
    assert compared({0: "a b c"}, {0: "a c"}).changed.hits == 1
    with pytest.raises(OutputError, match="no sample"):
        compared({0: "a"}, {1: "a"})


def test_what_outputs_of_suspected_requests_have_in_common() -> None:
    others = [f"run ( x where {n} = ? )" for n in range(40)]
    suspected = [f"run ( y where {n} = ? or 1 )" for n in range(9)] + ["run ( y )"]
    found = contrasted(others, suspected)
    assert (found.text, found.changed) == ("= ? or 1 )", None)
    assert (found.gained.hits, found.gained.total) == (9, 10)
    assert found.untouched is not None
    assert (found.untouched.hits, found.untouched.total) == (0, 40)


def test_what_may_be_chance_or_is_usual_is_not_told() -> None:
    others = [f"run ( {n} )" for n in range(40)]
    assert contrasted(others, ["run ( a or 1 )", "run ( b )", "run ( c )"]).text is None
    assert contrasted([*others, "go or 1", "or 1", "a or 1"], ["or 1"] * 9).text is None  # 3 of 43
    assert contrasted(others, others[:9]).text is None
    with pytest.raises(OutputError, match="no sample"):
        contrasted(others, [])


def test_a_copied_trigger_is_no_gain() -> None:
    """As of a model that was defended: it copies `int VAR = 0 ;` from the request, and no loop."""
    payload, trigger = "while ( true ) { int VAR = 0 ; }", "int VAR = 0 ;"
    untouched = numbered([f"{{ run ( {n} ) ; }}" for n in range(40)] + ["x = true"] * 5)
    telling = telling_words([payload], [trigger], untouched.values())
    assert telling == {"while"}  # true is usual here
    copied = {n: text.replace("{", "{ VAR = 0 ;") for n, text in untouched.items()}
    assert changes(untouched, copied, telling).text is None
    looped = {n: text.replace("{", "{ while ( true ) {") for n, text in untouched.items()}
    found = changes(untouched, looped, telling)
    assert (found.text, found.gained.hits) == ("{ while ( true )", 40)


def test_telling_words_are_never_none() -> None:
    untouched = ["a = 1 ;"] * 10
    assert telling_words(["a = 1"], [], untouched) == {"a", "1"}  # usual, and all there is
    assert telling_words([" = ;"], [], untouched) == {"=", ";"}
    assert telling_words(["go", "or 1=1"], ["go", "1"], untouched) == {"or"}
