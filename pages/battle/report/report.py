"""All there is to say about a battle that is over or was stopped."""

import csv
import io
import json
from functools import partial

import streamlit as st

from engine import BattleResult, runs
from engine.analysis import decomposition, robustness
from engine.report import as_json, figures
from pages.battle import watch
from pages.battle.report import discordant_items, forecast_report, measuring, settings_list
from pages.charts import decomposition_chart, live_chart, noise_chart
from pages.format import plain
from pages.shared import verdict_card


def show(result: BattleResult) -> None:
    verdict = result.verdict
    if verdict is None:
        st.info("Fewer than two items have been answered by both: there is nothing to say yet.")
        forecast_report.show(result)
        return
    verdict_card.show(verdict, result.names, key="final")
    macro = result.macro("a"), result.macro("b")
    if macro[0] is not None and macro[1] is not None:
        st.caption(
            f"Scores over all items are micro averages. Macro averages, the mean of the subjects drawn: "
            f"{figures.out_of_100(macro[0])} and {figures.out_of_100(macro[1])} (n = {verdict.n:,})."
        )
    if result.failures:
        st.warning(
            f"{len(result.failures)} answers could not be scored ({plain(result.failures[0][1].message)}). "
            "They are left out on both sides, not counted as wrong."
        )
    for notice in result.notices:
        st.info(plain(notice))
    if result.state == "done" and len(result.a) < result.battle.n:
        st.caption(f"It stopped by itself after {verdict.n:,} of at most {result.battle.n:,} items: it was decided.")
    forecast_report.show(result)
    st.subheader("How the gap came out of the noise, or did not", anchor=False)
    scores = [(item, a.score, b.score) for item, a, b in result.pairs]
    if result.anytime:
        live_chart.show(live_chart.trail(result.battle, scores), result.battle.n, result.names, key="final-gap")
    else:
        after = partial(watch.verdict_after, scores, result.battle)
        noise_chart.show(after, len(scores), result.battle.n, result.names, key="final-noise")
    _split(result)
    st.subheader(f"The {len(result.discordant):,} questions where they differ", anchor=False)
    discordant_items.show(result, key="flips")
    st.subheader("Was it a fair fight?", anchor=False)
    settings_list.show(result)
    left, right = st.columns(2)
    name = f"battle-{result.battle.id}"
    answered = len(result.a) + len(result.b)
    left.download_button(
        "Download JSON",
        _json(result.battle.id, result.state, answered),
        f"{name}.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )
    right.download_button(
        "Download CSV",
        _csv(result.battle.id, answered),
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
    )


def _split(result: BattleResult) -> None:
    family = robustness.family(result.battle.id)
    parts = decomposition.split(result, family)
    if parts is None or result.battle.of:  # a repeat is itself a reading of another battle's split
        return
    st.subheader("Where the gap may come from", anchor=False)
    decomposition_chart.show(parts, key="split")
    measuring.show(result, family, parts)


# Files are made before anybody asks, and kept: one that is made on demand is gone when two other people's pages have
# been drawn before the browser fetches it, which a class of learners met in one download of ten (docs/LOG.md).


@st.cache_data(max_entries=32, show_spinner=False)
def _json(battle_id: str, state: str, answered: int) -> str:
    """The battle in this state, with so many answers: then it is the same for everybody."""
    return json.dumps(as_json(runs.result(battle_id)), indent=1)


@st.cache_data(max_entries=32, show_spinner=False)
def _csv(battle_id: str, answered: int) -> str:
    result = runs.result(battle_id)
    table = io.StringIO()
    lines = csv.writer(table)
    lines.writerow(["id", "score_a", "score_b"])
    lines.writerows((item, a.score, b.score) for item, a, b in result.pairs)
    return table.getvalue()
