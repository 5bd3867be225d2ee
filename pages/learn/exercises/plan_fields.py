"""The numbers of a plan in three stages, and the sizes that follow from them. What nobody entered is not guessed."""

from typing import Any

import streamlit as st

from labs import Case, sample_sizes
from pages.format import plain
from pages.learn.exercises import sheet_fields as fields
from pages.learn.exercises.sheet_fields import Sheet

COUNT: dict[str, Any] = {"min_value": 2, "step": 1}
PERCENT: dict[str, Any] = {"min_value": 0.0, "max_value": 100.0, "step": 1.0, "format": "%.5g"}
SHARE = PERCENT | {"min_value": 0.001, "max_value": 99.999}
POINTS = {"step": 1.0, "format": "%.5g"}
STAGES = (
    (
        "Stage 1: what a public score can sort out",
        (
            ("stage1.score", "Published score, in percent", PERCENT),
            ("stage1.n", "Questions behind it", COUNT),
        ),
    ),
    (
        "Stage 2: how many items of your own",
        (
            (
                "stage2.gap",
                "Gap that would change your choice, in points",
                POINTS | {"min_value": 0.1, "max_value": 100.0},
            ),
            ("stage2.discordance", "Items on which the two differ, in percent (30 if empty)", SHARE),
            ("stage2.score", "Score you expect, in percent (50 if empty)", PERCENT),
            ("stage2.n", "Items you can get (as many as needed if empty)", COUNT),
        ),
    ),
    (
        "Stage 3: how long the pilot runs",
        (
            ("stage3.baseline", "Rate as it is today, in percent", PERCENT),
            (
                "stage3.difference",
                "Change you want to see, in points",
                POINTS | {"min_value": -100.0, "max_value": 100.0},
            ),
            ("stage3.per_day", "Chats a day", COUNT),
            ("stage3.share", "Share that goes to the pilot, in percent", SHARE),
            ("stage3.harm", "Rate of harm to rule out, in percent (if any)", SHARE),
        ),
    ),
)


def show(case: Case | None, sheet: Sheet) -> None:
    for title, numbers in STAGES:
        st.markdown(f"#### {title}")
        for pair in (numbers[at : at + 2] for at in range(0, len(numbers), 2)):
            for column, (name, label, arguments) in zip(st.columns(2, vertical_alignment="bottom"), pair, strict=False):
                with column:
                    fields.number(sheet, name, label, **arguments)


def computed(case: Case | None, sheet: Sheet) -> sample_sizes.SampleSizes:
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
