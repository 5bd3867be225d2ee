"""The numbers of a plan in three stages, and the sizes that follow from them. What nobody entered is not guessed."""

from typing import Any

import streamlit as st

from labs import Case, Lab, calculation_fields, sample_sizes
from pages.format import plain
from pages.learn.exercises import card_answers
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet

COUNT: dict[str, Any] = {"min_value": 2, "step": 1}
PERCENT: dict[str, Any] = {"min_value": 0.0, "max_value": 100.0, "step": 1.0, "format": "%.5g"}
SHARE = PERCENT | {"min_value": 0.001, "max_value": 99.999}
POINTS = {"step": 1.0, "format": "%.5g"}
STAGES = (
    ("Stage 1: what a public score can sort out", {"stage1.score": PERCENT, "stage1.n": COUNT}),
    (
        "Stage 2: how many items of your own",
        {
            "stage2.gap": POINTS | {"min_value": 0.1, "max_value": 100.0},
            "stage2.discordance": SHARE,
            "stage2.score": PERCENT,
            "stage2.n": COUNT,
        },
    ),
    (
        "Stage 3: how long the pilot runs",
        {
            "stage3.baseline": PERCENT,
            "stage3.difference": POINTS | {"min_value": -100.0, "max_value": 100.0},
            "stage3.per_day": COUNT,
            "stage3.share": SHARE,
            "stage3.harm": SHARE,
        },
    ),
)


def show(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    labels, facts = calculation_fields.labels(lab.exercise.kind), card_answers.by_line(lab, case, sheet)
    for title, numbers in STAGES:
        st.markdown(f"#### {title}")
        names = list(numbers)
        for pair in (names[at : at + 2] for at in range(0, len(names), 2)):
            for column, name in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=False):
                with column:
                    fields.number(sheet, name, labels[name], **numbers[name])
                    card_answers.show(facts.get(name))


def computed(lab: Lab, case: Case | None, sheet: Sheet) -> sample_sizes.SampleSizes:
    """Each stage as soon as its numbers are there."""
    score, questions = sheet.number("stage1.score"), sheet.number("stage1.n")
    gap, differ, items = sheet.number("stage2.gap"), sheet.number("stage2.discordance"), sheet.number("stage2.n")
    rate, change = sheet.number("stage3.baseline"), sheet.number("stage3.difference")
    chats, share = sheet.number("stage3.per_day"), sheet.number("stage3.share")
    return sample_sizes.SampleSizes(
        stage1=None if score is None or questions is None else sample_sizes.shortlist(score, int(questions)),
        stage2=None
        if gap is None
        else sample_sizes.own_set(
            gap,
            discordance=30.0 if differ is None else differ,
            score=sheet.number("stage2.score"),
            n=None if items is None else int(items),
        ),
        stage3=None
        if rate is None or change is None or chats is None or share is None
        else sample_sizes.pilot(rate, change, per_day=chats, share=share, harm=sheet.number("stage3.harm")),
    )


def show_result(result: sample_sizes.SampleSizes) -> None:
    for number, stage in enumerate((result.stage1, result.stage2, result.stage3), start=1):
        size = stage.sentence if stage else "its size follows once its numbers are entered."
        st.markdown(f"**Stage {number}:** {plain(size)}")
        for caution in getattr(stage, "cautions", ()):
            st.caption(plain(caution))


def show_taken(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    """Nothing: a plan's numbers are the learner's."""


def show_waiting(lab: Lab, case: Case | None, sheet: Sheet) -> None:
    """Nothing: each stage says for itself that it waits."""
