"""Two claims side by side, a setting a line, and the five steps computed from what they say."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from labs import Case, comparability
from pages.format import plain
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet

MARKS = {"same": "✓", "met": "✓", "differs": "✕", "not met": "✕", "not stated": "?", "not known": "?"}
YES_NO = {"yes": True, "no": False}
SETTINGS: tuple[tuple[str, str, Callable[..., None], dict[str, Any]], ...] = (
    ("name", "name of the model", fields.text, {}),
    ("score", "score in percent", fields.number, {"min_value": 0.0, "max_value": 100.0, "step": 0.1, "format": "%.1f"}),
    ("n", "number of questions", fields.number, {"min_value": 2, "step": 1}),
    ("benchmark", "benchmark", fields.text, {}),
    ("version", "version of the benchmark", fields.text, {}),
    ("evaluator", "who ran it", fields.text, {}),
    ("shots", "examples in the prompt", fields.number, {"min_value": 0, "step": 1}),
    ("prompt", "prompt", fields.choice, {"options": comparability.PROMPTS}),
    ("decoding", "how text is generated", fields.text, {}),
    ("extraction", "how the answer is read off", fields.text, {}),
    ("parameters", "billions of parameters", fields.number, {"min_value": 0.001, "step": 0.5, "format": "%.3g"}),
    ("reproduced", "found again by somebody outside", fields.choice, {"options": tuple(YES_NO)}),
)


def show(case: Case | None, sheet: Sheet) -> None:
    st.caption("What each claim says of itself. Leave a field empty where it says nothing: that is “not stated”.")
    for name, label, draw, arguments in SETTINGS:
        for side, column in zip("ab", st.columns(2), strict=True):
            with column:
                given = _given(side, case).get(name)
                draw(sheet, f"{side}.{name}", f"{side.upper()}: {label}", given=given, **arguments)


def computed(case: Case | None, sheet: Sheet) -> comparability.ClaimComparison | None:
    """None while nothing at all is known of the two claims."""
    if not _given("a", case) and not any(name.startswith(("a.", "b.")) for name in sheet.entries):
        return None
    a, b = (_claim(side, sheet, _given(side, case)) for side in "ab")
    return comparability.compare_claims(a, b, YES_NO.get(sheet.entries.get("breadth", "")))


def show_result(result: comparability.ClaimComparison) -> None:
    with st.container(border=True):
        st.markdown(plain(result.sentence))
        for caution in result.cautions:
            st.caption(plain(caution))
    st.markdown("#### Step by step")
    for step in result.steps:
        st.markdown(f"{MARKS[step.outcome]} **{plain(step.title).capitalize()}.** {plain(step.reason)}")
    st.markdown("#### Field by field")
    for check in result.settings:
        st.markdown(f"{MARKS[check.outcome]} {plain(check.reason)}")


def _claim(side: str, sheet: Sheet, given: Mapping[str, Any]) -> comparability.Claim:
    values: dict[str, Any] = {}
    for name, _, draw, arguments in SETTINGS:
        place = f"{side}.{name}"
        value = sheet.number(place, given.get(name)) if draw is fields.number else sheet.value(place, given.get(name))
        values[name] = int(value) if value is not None and isinstance(arguments.get("step"), int) else value
    values["reproduced"] = YES_NO.get(values["reproduced"])
    return comparability.Claim(**{**values, "name": values["name"] or side.upper()})


def _given(side: str, case: Case | None) -> dict[str, Any]:
    """What the case itself says, by setting."""
    if case is None or case.facts is None:
        return {}
    facts = case.facts.model_dump()
    return {"name": facts[side], "score": facts[f"score_{side}"], "n": facts["n"], "benchmark": facts["benchmark"]}
