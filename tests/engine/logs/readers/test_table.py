"""CSV, JSONL and JSON lists: which columns are scores, which values are none, and what is refused in which words."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from engine.errors import CallerMistake
from engine.logs import Log, choices, read_log


def csv_log(text: str | bytes, selector: str | None = None) -> Log:
    return read_log("t.csv", text if isinstance(text, bytes) else text.encode(), selector)


def jsonl_log(*rows: Any, selector: str | None = None) -> Log:
    return read_log("t.jsonl", "\n".join(json.dumps(row) for row in rows).encode(), selector)


def scores(log: Log) -> dict[str, float | None]:
    return {row.id: row.score for row in log.rows.values()}


# ---- CSV


def test_a_csv() -> None:
    log = csv_log(
        "id,score,group,cluster,output,answer,question\nq1,1,sums,p1,It is 4,4,2+2?\nq2,0.5,words,p1,No,,Why?\n"
    )
    one, two = log.rows.values()
    assert (one.id, one.score, one.group, one.cluster, one.text, one.answer) == (
        "q1",
        1.0,
        "sums",
        "p1",
        "It is 4",
        "4",
    )
    assert (two.score, two.answer, two.truncated) == (0.5, None, None)
    assert one.question != two.question and one.question is not None
    assert (log.name, log.format, log.selector, log.settings) == ("t", "CSV", "", {})


@pytest.mark.parametrize("word", ["true", "TRUE", "Yes", "correct", " 1 ", "1.0", "+1", "1e0"])
def test_words_for_right(word: str) -> None:
    assert scores(csv_log(f"id,correct\na,{word}\nb,0\n")) == {"a": 1.0, "b": 0.0}


@pytest.mark.parametrize("word", ["false", "No", "INCORRECT", "0", "-0.0", ".0"])
def test_words_for_wrong(word: str) -> None:
    assert scores(csv_log(f"id,correct\na,{word}\nb,1\n")) == {"a": 0.0, "b": 1.0}


@pytest.mark.parametrize(
    "value", ["", "maybe", "nan", "inf", "-inf", "1e999", "85%", "1/2", "0x1", "1_000", "C", "١", "None", "9" * 400]
)
def test_no_other_word_is_a_score(value: str) -> None:
    with pytest.raises(CallerMistake, match=r"t\.csv, line 3: .* is no score\. Write 1 or 0"):
        csv_log(f"id,correct\na,1\nb,{value}\n")


def test_a_decimal_comma_is_not_guessed_at() -> None:
    with pytest.raises(CallerMistake, match="line 2: '0,5' is no score"):
        csv_log("id;score\na;0,5\nb;1\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
def test_delimiters_line_ends_and_marks(delimiter: str, end: str, start: str) -> None:
    text = start + end.join(
        delimiter.join(cells) for cells in (["id", "score", "text"], ["a", "1", "x"], ["b", "0", "y"])
    )
    assert scores(csv_log(text)) == {"a": 1.0, "b": 0.0}


def test_quotes_delimiters_and_line_ends_inside_a_cell() -> None:
    log = csv_log('id,text,score\n"a, b","said ""no"",\nthen, yes",1\nc,\u2028,0\n')
    assert [row.text for row in log.rows.values()] == ['said "no",\nthen, yes', "\u2028"]
    assert scores(log) == {"a, b": 1.0, "c": 0.0}


def test_an_output_longer_than_the_csv_module_allows_by_itself() -> None:
    log = csv_log(f"id,score,output\na,1,{'x' * 200_000}\nb,0,y\n")
    assert len(log.rows["a"].text or "") == 200_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,score\na,1,2\n", "line 2 has 3 cells, but the first line names 2 columns"),
        ("id,score\na\n", "line 2 has 1 cells"),
        ("id,id,score\na,b,1\n", "line 1 names the column 'id' twice"),
        ("id,score\na,1\na,0\n", "line 3: the id 'a' was there before"),
        ("id,score\n,1\n", "line 2: '' is no id"),
        ("name,score\na,1\n", "line 2 has none of the fields id, .*; it has name, score"),
        ("id,remark\na,fine\n", "line 2 has none of the fields score, .*; it has id, remark"),
        ('id,score\n"a"b,1\n', "line 2 is not CSV"),
        ('id,score\n"a,1\n', "is not CSV"),
        ("id,score\n", "holds no rows"),
        ("", "holds no rows"),
    ],
)
def test_a_csv_that_cannot_be_read_is_told_by_line(text: str, words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        csv_log(text)


def test_a_failure_is_no_score_and_not_a_zero() -> None:
    log = csv_log("id,score,error\na,1,\nb,0,timeout\nc,,timeout\nd,0,false\n")
    assert scores(log) == {"a": 1.0, "b": None, "c": None, "d": 0.0}
    assert log.unscored == 2


# ---- several logs in one file


def test_two_columns_of_scores_are_two_models() -> None:
    """The file the app calls CSV: id, score_a, score_b."""
    text = "id,score_a,score_b\nx,1.0,0.0\ny,1.0,1.0\n"
    assert choices("t.csv", text.encode()) == ("score_a", "score_b")
    assert scores(csv_log(text, "score_b")) == {"x": 0.0, "y": 1.0}
    assert csv_log(text, "score_b").name == "b"
    with pytest.raises(
        CallerMistake, match=r"2 sets .* 'score_a', 'score_b'\. Choose one by its model: t\.csv::score_a"
    ):
        csv_log(text)


def test_a_wide_table_of_models_takes_a_choice() -> None:
    text = "id,ruby,jade,remark\nx,1,0,fine\ny,1,1,good\n"
    assert choices("t.csv", text.encode()) == ("ruby", "jade")
    assert scores(csv_log(text, "jade")) == {"x": 0.0, "y": 1.0}
    with pytest.raises(CallerMistake, match="Choose one by its column"):
        csv_log(text)


def test_a_lone_column_of_numbers_is_not_taken_for_the_score() -> None:
    """It may be a length or a time."""
    with pytest.raises(CallerMistake, match="1 sets of scores that may be meant: 'length'"):
        csv_log("id,length\nx,1\ny,0\n")


def test_an_object_a_model() -> None:
    """Rows without an id are known by their number, and their pairing is checked by the question."""
    rows = [
        {"question": f"Question {i}?", "ground_truth": "4", "ruby": {"is_correct": i > 0, "solution": f"r{i}"},
         "jade": {"is_correct": True, "solution": "4"}}
        for i in range(2)
    ]  # fmt: skip
    ruby = jsonl_log(*rows, selector="ruby")
    assert scores(ruby) == {"row 1": 0.0, "row 2": 1.0}
    assert (ruby.name, ruby.selector, ruby.settings) == ("ruby", "ruby", {"model": "ruby"})
    assert ruby.rows["row 2"].text == "r1"
    assert ruby.rows["row 1"].question == jsonl_log(*rows, selector="jade").rows["row 1"].question


def test_a_model_that_only_a_later_row_names_is_not_passed_over() -> None:
    rows = [{"id": 1, "ruby": {"correct": True}}, {"id": 2, "ruby": {"correct": True}, "jade": {"correct": True}}]
    with pytest.raises(CallerMistake, match="line 1 has no object under 'jade'"):
        jsonl_log(*rows)


def test_a_column_that_names_the_model() -> None:
    rows = [{"id": i, "model": model, "correct": model == "ruby"} for model in ("ruby", "jade") for i in range(2)]
    assert scores(jsonl_log(*rows, selector="jade")) == {"0": 0.0, "1": 0.0}
    assert jsonl_log(*rows, selector="ruby").settings == {"model": "ruby"}
    one = jsonl_log(*rows[:2])
    assert (one.name, one.settings) == ("ruby", {"model": "ruby"})


def test_models_and_metrics_are_chosen_by_both_names_or_enough_of_them() -> None:
    rows = [{"id": i, "model": m, "score": 0.5, "exact_match": 1} for m in ("ruby", "jade") for i in range(2)]
    assert scores(jsonl_log(*rows, selector="jade,score")) == {"0": 0.5, "1": 0.5}
    with pytest.raises(CallerMistake, match="'jade' matches 2 of them"):
        jsonl_log(*rows, selector="jade")
    with pytest.raises(CallerMistake, match=r"'opal' is not there\. There is: 'ruby,score', 'ruby,exact_match'"):
        jsonl_log(*rows, selector="opal")


def test_two_columns_that_say_the_same_need_no_choice() -> None:
    assert scores(jsonl_log({"id": 1, "correct": True, "score": 1.0}, {"id": 2, "correct": False, "score": 0})) == {
        "1": 1.0,
        "2": 0.0,
    }
    with pytest.raises(CallerMistake, match="'score', 'correct'"):
        jsonl_log({"id": 1, "correct": True, "score": 0.7}, {"id": 2, "correct": False, "score": 0})


# ---- JSON


def test_jsonl_and_a_list_say_the_same() -> None:
    rows = [{"id": "q0", "score": 0.25, "text": "so"}, {"id": 1, "score": True, "group": "g"}]
    as_lines, as_list = jsonl_log(*rows), read_log("t.json", json.dumps(rows, indent=1).encode())
    assert as_lines.rows == as_list.rows
    assert scores(as_lines) == {"q0": 0.25, "1": 1.0}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"id": 1, "score": "true"}', "line 2: 'true' is no score"),
        ('{"id": 1, "score": null}', "line 2: None is no score. .* where an item failed, say so in a field `error`"),
        ('{"id": 1, "score": NaN}', "line 2: nan is no score"),
        ('{"id": 1, "score": 1e999}', "line 2: inf is no score"),
        ('{"id": 1, "score": [1]}', r"line 2: \[1\] is no score"),
        (f'{{"id": 1, "score": 1{"0" * 400}}}', "line 2: a number of over 50 digits is no score"),
        (f'{{"id": 1, "score": {"9" * 5000}}}', "line 2 cannot be read: it has a number with too many digits"),
        (f'{{"id": 1, "score": {"[" * 100_000}}}', "line 2 is nested too deep"),
        ('{"id": true, "score": 1}', "line 2: True is no id"),
        ('{"id": 1.5, "score": 1}', "line 2: 1.5 is no id"),
        ('{"id": {}, "score": 1}', r"line 2: \{\} is no id"),
        ("[1]", "line 2 is not a JSON object but list"),
        ('{"id": 1', "line 2 is not JSON"),
        ('{"id": 1}', "line 2 has no field 'score'; it has id"),
        ('{"score": 1}', "line 2 has none of the fields id"),
    ],
)
def test_a_line_that_cannot_be_read_is_told(row: str, words: str) -> None:
    with pytest.raises(CallerMistake, match=words) as caught:
        read_log("t.jsonl", f'{{"id": 0, "score": 1}}\n{row}\n'.encode())
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_a_list_of_other_things() -> None:
    with pytest.raises(CallerMistake, match=r"t\.json, entry 2 is not a JSON object but int"):
        read_log("t.json", b'[{"id": 1, "score": 1}, 7]')


def test_a_null_score_with_an_error_is_a_failure() -> None:
    assert scores(jsonl_log({"id": 1, "score": None, "error": "timeout"}, {"id": 2, "score": 1, "error": None})) == {
        "1": None,
        "2": 1.0,
    }


# ---- hostile texts


def test_what_is_shown_has_no_control_characters_and_an_end() -> None:
    evil = "\x1b[31mred\n" + "x" * 10_000
    log = jsonl_log({"id": evil, "score": 1, "model": evil, "group": evil}, {"id": 2, "score": 0, "model": evil})
    row = next(iter(log.rows.values()))
    for text in (log.name, log.settings["model"], row.group):
        assert text.isprintable() and len(text) <= 120
    with pytest.raises(CallerMistake) as caught:
        jsonl_log({"id": evil, "score": 1}, {"id": evil, "score": 1})
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


@pytest.mark.parametrize("content", ["id,score\nä,1\n".encode("utf-16"), "id,score\nä,1\n".encode("latin-1")])
def test_another_encoding_is_named(content: bytes) -> None:
    with pytest.raises(CallerMistake, match="cannot be read: it is not UTF-8 text"):
        csv_log(content)


def test_a_compressed_file_whatever_its_name() -> None:
    packed = gzip.compress(b"id,score\na,1\nb,0\n")
    assert scores(read_log("t.csv.gz", packed)) == scores(read_log("t.csv", packed)) == {"a": 1.0, "b": 0.0}
    for damaged in (packed[:-9], packed[:12], packed[:12] + b"junk" + packed[16:]):
        with pytest.raises(CallerMistake, match="cannot be read: it is damaged or cut short"):
            read_log("t.csv.gz", damaged)
