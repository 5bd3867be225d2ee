"""Scores that are no fractions: on the scale their reader names, so that a gap can be told in points of a hundred."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine import CallerMistake, logs
from pages.logs.log_upload import ChosenLog


def show(chosen: Sequence[ChosenLog]) -> Sequence[ChosenLog]:
    """The same with scores from 0 to 1; fewer while the ends of the scale are not given.

    Raises:
        CallerMistake: ends between which the scores do not lie.
    """
    scores = [row.score for side in chosen for row in side.log.rows.values() if row.score is not None]
    lowest, highest = min(scores, default=0.0), max(scores, default=1.0)
    if lowest >= 0 and highest <= 1:
        return chosen
    st.info(
        f"The scores reach from {lowest:g} to {highest:g}. Say which are the worst and the best possible: a score is "
        "then told as the share of the way between them, and a gap in points of a hundred."
    )
    left, right = st.columns(2)
    worst = left.number_input("Worst possible score", value=None, placeholder="such as 0", key="logs-worst")
    best = right.number_input("Best possible score", value=None, placeholder="such as 10", key="logs-best")
    if worst is None or best is None:
        return ()
    if worst == best or not worst <= lowest <= highest <= best:
        raise CallerMistake(f"There are scores from {lowest:g} to {highest:g}: give ends between which they lie.")
    return [_scaled(side, worst, best) for side in chosen]


def _scaled(chosen: ChosenLog, worst: float, best: float) -> ChosenLog:
    """Its file's other scores are left alone: they may be on another scale."""
    rows = {
        name: row if row.score is None else replace(row, score=(row.score - worst) / (best - worst))
        for name, row in chosen.log.rows.items()
    }
    note = f"Scores were told from {worst:g} to {best:g}, and are read as shares of that."
    log: logs.Log = replace(chosen.log, rows=rows, notes=(*chosen.log.notes, note))
    return replace(chosen, log=log, contents=replace(chosen.contents, logs={}))
