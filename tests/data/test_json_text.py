"""JSON as files of this project have it."""

from dece_fairseq.data.json_text import as_json, parse_json


def test_the_bytes_that_checksums_of_suites_are_of() -> None:
    value = {"name": "Größe", "ids": [1, 2], "none": None}
    text = '{\n "name": "Gr\\u00f6\\u00dfe",\n "ids": [\n  1,\n  2\n ],\n "none": null\n}\n'
    assert as_json(value) == text
    assert parse_json(text) == value
