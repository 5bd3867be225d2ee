"""All there is to say about a battle that is over or was stopped."""

import json
from collections.abc import Sequence
from functools import partial

import streamlit as st

from engine import Battle, BattleResult, Verdict, compare
from engine.access import Person
from engine.analysis import BattleAnalysis
from engine.report import as_json, figures, spreadsheet
from pages.battle.report import discordant_items, forecast_report, repeats, settings_list
from pages.charts import live_chart, noise_chart
from pages.shared import decomposition_report, download, verdict_card
from pages.shared.errors import in_words


def show(analysis: BattleAnalysis, me: Person, *, mine: bool) -> None:
    """All of it, and what may still be measured if the battle is `mine`."""
    result = analysis.result
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
            f"{len(result.failures)} answers could not be scored ({in_words(result.failures[0][1].message)}). "
            "They are left out on both sides, not counted as wrong."
        )
    for notice in result.notices:
        st.info(in_words(notice))
    if result.state == "done" and len(result.a) < result.battle.n:
        st.caption(f"It stopped by itself after {verdict.n:,} of at most {result.battle.n:,} items: it was decided.")
    forecast_report.show(result)
    st.subheader("How the gap came out of the noise, or did not", anchor=False)
    scores = [(item, a.score, b.score) for item, a, b in result.pairs]
    if result.anytime:
        live_chart.show(live_chart.trail_of(result.battle, scores), result.battle.n, result.names, key="final-gap")
    else:
        after = partial(_verdict_after, scores, result.battle)
        noise_chart.show(after, len(scores), result.battle.n, result.names, key="final-noise")
    _sources(analysis, me, mine=mine)
    st.subheader(f"The {len(result.discordant_items):,} questions where they differ", anchor=False)
    discordant_items.show(result, key="flips")
    st.subheader("Was it a fair fight?", anchor=False)
    settings_list.show(result)
    left, right = st.columns(2)
    name = f"battle-{result.battle.id}"
    answered = len(result.a) + len(result.b)
    with left:
        download.show("Download JSON", _json(result.battle.id, result.state, answered, result), f"{name}.json")
    with right:
        download.show("Download CSV", _csv(result.battle.id, answered, result), f"{name}.csv")


def _verdict_after(pairs: Sequence[tuple[str, float, float]], battle: Battle, n: int) -> Verdict:
    """The verdict on the first `n` pairs."""
    a, b = [a for _, a, _ in pairs[:n]], [b for _, _, b in pairs[:n]]
    return compare(a, b, level=battle.level, margin=battle.margin)


def _sources(analysis: BattleAnalysis, me: Person, *, mine: bool) -> None:
    parts = analysis.decomposition
    if parts is None or analysis.result.battle.repeat_of:  # a repeat is itself a reading of another battle's gap
        return
    st.subheader("Where the gap may come from", anchor=False)
    decomposition_report.show(parts, key="split")
    if mine:
        repeats.show(me, analysis.result, analysis.repeats, parts)


# Files are made before anybody asks, and kept: one that is made on demand is gone when two other people's pages have
# been drawn before the browser fetches it, which a class of learners met in one download of ten (docs/LOG.md).


@st.cache_data(max_entries=32, show_spinner=False)
def _json(battle_id: str, state: str, answered: int, _result: BattleResult) -> str:
    """The battle in this state, with so many answers: then it is the same for everybody."""
    return json.dumps(as_json(_result), indent=1)


@st.cache_data(max_entries=32, show_spinner=False)
def _csv(battle_id: str, answered: int, _result: BattleResult) -> str:
    return spreadsheet.csv_table(("id", "score_a", "score_b"), ((id, a.score, b.score) for id, a, b in _result.pairs))
