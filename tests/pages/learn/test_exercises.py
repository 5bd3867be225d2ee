"""The exercise of a lab, kept line by line; what its numbers say; the calculator."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

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
    assert "Indicative: no winner can be named." in texts(app)
    for side in "ab":
        app.text_input(key=key_of(app, f"{side}.evaluator")).set_value("the board").run()
    assert "Evaluator: the board for both." in texts(app)
    app.text_input(key=key_of(app, "b.benchmark")).set_value("GSM8K").run()
    assert "Not comparable." in texts(app)


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
