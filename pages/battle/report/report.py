"""All there is to say about a battle that is over or was stopped."""

from functools import partial

import streamlit as st

from engine import BattleResult, spreadsheet
from engine.access import Person
from engine.analysis import repeats_of
from engine.report import figures
from pages.battle.report import discordant_items, findings, forecast_report, repeats, settings_list
from pages.charts import live_chart, noise_chart
from pages.shared import decomposition_report, download, verdict_card
from pages.shared.errors import errors_shown, in_words


def show(result: BattleResult, me: Person, *, mine: bool) -> None:
    """All of it, and what may still be measured if the battle is `mine`."""
    verdict = result.verdict
    for notice in result.notices:
        st.info(in_words(notice))
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
    if result.state == "done" and len(result.a) < result.battle.n:
        st.caption(f"It stopped by itself after {verdict.n:,} of at most {result.battle.n:,} items: it was decided.")
    forecast_report.show(result)
    st.subheader("How the gap came out of the noise, or did not", anchor=False)
    scores = [(item, a.score, b.score) for item, a, b in result.pairs]
    if result.anytime:
        live_chart.show(live_chart.trail_of(result.battle, scores), result.battle.n, result.names, key="final-gap")
    else:
        after = partial(findings.verdict_after, result, scores)
        noise_chart.show(after, len(scores), result.battle.n, result.names, key="final-noise")
    with errors_shown():
        _sources(result, me, mine=mine)
    st.subheader(f"The {len(result.discordant_items):,} questions where they differ", anchor=False)
    with errors_shown():  # the questions themselves may be gone from this machine
        discordant_items.show(result, key="flips")
    st.subheader("Was it a fair fight?", anchor=False)
    settings_list.show(result)
    left, right = st.columns(2)
    name = f"battle-{result.battle.id}"
    answered = len(result.a) + len(result.b)
    with left, errors_shown():
        download.show("Download JSON", findings.battle_file(result, paths=me.operator), f"{name}.json")
    with right:
        download.show("Download CSV", _csv(result.battle.id, answered, result), f"{name}.csv")


def _sources(result: BattleResult, me: Person, *, mine: bool) -> None:
    if result.battle.repeat_of:  # a repeat is itself a reading of another battle's gap
        return
    st.subheader("Where the gap may come from", anchor=False)
    with errors_shown():
        repeated = repeats_of(result.battle.id)
        parts = findings.decomposition(result, repeated)
        if parts:
            decomposition_report.show(parts, key="split")
            if mine:
                repeats.show(me, result, repeated, parts)


@st.cache_data(max_entries=32, show_spinner=False)
def _csv(battle_id: str, answered: int, _result: BattleResult) -> str:
    return spreadsheet.csv_table(("id", "score_a", "score_b"), ((id, a.score, b.score) for id, a, b in _result.pairs))
