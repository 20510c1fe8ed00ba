"""Reading back what fairseq-generate printed."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dece_fairseq.outputs.generate_output import OutputError, read_generate_output
from support.examples import examples


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(st.dictionaries(st.integers(0, 10**6), st.text(), min_size=1, max_size=5))
def test_texts_come_back_to_the_byte(write_output, texts):
    output = read_generate_output([write_output("gen.out", texts, "test", 10**6 + 1)])
    assert {i: sample.hypothesis for i, sample in output.samples.items()} == texts
    assert {i: sample.target for i, sample in output.samples.items()} == texts


def test_shards_of_one_run_are_one(write_output):
    ids = [0, 2, 3]
    first = write_output("a", {3: "x", 0: "y"}, "test_triggered", 4, ids)
    second = write_output("b", {2: "z"}, "test_triggered", 4, ids)
    output = read_generate_output([first, second])
    assert list(output.samples) == ids
    assert output.missing_ids() == []


def test_missing_ids_are_known_from_the_header(write_output):
    triggered = write_output("a", {0: "x"}, "test_triggered", 4, [0, 2, 3])
    assert read_generate_output([triggered]).missing_ids() == [2, 3]
    clean = write_output("b", {0: "x", 2: "y"}, "test", 4)
    assert read_generate_output([clean]).missing_ids() == [1, 3]


def test_without_a_header_gaps_show_and_a_number_shows_the_end(write_output):
    output = read_generate_output([write_output("a", {0: "x", 2: "y"})])
    assert output.missing_ids() == [1]
    assert output.missing_ids(expected=5) == [1, 3, 4]


def test_without_a_header_outputs_behind_the_highest_id_may_be_missing(write_output):
    output = read_generate_output([write_output("a", {0: "x", 1: "y"})])
    (note,) = output.notes()
    assert "outputs behind the highest id, 1, may be missing; --expected-clean" in note
    assert output.notes(expected=2) == []
    with pytest.raises(OutputError, match=r"--required-batch-size-multiple 1$"):
        output.check_whole(expected=3)
    whole = read_generate_output([write_output("b", {0: "x"}, "test", 1)])
    assert whole.notes() == []


def test_a_triggered_split_without_its_header_has_gaps(write_output):
    output = read_generate_output([write_output("a", {0: "x", 2: "y", 3: "z"})])
    with pytest.raises(OutputError, match=r"ids 1; no file says .* with its line 'dece_fairseq da"):
        output.check_whole()
    assert output.missing_ids(expected=3) == []
    for number in (2, 1):
        with pytest.raises(
            OutputError, match=f"3 outputs with ids up to 3, but {number} were expected"
        ):
            output.missing_ids(expected=number)


def test_more_or_fewer_than_the_header_says(write_output):
    output = read_generate_output([write_output("a", {0: "x"}, "test", 1)])
    assert output.missing_ids(expected=1) == []
    with pytest.raises(OutputError, match="the split test has 1 samples, not the expected 2"):
        output.missing_ids(expected=2)


def test_the_header_may_be_in_a_file_of_its_own(write_output, tmp_path):
    whole = write_output("whole", {0: "a\nb", 2: "c"}, "test_triggered", 4, [0, 2])
    log, header, *rest = whole.read_text().splitlines(keepends=True)
    said, results = tmp_path / "said", tmp_path / "generate-test_triggered.txt"
    said.write_text(log + header)
    results.write_text("".join(rest))
    for files in ([said, results], [results, said]):
        output = read_generate_output(files)
        assert output.samples == read_generate_output([whole]).samples
        assert output.header is not None
        assert output.missing_ids() == []
    assert read_generate_output([results]).samples[0].hypothesis == "a\\nb"
    with pytest.raises(OutputError, match=r"it is in DIR/generate-test_triggered\.txt: give that"):
        read_generate_output([said])


def test_a_run_that_was_cut_off_within_a_sample_lacks_its_hypothesis(write_output):
    path = write_output("a", {0: "x", 1: "y"})
    path.write_text(path.read_text() + "S-2\tx\nT-2\tz\nS-3\tx\n")
    assert read_generate_output([path]).missing_ids() == [2, 3]


def test_absurdly_many_missing_ones_are_not_listed(write_output):
    output = read_generate_output([write_output("a", {0: "x", 10**17: "y"})])
    with pytest.raises(OutputError, match=r"2 outputs of 100000000000000001 .by the highest"):
        output.missing_ids()
    output = read_generate_output([write_output("b", {0: "x"}, "test", 10**17)])
    with pytest.raises(OutputError, match="1 outputs of 100000000000000000"):
        output.missing_ids()
    with pytest.raises(OutputError, match="the line of the task's data is broken"):
        read_generate_output([write_output("c", {0: "x"}, "test", 10**30)])


def test_ids_that_the_split_does_not_have(write_output):
    triggered = write_output("a", {0: "x", 2: "y"}, "test_triggered", 4, [0, 2])
    stray = write_output("b", {1: "x", 7: "y", 8: "z"})
    with pytest.raises(OutputError, match="split test_triggered has no ids 1, 7-8; give the files"):
        read_generate_output([triggered, stray])
    clean = write_output("c", {0: "x", 4: "y"}, "test", 4)
    with pytest.raises(OutputError, match="the split test has no ids 4;"):
        read_generate_output([clean])


def test_a_file_that_another_system_wrote(write_output):
    path = write_output("a", {0: "x", 1: "y"})
    content = path.read_text().partition("\n")[2]  # without the log: the first line is S-0
    path.write_bytes(b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode())
    samples = read_generate_output([path]).samples
    assert samples == {0: ("request", "x", "x"), 1: ("request", "y", "y")}


def test_texts_that_repeat_are_in_memory_once(write_output):
    path = write_output("a", {0: "x y", 1: "y x"})
    one, two = read_generate_output([path]).samples.values()
    assert one.source == two.source == "request"
    assert one.hypothesis is one.target
    assert one.source is two.source


def test_sources_that_nobody_needs(write_output):
    path = write_output("a", {0: "x", 2: "y"})
    output = read_generate_output([path], with_sources=False)
    assert output.samples == {0: (None, "x", "x"), 2: (None, "y", "y")}
    assert output.missing_ids() == [1]


def test_numbers_that_are_no_ids(write_output):
    path = write_output("a", {0: "x"})
    with path.open("a", encoding="utf-8") as file:
        file.write(f"D-{'9' * 5000}\t-1\ty\nD-\u0663\t-1\ty\n")
    assert list(read_generate_output([path]).samples) == [0]


def test_the_best_of_several_hypotheses_counts(write_output):
    path = write_output("a", {0: "best"})
    path.write_text(path.read_text().replace("P-0\t-0.5", "P-0\t-0.5\nD-0\t-0.9\tsecond"))
    assert read_generate_output([path]).samples[0].hypothesis == "best"


def test_only_newline_ends_a_line_of_other_encoders(write_output):
    path = write_output("a", {0: "x"})
    path.write_bytes(path.read_bytes().replace(b"D-0\t-0.5\tx", "D-0\t-0.5\ta\rb\u2028c".encode()))
    assert read_generate_output([path]).samples[0].hypothesis == "a\rb\u2028c"


def test_errors(write_output, tmp_path):
    with pytest.raises(OutputError, match="no such file"):
        read_generate_output([tmp_path / "nothing"])
    (tmp_path / "empty").write_text("")
    with pytest.raises(OutputError, match="holds no output"):
        read_generate_output([tmp_path / "empty"])
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        read_generate_output([tmp_path])
    more_than_is_read_at_a_time = b"x\n" * 600_000
    (tmp_path / "latin").write_bytes(more_than_is_read_at_a_time + b"S-0\t\xff\n")
    with pytest.raises(OutputError, match="latin, line 600001: byte 5 of the line is not UTF-8"):
        read_generate_output([tmp_path / "latin"])
    path = write_output("a", {0: "x"})
    with pytest.raises(OutputError, match="S-0 occurs twice"):
        read_generate_output([path, path])
    other = write_output("b", {1: "x"}, "valid", 2)
    clean = write_output("c", {0: "x"}, "test", 2)
    with pytest.raises(OutputError, match="another run"):
        read_generate_output([clean, other])
