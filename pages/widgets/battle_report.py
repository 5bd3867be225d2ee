"""All there is to say about a battle that is over or was stopped."""

import csv
import io
import json
from functools import partial

import streamlit as st

from engine import BattleResult
from pages.widgets import battle_watch, flip_list, noise_chart, settings_list, verdict_card
from pages.widgets.wording import percent, plain


def show(result: BattleResult) -> None:
    verdict = result.verdict
    if verdict is None:
        st.info("Fewer than two items have been answered by both: there is nothing to say yet.")
        return
    verdict_card.show(verdict, result.names, key="final")
    macro = result.macro("a"), result.macro("b")
    if macro[0] is not None and macro[1] is not None:
        st.caption(
            f"Scores over all items are micro averages. Macro averages, the mean of the subjects drawn: "
            f"{percent(macro[0])} and {percent(macro[1])} (n = {verdict.n:,})."
        )
    if result.failures:
        st.warning(
            f"{len(result.failures)} answers could not be scored ({plain(result.failures[0][1].message)}). "
            "They are left out on both sides, not counted as wrong."
        )
    for notice in result.notices:
        st.info(plain(notice))
    st.subheader("How the gap came out of the noise, or did not", anchor=False)
    scores = [(item, a.score, b.score) for item, a, b in result.pairs]
    after = partial(battle_watch.verdict_after, scores, result.battle)
    noise_chart.show(after, len(scores), result.battle.n, result.names, key="final-noise")
    st.subheader(f"The {len(result.flips):,} questions where they differ", anchor=False)
    flip_list.show(result, key="flips")
    st.subheader("Was it a fair fight?", anchor=False)
    settings_list.show(result)
    left, right = st.columns(2)
    name = f"battle-{result.battle.id}"
    left.download_button(
        "Download JSON",
        lambda: json.dumps(result.to_json(), indent=1),
        f"{name}.json",
        "application/json",
        width="stretch",
    )
    right.download_button("Download CSV", lambda: _csv(result), f"{name}.csv", "text/csv", width="stretch")


def _csv(result: BattleResult) -> str:
    table = io.StringIO()
    lines = csv.writer(table)
    lines.writerow(["id", "score_a", "score_b"])
    lines.writerows((item, a.score, b.score) for item, a, b in result.pairs)
    return table.getvalue()
