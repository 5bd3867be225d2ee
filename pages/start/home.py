"""Home: what this is in ten seconds, with a real battle to pull the noise out of."""

from functools import partial

import streamlit as st

from engine import explain, load_task
from engine.analysis import recordings
from pages.charts import noise_chart
from pages.format import plain
from pages.shared import person

st.title("Is that gap real?", anchor=False)
st.write(
    "Benchmark tables crown a winner on any gap. Here you learn to read them: run real battles between two models, "
    "see how much of a gap is noise, and argue about claims until yours hold."
)

left, right = st.columns(2)
if left.button("Run a battle yourself", type="primary", width="stretch"):
    st.switch_page("battle/battle.py")
if right.button("Start a lab", width="stretch"):
    st.switch_page("learn/labs.py")

battle = recordings.load("arc_easy")
steps = [n for n in (10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000) if n < len(battle.a)]
n = st.select_slider(
    "Pull: how many questions both models have answered",
    [*steps, len(battle.a)],
    value=100,
    format_func="{:,}".format,
    key="n",
)
noise_chart.show(partial(recordings.verdict_after, battle), n, len(battle.a), battle.names, key="home-noise")
told = explain(recordings.verdict_after(battle, n))
st.markdown(f"**{plain(told.headline)}** {plain(told.gap)}")
st.caption(
    "The grey band is what luck alone can do with that many questions; a gap inside it shows nothing yet. "
    f"{plain(battle.names[0])} against {plain(battle.names[1])} on {load_task(battle.task).title}, measured by us. "
    + battle.provenance
)
st.page_link("battle/recorded.py", label="More recorded battles", icon=":material/arrow_forward:")
if not person.is_operator():
    st.markdown(":material/key: [Operator sign-in](sign-in)")  # no page of Streamlit's: it sets a cookie
