"""The exercise of a lab, kept line by line; what its numbers say; the calculator."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from labs import load_lab
from tests.pages.driving import open_lab, open_page, open_tab, texts
from tutor import dialogue, journal


def test_the_exercise_is_kept_line_by_line() -> None:
    app, now = open_lab(tab="Exercise"), dialogue.resume("ann", "lab1")
    app.text_area[0].set_value("Nothing **yet**.").run()
    app.get("button_group")[0].set_value("missing").run()
    assert not app.exception
    kept = journal.read_sheet(now.id)
    assert (kept["verdict"], kept["task_set"], kept["about.case"]) == ("Nothing **yet**.", "missing", "l1-a")
    assert open_lab(tab="Exercise").text_area[0].value == "Nothing **yet**."


def test_a_protocol_sets_two_claims_against_each_other() -> None:
    app = open_lab("lab3", tab="Exercise")
    for number in range(3):
        app.get("button_group")[number].set_value("no").run()
    assert "Indicative: no winner can be named." in texts(app)
    for side in "ab":
        app.text_input(key=key_of(app, f"{side}.evaluator")).set_value("the board").run()
    assert "Evaluator: the board for both." in texts(app)
    app.text_input(key=key_of(app, "b.benchmark")).set_value("GSM8K").run()
    assert "Not comparable." in texts(app)


def test_a_protocol_computes_nothing_that_the_case_contradicts() -> None:
    """Failed before: “5-shot, own report” stood on the card, and the verdict called shots and evaluator not stated."""
    app = open_lab("lab3", tab="Exercise")
    assert "The case states 6 more of these settings." in app.info[0].value and "Field by field" not in texts(app)
    app.number_input(key=key_of(app, "a.shots")).set_value(0).run()
    assert "✕ **Differs.** The card says: “5-shot, own report”." in texts(app)
    app.number_input(key=key_of(app, "a.shots")).set_value(5).run()
    assert "The case states 5 more of these settings." in app.info[0].value
    for number in range(3):
        app.get("button_group")[number].set_value("no").run()
    assert not app.info and "Shots: 5 for both." in texts(app)
    assert "Evaluator: own report for P, own report for Q" in texts(app)
    assert "Left empty here and taken from the case: A: who ran it, B: who ran it" in texts(app)


def test_a_row_is_answered_once_it_is_filled_in_and_never_before() -> None:
    app = open_lab(tab="Exercise")
    assert "The card says" not in texts(app)
    app.get("button_group")[1].set_value("does not apply").run()
    assert texts(app).count("The card says") == 1
    assert "✕ **Differs.** The card says: “No shot count is given for Aster-2” and “its own 5-shot report”." in texts(
        app
    )
    assert "a comparison needs both" not in texts(app)  # the reason would tell the answer
    app.get("button_group")[1].set_value("missing").run()
    assert "✓ **Agrees.**" in texts(app) and "a comparison needs both" in texts(app)


def test_a_way_to_fill_it_in_comes_after_a_try_and_shows_the_tried_rows() -> None:
    app = open_lab(tab="Exercise")
    assert "Fill in half of the rows in your own way" in texts(app)
    for number in range(5):
        app.get("button_group")[number].set_value("given").run()
    assert "One possible sheet" in texts(app) and "5 more rows stand here" in texts(app)
    assert "Until both are run in one set-up" not in texts(app)
    app.text_area[0].set_value("Aster-2 may be better.").run()
    assert "Until both are run in one set-up" in texts(app) and not app.exception


def test_a_plan_shows_one_with_the_sizes_that_follow() -> None:
    app = open_lab("lab4", tab="Exercise")
    for area in range(5):
        app.text_area[area].set_value("Three words here.").run()
    assert not app.exception
    assert "Gap that would change your choice, in points\n15" in texts(app).replace("**  ", "")
    assert "takes 105 items" in texts(app)  # (1.960 + 0.842)² · 0.30 / 0.15² = 104.7


def test_the_case_that_the_sheet_is_about_stands_beside_it() -> None:
    """On a phone, where the card is above the form, it can be unfolded at the form's top."""
    app = open_lab(tab="Exercise")
    assert [fold.label for fold in app.expander if fold.label.startswith("The case")] == [
        "The case: The stronger reasoner"
    ]
    now = dialogue.resume("ann", "lab1")
    dialogue.switch_case(now, load_lab("lab1").cases[1])
    app = open_lab(tab="Exercise")
    choice = next(box for box in app.selectbox if box.label == "This sheet is about")
    assert "Three points on 164 problems" in texts(app)
    choice.set_value("own").run()
    assert not app.exception and not [fold for fold in app.expander if fold.label.startswith("The case")]
    app.get("button_group")[1].set_value("given").run()
    assert "The card says" not in texts(app)


def test_a_plan_sizes_its_stages() -> None:
    app = open_lab("lab4", tab="Exercise")
    assert "its size follows once its numbers are entered" in texts(app)
    app.number_input(key=key_of(app, "stage2.gap")).set_value(5.0).run()
    assert "takes 942 items" in texts(app)  # (1.960 + 0.842)² · 0.30 / 0.05² = 941.9
    for name, value in (("baseline", 99.0), ("difference", 5.0), ("per_day", 400), ("share", 5.0)):
        app.number_input(key=key_of(app, f"stage3.{name}")).set_value(value).run()
    assert "must lie from 0 to 100" in app.warning[0].value.replace("\\", "")
    assert app.tabs  # the rest of the page goes on


def key_of(app: AppTest, name: str) -> str:
    fields = [*app.text_input, *app.number_input]
    return next(field.key for field in fields if field.key and field.key.endswith(f" {name}"))


def test_the_calculator_starts_from_the_case() -> None:
    app = open_lab("lab3", tab="Calculator")
    assert [app.number_input(key=f"l3-a score {side}").value for side in "ab"] == [86.4, 85.9]
    assert "86.4 ± 0.6 (n = 14,042)" in texts(app)
    app.number_input(key="l3-a score a").set_value(99.0).run()
    app.slider(key="l3-a correlation").set_value(0.9).run()
    assert "cannot correlate by 0.9" in app.warning[0].value.replace("\\", "")


def test_two_logs_give_a_paired_verdict_and_a_bad_one_a_sentence() -> None:
    app = open_lab("lab3", tab="Calculator")
    rows = [json.dumps({"id": i, "correct": i < 30}) for i in range(40)]
    worse = [json.dumps({"id": i, "correct": i < 12}) for i in range(40)]
    first, second = (app.get("file_uploader")[at] for at in (0, 1))
    first.set_value(("ruby.jsonl", "\n".join(rows).encode(), "application/json"))
    second.set_value(("jade.jsonl", "\n".join(worse).encode(), "application/json"))
    app.run()
    assert not app.exception
    assert "ruby is better on this: 45.0 points ahead on 40 items." in texts(app)
    app.get("file_uploader")[1].set_value(("jade.jsonl", b"no json", "application/json"))
    app.run()
    assert "jade.jsonl is in none of the formats read here" in app.warning[0].value.replace("\\", "")


def test_an_answer_has_bounds_on_the_server_too() -> None:
    """Failed before: a forged widget value of any length was kept."""
    app = open_lab(tab="Exercise")
    app.text_area[0].set_value("x" * 5_000).run()
    assert not app.exception
    talk = dialogue.resume("ann", "lab1")
    assert "x" * 4_000 in journal.read_sheet(talk.id).values()


def test_where_nothing_more_is_kept_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_STORAGE", "0")
    app = open_page("pages/learn/lab.py", lab="lab1", operator=False)
    app = open_tab(app, "lab1", "Exercise")
    app.text_area[0].set_value("Nothing yet.").run()
    assert not app.exception
    assert "its 0 MB are full" in app.warning[0].value.replace("\\", "")
    assert journal.talks("ann") == ()
