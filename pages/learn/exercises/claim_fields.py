"""Two claims side by side, a setting a line, and the five steps computed from what they say."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from labs import Case, Lab, calculation_fields, comparability, worksheet
from pages.format import plain
from pages.learn.exercises import card_answers
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet

MARKS = {"same": "✓", "met": "✓", "differs": "✕", "not met": "✕", "not stated": "?", "not known": "?"}
YES_NO = {"yes": True, "no": False}
SETTINGS: Mapping[str, tuple[Callable[..., None], dict[str, Any]]] = {
    "score": (fields.number, {"min_value": 0.0, "max_value": 100.0, "step": 0.1, "format": "%.1f"}),
    "n": (fields.number, {"min_value": 2, "step": 1}),
    "shots": (fields.number, {"min_value": 0, "step": 1}),
    "prompt": (fields.choice, {"options": comparability.PROMPTS}),
    "parameters": (fields.number, {"min_value": 0.001, "step": 0.5, "format": "%.3g"}),
    "reproduced": (fields.choice, {"options": tuple(YES_NO)}),
}
"""The fields that are not free text."""


def show(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    st.caption("What each claim says of itself. Leave a field empty where it says nothing: that is “not stated”.")
    labels, facts = calculation_fields.labels(lab.exercise.kind), card_answers.by_line(lab, case, sheet)
    for name in calculation_fields.SETTINGS:
        draw, arguments = SETTINGS.get(name, (fields.text, {}))
        for side, column in zip("ab", st.columns(2), strict=True):
            with column:
                place = f"{side}.{name}"
                draw(sheet, place, labels[place], given=_given(side, case).get(name), **arguments)
                card_answers.show(facts.get(place))


def computed(lab: Lab, case: Case | None, sheet: Sheet) -> comparability.ClaimComparison | None:
    """None while nothing is known of the two claims, and while it would call not stated what the case states.

    Once the steps were tried, what was left empty is taken from the case.
    """
    if not _given("a", case) and not any(name.startswith(("a.", "b.")) for name in sheet.entries):
        return None
    if _left_empty(lab, case, sheet) and not worksheet.tried(lab, sheet.entries):
        return None
    card = worksheet.stated(lab, case) if case else {}
    facts = card_answers.by_line(lab, case, sheet)
    alike = {
        id: card[id] for id, fact in facts.items() if fact.outcome == "agrees" and id in card
    }  # in the case's words
    a, b = (_claim(side, sheet, _given(side, case), card, alike) for side in "ab")
    return comparability.compare_claims(a, b, YES_NO.get(sheet.value("breadth", card.get("breadth")) or ""))


def show_waiting(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    """Why nothing is computed yet."""
    if lacking := len(_left_empty(lab, case, sheet)):
        st.info(
            f"The case states {lacking} more of these settings. The verdict is worked out when you have entered them, "
            "or marked half of the steps above."
        )


def show_taken(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    """What the verdict takes from the case because it was left empty."""
    labels = calculation_fields.labels(lab.exercise.kind)
    if taken := [labels[id] for id in _left_empty(lab, case, sheet)]:
        st.caption(f"Left empty here and taken from the case: {plain(', '.join(taken))}.")


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


def _left_empty(lab: Lab, case: Case | None, sheet: Sheet) -> list[str]:
    """The settings that the case states and nobody entered, by name."""
    if case is None:
        return []
    given = {f"{side}.{name}" for side in "ab" for name, value in _given(side, case).items() if value is not None}
    stated = [name for name in worksheet.stated(lab, case) if "." in name]
    return [name for name in stated if sheet.value(name, "given" if name in given else None) is None]


def _claim(
    side: str, sheet: Sheet, given: Mapping[str, Any], card: Mapping[str, str], alike: Mapping[str, str]
) -> comparability.Claim:
    values: dict[str, Any] = {}
    for name in calculation_fields.SETTINGS:
        place = f"{side}.{name}"
        draw, arguments = SETTINGS.get(name, (fields.text, {}))
        value: Any = alike.get(place) or sheet.value(place, given.get(name)) or card.get(place)
        if value is not None and draw is fields.number:
            value = int(float(value)) if isinstance(arguments["step"], int) else float(value)
        values[name] = value
    values["reproduced"] = YES_NO.get(values["reproduced"])
    return comparability.Claim(**{**values, "name": values["name"] or side.upper()})


def _given(side: str, case: Case | None) -> dict[str, Any]:
    """What the case itself says, by setting."""
    if case is None or case.facts is None:
        return {}
    facts = case.facts.model_dump()
    return {"name": facts[side], "score": facts[f"score_{side}"], "n": facts["n"], "benchmark": facts["benchmark"]}
