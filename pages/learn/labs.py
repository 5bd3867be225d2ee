"""Labs: what there is to learn, how long it takes, and how far this learner came."""

import streamlit as st

from labs import load_lab, slugs
from pages.format import plain
from pages.learn.talk import progress_dots
from pages.shared import person
from tutor import journal
from tutor.judge import lab_progress

newest = journal.latest_by_lab(person.learner())
talks = {slug: newest.get(slug) for slug in slugs()}
complete = {slug for slug, now in talks.items() if now and lab_progress(now.exchanges).complete}
current = next((slug for slug in talks if slug not in complete), None)

st.title("Labs", anchor=False)
st.write(
    "Each lab is a talk about a case: a claim, a board, a brief. Three messages with a thought of your own complete "
    "it; right or wrong does not matter. Nothing leaves this machine unless a model is set up as tutor."
)
for slug, now in talks.items():
    lab = load_lab(slug)
    with st.container(border=True, key=f"card-{slug}"):
        st.subheader(plain(lab.title), anchor=False)
        st.write(plain(lab.goal))
        counted = lab_progress(now.exchanges).counted if now else 0
        begun = now is not None and len(now.exchanges) > 0
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            state = "complete" if slug in complete else f"{progress_dots.in_words(counted)} counted"
            st.markdown(
                f"{progress_dots.dots(counted)} &nbsp; {state} · about {lab.minutes} minutes",
                width="content",
            )
            label = "Look again" if slug in complete else "Go on" if begun else "Start"
            if st.button(label, key=f"open-{slug}", type="primary" if slug == current else "secondary"):
                st.switch_page("learn/lab.py", query_params={"lab": slug})
with st.container(horizontal=True):
    st.page_link("learn/tutor_settings.py", label="Who judges and who speaks", icon=":material/tune:")
    st.page_link("learn/your_work.py", label="Your work on another device", icon=":material/devices:")
if not person.is_remembered():
    st.caption("This browser keeps no cookie: a resume code, under “Your work on another device”, is the way back.")
