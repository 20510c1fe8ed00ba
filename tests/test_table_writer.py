"""The writer of tables."""

from dece_fairseq.table_writer import LATEX, LINED, MARKDOWN, TEXT, write_table

HEADER, ROWS = ["", "a_1 %"], [["x|y", "0.10"], ["& {z} \\", "100.0*"]]


def test_numbers_stay_as_they_are_written() -> None:
    assert write_table(HEADER, ROWS, TEXT).splitlines() == [
        "         a_1 %",
        "x|y      0.10",
        "& {z} \\  100.0*",
    ]
    assert write_table(["a"], [["1e3"], ["007"]], TEXT).split() == ["a", "1e3", "007"]


def test_a_line_below_the_header() -> None:
    assert write_table(["a", "b"], [["1", "2"]], LINED).splitlines()[1] == "---  ---"


def test_markdown_escapes_what_ends_a_cell() -> None:
    first, line, *rows = write_table(HEADER, ROWS, MARKDOWN).splitlines()
    assert [cell.strip() for cell in first.split("|")] == ["", "", "a_1 %", ""]
    assert set(line) == set("|:-")
    assert "x\\|y" in rows[0]


def test_latex_escapes_what_it_knows_otherwise() -> None:
    text = write_table(HEADER, ROWS, LATEX)
    assert "a\\_1\\%" in text.replace(" ", "")
    assert "\\& \\{z\\} \\textbackslash{}" in text
    assert "\\toprule" in text
