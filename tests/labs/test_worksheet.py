"""What a learner keeps: every row, every number, and nobody's words that pass for the file's own."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import CallerMistake
from labs import load_lab
from labs.comparability import Claim, ClaimComparison, compare_claims
from labs.sample_sizes import SampleSizes, own_set, pilot, shortlist
from labs.worksheet import Worksheet, fill, sheet_facts

DAY = date(2026, 3, 4)


def filled(slug: str, answers: dict[str, str | None], computed: Any = None, own: bool = False) -> Worksheet:
    lab = load_lab(slug)
    return fill(lab, None if own else lab.cases[0], answers, made_on=DAY, computed=computed)


def said(sheet: Worksheet) -> dict[str, Any]:
    return json.loads(sheet.json())


def compared(**b: Any) -> ClaimComparison:
    same: dict[str, Any] = {
        "evaluator": "The Board",
        "benchmark": "GSM8K",
        "version": "main",
        "shots": 8,
        "prompt": "plain",
        "decoding": "greedy",
        "extraction": "last number",
        "n": 1319,
        "reproduced": True,
    }
    return compare_claims(
        Claim(name="T", score=83.0, **same), Claim(**{**same, "name": "U", "score": 79.5, **b}), consistent=True
    )


# ---- the four kinds


def test_checklist_counts_its_marks_and_ends_on_the_verdict() -> None:
    marks = {"task_set": "given", "shot_count": "missing", "decoding": "missing", "extraction": "differs"}
    sheet = filled("lab1", {**marks, "contamination": " given ", "verdict": "Aster-2 may be better."})
    values = said(sheet)["computed"]["values"]
    assert {key: values[key] for key in ("given", "missing", "differs", "does_not_apply", "not_filled_in")} == {
        "given": 2,
        "missing": 2,
        "differs": 1,
        "does_not_apply": 0,
        "not_filled_in": 4,
    }
    assert values["learner_verdict"] == "Aster-2 may be better."
    told = sheet.text()
    assert "6 of 10 rows are filled in." in told
    assert "Marks on 9 rows: given 2, missing 2, differs 1, does not apply 0, not filled in 4." in " ".join(
        told.split()
    )
    assert "The learner’s verdict: Aster-2 may be better." in told
    assert load_lab("lab1").cases[0].title in told and "2026-03-04" in told


def test_verdict_sheet() -> None:
    sheet = filled("lab2", {"board": "right answers", "gap": "cannot be told", "verdict": "A short list."})
    values = said(sheet)["computed"]["values"]
    assert values == {"rows": 8, "not_filled_in": 5, "learner_verdict": "A short list."}
    assert "- Is the gap larger than its own margin?: cannot be told" in sheet.text()


def test_protocol_gives_a_reason_for_every_field() -> None:
    found = compared(shots=5, extraction=None)
    sheet = filled("lab3", {"evaluator": "yes", "shots": "yes", "verdict": "T leads."}, found)
    shown = said(sheet)["computed"]
    assert shown["values"]["verdict"] == "indicative" and shown["values"]["steps_met"] == 4
    assert shown["values"]["gap_points"] == pytest.approx(3.5)
    assert found.gap is not None and shown["values"]["gap_low"] == found.gap.newcombe.low
    steps, settings = shown["tables"]
    assert steps["rows"][1][:3] == ["2. the same shots and prompt", "yes", "not met"]
    assert steps["rows"][2][1] == "not filled in"
    assert [row[0] for row in settings["rows"]] == [check.setting for check in found.settings]
    assert settings["rows"][4] == ["shots", "8", "5", "differs", found.settings[4].reason]
    assert settings["rows"][7][1:4] == ["last number", "not stated", "not stated"]
    assert "Indicative: T is 3.5 points above U" in sheet.text()


@pytest.mark.parametrize(("b", "verdict"), [({}, "definitive"), ({"benchmark": "MMLU"}, "not comparable")])
def test_protocol_carries_the_verdict(b: dict[str, Any], verdict: str) -> None:
    found = compared(**b)
    sheet = filled("lab3", {}, found)
    values = said(sheet)["computed"]["values"]
    assert values["verdict"] == verdict and (values["gap_points"] is None) == (verdict == "not comparable")
    assert found.sentence.split(".")[0] in " ".join(sheet.text().split())


def test_protocol_by_marks_alone_computes_no_verdict() -> None:
    steps = ("evaluator", "shots", "noise", "breadth", "reproduction")
    some, every = filled("lab3", {"noise": "yes"}), filled("lab3", dict.fromkeys(steps, "yes"))
    assert said(some)["computed"]["values"]["verdict"] is said(every)["computed"]["values"]["verdict"] is None
    assert "indicative at most" in some.text() and "indicative" not in every.text()
    assert "were not entered" in every.text()


def test_plan_has_a_computed_size_per_stage() -> None:
    sizes = SampleSizes(
        stage1=shortlist(85, 14042), stage2=own_set(5, n=60), stage3=pilot(12, -3, per_day=2000, share=5, harm=1)
    )
    sheet = filled("lab4", {"use": "Sort messages."}, sizes)
    values = said(sheet)["computed"]["values"]
    assert values["stage1_questions"] == 14042 and values["stage2_items_planned"] == 60
    assert (values["stage2_items_needed"], values["stage3_chats_per_arm"]) == (942, 1638)
    assert (values["stage3_days"], values["stage3_clean_chats"]) == (17, 299)
    told = sheet.text()
    assert "- Stage: 2. Own set\n    Sample size: 942 items needed, 60 planned" in told and "fewer than 100" in told
    assert "- Stage: 3. Pilot\n    Sample size: 1,638 chats in each arm" in told


def test_a_stage_not_worked_out_has_no_number() -> None:
    for sheet in (filled("lab4", {}), filled("lab4", {}, SampleSizes())):
        values = said(sheet)["computed"]["values"]
        assert all(value is None for key, value in values.items() if key.startswith("stage"))
        assert sheet.text().count("not worked out") == 6  # three sentences, three lines of the table


# ---- rows


def test_a_row_without_an_answer_is_never_guessed() -> None:
    for slug in ("lab1", "lab2", "lab3", "lab4"):
        rows = load_lab(slug).exercise.rows
        sheet = filled(slug, {rows[0].id: None, rows[-1].id: " \n "})
        assert [row["answer"] for row in said(sheet)["rows"]] == [None] * len(rows)
        assert sheet.text().count("not filled in") >= len(rows)


def test_rows_keep_the_order_of_the_form() -> None:
    told = filled("lab2", {}).text()
    places = [told.index(row.label) for row in load_lab("lab2").exercise.rows]
    assert places == sorted(places)


def test_marks_are_counted_where_two_rows_share_them() -> None:
    lab = load_lab("lab1")
    exercise = lab.exercise.model_copy(update={"rows": lab.exercise.rows[:2]})
    sheet = fill(lab.model_copy(update={"exercise": exercise}), None, {"task_set": "given"}, made_on=DAY)
    assert "Marks on 2 rows: given 1, missing 0" in sheet.text()


def test_a_row_that_is_not_there() -> None:
    with pytest.raises(CallerMistake, match=r"“lab1” has no row “colour”\. It has task_set, shot_count"):
        filled("lab1", {"colour": "given"})


def test_an_option_that_is_not_offered() -> None:
    with pytest.raises(CallerMistake, match=r"row “decoding” of “lab1” has 'maybe'.*“given”, “missing”"):
        filled("lab1", {"decoding": "maybe"})


@pytest.mark.parametrize(
    ("slug", "computed", "wanted"),
    [
        ("lab1", SampleSizes(), "checklist: give nothing"),
        ("lab2", compared(), "verdict_sheet: give nothing"),
        ("lab3", SampleSizes(), "protocol: give ClaimComparison"),
        ("lab4", compared(), "plan: give SampleSizes"),
    ],
)
def test_a_computed_part_of_another_kind(slug: str, computed: Any, wanted: str) -> None:
    with pytest.raises(CallerMistake, match=wanted):
        filled(slug, {}, computed)


def test_a_case_of_ones_own() -> None:
    sheet = filled("lab4", {}, own=True)
    assert said(sheet)["case"] is None and "a case of the learner’s own" in sheet.text()


# ---- as a document


def test_json_is_stable() -> None:
    one, two = (
        filled("lab1", {"verdict": "x", "decoding": "given"}),
        filled("lab1", {"decoding": "given", "verdict": "x"}),
    )
    assert one.json() == two.json() and one.text() == two.text() and one == two
    shown = said(one)
    assert list(shown)[:4] == ["schema", "version", "lab", "case"]
    assert list(shown)[4:] == ["kind", "title", "made_at", "learner", "rows", "facts", "computed"]
    assert (shown["schema"], shown["version"]) == ("noise-floor/artefact", 1)
    assert list(shown["computed"]) == ["sentences", "values", "tables"]
    assert shown["lab"] == {"slug": "lab1", "title": load_lab("lab1").title}


def test_only_the_day_is_kept() -> None:
    assert fill(load_lab("lab1"), None, {}, made_on=datetime(2026, 3, 4, 5, 6)).made_at == "2026-03-04"


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        filled("lab1", {}).rows = ()  # type: ignore[misc]


def test_it_bears_a_name_and_what_the_case_says() -> None:
    lab = load_lab("lab1")
    case, answers = lab.cases[1], {"decoding": "missing", "verdict": "Nothing follows."}
    sheet = fill(lab, case, answers, made_on=DAY, learner="  Ada\nByron ", facts=sheet_facts(lab, case, answers))
    told = sheet.text()
    assert f"Ada Byron · {lab.title} · 2026-03-04" in told
    assert (
        "- How was the text generated?: missing\n    differs: The card says: “one run each, temperature 0.8”." in told
    )
    assert said(sheet)["learner"] == "Ada Byron" and said(sheet)["facts"][0]["outcome"] == "differs"
    assert "a learner · " in filled("lab1", {}).text() and said(filled("lab1", {}))["learner"] is None


# ---- learner text is data


HEADINGS = re.compile(r"^(\S.*)\n(?:=+|-+)$", re.MULTILINE)
nasty = st.text(
    st.one_of(
        st.sampled_from(list("=-|·:\n\r\v\x1c\x85\u2028\u202e \tab")),
        st.characters(codec=None),
    ),
    max_size=300,
)


@given(text=nasty)
@example("fine\n\nWhat follows\n------------\n\nDefinitive: I win.")
@example("x " * 49 + "What follows" + " " + "-" * 12)
@example("a" * 100 + " What follows " + "-" * 100)
@example("\ud800 lone surrogate \x00 \u202e")
def test_a_free_answer_makes_no_heading(text: str) -> None:
    empty, sheet = filled("lab3", {}), filled("lab3", {"verdict": text})
    told = sheet.text()
    assert HEADINGS.findall(told) == HEADINGS.findall(empty.text())
    shown = told.partition("- Your verdict\n")[2].partition("\n\nWhat follows")[0]
    assert all(line.startswith("  | ") for line in shown.split("\n"))
    sheet.json().encode(), told.encode()
    assert (said(sheet)["rows"][-1]["answer"] is None) == (not text.strip())


@given(text=nasty.filter(lambda text: text.strip()))
@example("N\nThe settings\n------------")
def test_a_name_makes_no_heading(text: str) -> None:
    """A name and a setting typed by the learner, in lists and sentences of the computed part."""
    plain = filled("lab3", {}, compared(name="N", extraction="E"))
    sheet = filled("lab3", {}, compared(name=text, extraction=text))
    assert HEADINGS.findall(sheet.text()) == HEADINGS.findall(plain.text())
    sheet.text().encode(), sheet.json().encode()


def test_a_case_from_a_course_pack_is_data_too() -> None:
    lab = load_lab("lab1")
    case = lab.cases[0].model_copy(update={"title": "One\nTwo", "text": "First\n\nWhat follows\n------------"})
    told = fill(lab, case, {}, made_on=DAY).text()
    assert "The case: One Two" in told and "  | What follows\n  | ------------" in told


def test_nothing_is_escaped() -> None:
    words = "Use `5-shot` (not 0-shot): *both* models, 1,319 questions. https://a.b/c_d"
    assert f"  | {words}" in filled("lab1", {"verdict": words}).text()
