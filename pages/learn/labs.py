"""Labs: what they will be. None is open yet, and the page says so."""

import streamlit as st

st.title("Labs", anchor=False)
st.info(
    "The four labs are being built and none is open yet. What works today is the battle: a real one, with its noise."
)
for title, about in (
    ("Critique a benchmark claim", "Five things a claim must say before its number means anything."),
    (
        "Leaderboard scenarios",
        "When a measure becomes a target, when questions leak, when people prefer what is wrong.",
    ),
    (
        "The comparability protocol",
        "Five steps from two published numbers to definitive, indicative or not comparable.",
    ),
    (
        "Design a three-stage evaluation",
        "From a leaderboard to your own items to a pilot, with the sample size of each.",
    ),
):
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(about)
st.page_link("pages/battle/battle.py", label="Meanwhile: run a battle", icon=":material/arrow_forward:")
