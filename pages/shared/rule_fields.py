"""What a verdict is judged by, asked the same everywhere: the margin of equality and the level."""

import streamlit as st

from engine.report import figures

MARGINS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.10)
LEVELS = (0.9, 0.95, 0.99)


def margin(key: str) -> float:
    return st.select_slider(
        "Gaps below this I would call equal (the margin)",
        MARGINS,
        value=0.02,
        format_func=figures.rounded_points,
        key=key,
    )


def level(key: str) -> float:
    return st.segmented_control(
        "How sure (the level)", LEVELS, default=0.95, required=True, format_func="{:.0%}".format, key=key
    )
