"""Where a gap may come from: the picture of its sources, a sentence each, and every reading behind them."""

import streamlit as st

from engine import report
from engine.stats import GapDecomposition, Remeasurement
from pages.charts import decomposition_chart
from pages.charts.decomposition_chart import TITLES, signed
from pages.format import plain


def show(parts: GapDecomposition, *, key: str) -> None:
    decomposition_chart.show(parts, key=key)
    for sentence in report.sentences(parts):
        st.markdown(plain(sentence))
    _readings(parts)


def _readings(parts: GapDecomposition) -> None:
    """A line a reading, to be read on a phone too."""
    count = sum(len(part.readings) + len(part.mixed) for part in parts.parts)
    if not count:
        return
    with st.expander(f"Every reading ({count})"):
        st.caption(
            f"Gaps in points, {plain(parts.names[0])} minus {plain(parts.names[1])}, each beside the gap that is "
            "judged, on the very same items. “Luck could do it”: as many coin flips as answers changed would often "
            "move it as far."
        )
        for part in parts.parts:
            lines = [_line(reading) for reading in part.readings]
            lines += [f"{_line(reading)}; two rules, which is a mistake and moves no gap" for reading in part.mixed]
            if lines:
                st.markdown("\n".join([f"**{TITLES[part.source]}**\n", *(f"- {line}" for line in lines)]))


def _line(reading: Remeasurement) -> str:
    gap, own = signed(100 * reading.gap), signed(100 * reading.base)
    line = f"{plain(reading.label)}: **{gap}**, else {own}, on {reading.n:,} items"
    if reading.bound:
        return f"{line}; a bound, not a measurement"
    changed = {0: "no answer", 1: "1 answer"}.get(reading.flips, f"{reading.flips:,} answers")
    line += f"; {changed} changed"
    if reading.unread:
        line += f", {reading.unread:,} unread and counted as wrong"
    if gap != own:
        line += ", luck could do it" if reading.within_luck else ", more than luck does"
    return line
