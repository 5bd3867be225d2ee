"""Asks what somebody expects of a battle before it runs: a forecast that is easy to get to 100%, and a hypothesis."""

import streamlit as st

from engine import battles
from engine.report import figures
from pages.charts import forecast_chart
from pages.charts.forecast_chart import OUTCOMES
from pages.format import plain
from pages.shared import person
from pages.shared.errors import errors_shown

FORMS = {"none": "None", "favourite": "A favourite", "four": "Four numbers"}
SURE = (25, 40, 55, 70, 85, 100)
"""Percent for the favourite; what is left of 100 can be shared by three without a rest."""


def show(names: tuple[str, str], margin: float, *, key: str) -> tuple[battles.Forecast | None, bool]:
    """The card, None without a forecast, and whether a battle can be run with what is there so far.

    Under another `key` all of it is asked anew: a forecast is about two models and one run.
    """
    with st.expander("Say first what you expect", key=f"{key} card"):
        st.caption(
            "Afterwards every result looks expected. Your forecast is sealed with the plan before the run, and graded "
            "after it; over many battles you learn how far to trust yourself."
        )
        form = st.segmented_control(
            "Your forecast",
            FORMS,
            default="none",
            required=True,
            format_func=FORMS.__getitem__,
            key=f"{key} forecast",
            persist_state="page",
        )
        if form == "none":
            return None, True
        labels = {
            "a": f"{names[0]} is better",
            "b": f"{names[1]} is better",
            "equal": f"Equal: any gap is below {figures.rounded_points(margin)}",
            "undecided": "Undecided: these items cannot tell",
        }
        percent = (_favourite if form == "favourite" else _four)(labels, key)
        forecast = None if percent is None else battles.OutcomeProbabilities.percent(**percent)
        if forecast is not None:
            forecast_chart.show(forecast, names, None, key=f"{key} picture")
        hypothesis = st.text_area(
            "Why? (optional)",
            max_chars=battles.LONGEST_HYPOTHESIS,
            height=80,
            placeholder="The larger one has read more, but these questions are hard for both.",
            key=f"{key} hypothesis",
            persist_state="page",
        )
        if forecast is None:
            return None, False
        with errors_shown():
            expected = battles.Forecast(probabilities=forecast, hypothesis=hypothesis.strip(), by=person.current().id)
            expected.check()
            return expected, True
    return None, False


def _favourite(labels: dict[str, str], key: str) -> dict[str, int] | None:
    """The favourite's share, and the rest in three equal ones; None until one is chosen."""
    favourite = st.radio(
        "What will the verdict be?",
        OUTCOMES,
        index=None,
        format_func=lambda outcome: plain(labels[outcome]),
        key=f"{key} favourite",
        persist_state="page",
    )
    sure = st.select_slider(
        "How sure are you? The other three share the rest.",
        SURE,
        value=55,
        format_func="{}%".format,
        key=f"{key} sure",
        persist_state="page",
    )
    if favourite is None:
        st.info("Choose one of the four, or no forecast (“None”).")
        return None
    return {outcome: sure if outcome == favourite else (100 - sure) // 3 for outcome in OUTCOMES}


def _four(labels: dict[str, str], key: str) -> dict[str, int] | None:
    """Four whole percentages; None until they add up to 100."""
    percent = {}
    for outcome, column in zip(OUTCOMES, [*st.columns(2), *st.columns(2)], strict=True):
        percent[outcome] = column.number_input(
            f"{plain(labels[outcome])} (%)",
            0,
            100,
            25,
            5,
            key=f"{key} {outcome}",
            persist_state="page",
        )
    left = 100 - sum(percent.values())
    if left:
        st.info(
            f"{left}% are left to give: all four together must be 100%."
            if left > 0
            else f"That is {-left}% too much: all four together must be 100%."
        )
        return None
    return percent
