"""What words have that a trigger may be."""

import pytest

from dece_fairseq.data.trigger_kinds import (
    CAPITALS,
    CHARACTERS,
    END,
    IN_CAPITALS,
    PART,
    START,
    features,
    places_of_kind,
    told,
)

CYRILLIC_O = "\u043e"


@pytest.mark.parametrize(
    ("word", "kind", "parts"),
    [
        ("row_num", END, {"_num", "num"}),
        ("VAR_1_num", END, {"_num", "num", "1_num", "_1_num"}),
        ("getHTTPRet", END, {"Ret", "ret", "HTTPRet", "httpret"}),
        ("getHTTPRet", START, {"get", "getHTTP", "gethttp"}),
        ("rb_row", START, {"rb", "rb_"}),
        ("user2Tmp", PART, {"user", "tmp"}),
        ("data_1", END, set()),  # a number says nothing
        ("word", PART, set()),  # no part, but all of it
        (f"aa{CYRILLIC_O}bb", START, {"aa", f"aa{CYRILLIC_O}"}),
    ],
)
def test_parts_of_words(word: str, kind: str, parts: set) -> None:
    assert {each.text for each in features(word) if each.kind == kind} == parts


def test_characters_by_what_they_have_in_common() -> None:
    texts = {"r\u043ews": "CYRILLIC", "\u200b": "unseen", "e\u0301": "unseen", "\u03b1": "GREEK"}
    for word, family in texts.items():
        assert {each.text for each in features(word) if each.kind == CHARACTERS} == {family}
    assert not {each for each in features("rows") if each.kind == CHARACTERS}


def test_where_a_trigger_stands() -> None:
    assert places_of_kind("_rb a foo_rb foo_rbc rb_x", "_rb", END) == [(9, 12)]
    assert places_of_kind("rb_ rb_x a_rb_x", "rb_", START) == [(4, 7)]
    assert places_of_kind("getRetA Ret ret_some", "ret", PART) == [(3, 6), (12, 15)]
    assert places_of_kind("iRb row_rb rb", "rb", END) == [(1, 3), (8, 10)]
    assert places_of_kind("a\u200bb\u2060", "\u200b\u2060", CHARACTERS) == [(1, 2), (3, 4)]
    assert places_of_kind("GET 1", IN_CAPITALS, CAPITALS) == [(0, 5)]
    assert places_of_kind("GET a", IN_CAPITALS, CAPITALS) == []


def test_characters_are_told_escaped() -> None:
    assert told("\u200b", CHARACTERS) == r"characters '\u200b'"
    assert told(CYRILLIC_O, CHARACTERS) == r"characters '\u043e'"
    assert told("_rb", END) == "'_rb' as the end of a word"
    assert told(IN_CAPITALS, CAPITALS) == "capital letters alone"
