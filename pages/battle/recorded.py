"""Battles fought once, over whole benchmarks, and kept: all gaps at a glance, then any of them question by question."""

from functools import partial

import streamlit as st

from engine.analysis import recordings
from pages.charts import noise_chart
from pages.format import plain
from pages.shared import adjusted_verdicts, verdict_card

st.title("Recorded battles", anchor=False)
battles = {name: recordings.load(name) for name in recordings.names()}
together = recordings.together()
first, second = together.names
st.write(
    f"{plain(first)} against {plain(second)}, both asked the same questions, measured by us. Nothing runs when you "
    "look at these; to fight one yourself, on your own machine, takes minutes."
)
adjusted_verdicts.show_gaps(together, key="recorded-gaps")
st.caption(plain(adjusted_verdicts.in_words(together, "benchmarks")))

st.subheader("One of them", anchor=False)
name = st.selectbox("Benchmark", battles, format_func=lambda name: battles[name].title, key="battle")
battle = battles[name]
st.caption(plain(" ".join([f"{battle.extent.capitalize()}. {battle.provenance}", *battle.notices])))
if battle.title in together.taken_back:
    st.info(
        f"Looked at alone this has a winner. As one of {len(together.verdicts)} benchmarks it has none: see the picture"
        " above."
    )
verdict_card.show(battle.verdict, battle.names, key="recorded")
st.markdown("**How the gap came out of the noise, or did not**")
noise_chart.show(
    partial(recordings.verdict_after, battle), len(battle.a), len(battle.a), battle.names, key="recorded-noise"
)
st.caption("The grey band is what luck alone can do with that many questions.")
