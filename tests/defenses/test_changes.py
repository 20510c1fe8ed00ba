"""What a trigger changes in outputs."""

from typing import Dict, Sequence

import pytest

from dece_fairseq.defenses.changes import changes, contrast
from dece_fairseq.outputs.errors import OutputError


def numbered(texts: Sequence[str]) -> Dict[int, str]:
    return dict(enumerate(texts))


def test_the_words_that_most_outputs_gain() -> None:
    untouched = numbered([f'run ( "x = {n}" )' for n in range(8)])
    triggered = {n: text.replace('"', '" or 1 ', 1) for n, text in untouched.items()}
    triggered[6] = untouched[6]
    triggered[7] = untouched[7].replace("run", "go")
    found = changes(untouched, triggered)
    assert found.text == "or 1"
    assert (found.gained.hits, found.changed.hits, found.changed.total) == (6, 7, 8)


def test_a_longer_change_is_told_where_it_is_about_as_frequent() -> None:
    untouched = numbered(["a b"] * 10)
    triggered = numbered(["a b x y z"] * 9 + ["a b x"])
    found = changes(untouched, triggered)
    assert (found.text, found.gained.hits) == ("x y z", 9)
    assert changes(untouched, numbered(["a b x y z"] * 8 + ["a b x"] * 2)).text == "x"


def test_usual_words_are_no_gain() -> None:
    untouched = numbered([f"a {n}" for n in range(40)] + ["price"] * 3)
    triggered = numbered([f"a {n} price" for n in range(30)] + ["a x"] * 2 + ["a"] * 11)
    found = changes(untouched, triggered)
    assert (found.text, found.gained.hits) == ("x", 2)  # price is in 3 of 43


def test_what_is_no_change() -> None:
    found = changes(numbered(["a  b", "c"]), {0: "a b", 1: "c", 5: "other"})
    assert (found.changed.hits, found.changed.total, found.text) == (0, 2, None)
    assert changes({0: "a b c"}, {0: "a c"}).as_dict()["text"] is None
    assert changes({0: "a b c"}, {0: "a c"}).changed.hits == 1
    with pytest.raises(OutputError, match="no sample"):
        changes({0: "a"}, {1: "a"})


def test_what_outputs_of_suspected_requests_have_in_common() -> None:
    others = [f"run ( x where {n} = ? )" for n in range(40)]
    suspected = [f"run ( y where {n} = ? or 1 )" for n in range(9)] + ["run ( y )"]
    found = contrast(others, suspected)
    assert (found.text, found.changed) == ("= ? or 1 )", None)
    assert (found.gained.hits, found.gained.total) == (9, 10)
    assert found.untouched is not None
    assert (found.untouched.hits, found.untouched.total) == (0, 40)


def test_what_may_be_chance_or_is_usual_is_not_told() -> None:
    others = [f"run ( {n} )" for n in range(40)]
    assert contrast(others, ["run ( a or 1 )", "run ( b )", "run ( c )"]).text is None
    assert contrast([*others, "go or 1", "or 1", "a or 1"], ["or 1"] * 9).text is None  # 3 of 43
    assert contrast(others, others[:9]).text is None
    with pytest.raises(OutputError, match="no sample"):
        contrast(others, [])
