"""What a learner takes along or throws away: the talk, the sheet, the summary; a fresh start; everything deleted."""

from collections.abc import Callable

import streamlit as st

from labs import Lab
from pages.format import plain
from pages.learn.exercises import sheet
from pages.shared import download, learner
from tutor import dialogue, journal
from tutor.journal import Talk


def show(lab: Lab, now: Talk) -> None:
    _summary(lab, now)
    st.markdown("### Take it with you")
    name = f"{lab.slug}-{now.begun[:10]}"
    _downloads(
        "The talk", f"{name}-talk", lambda: dialogue.transcript_markdown(now), lambda: dialogue.transcript_json(now)
    )
    _downloads(
        plain(lab.exercise.title),
        f"{name}-sheet",
        lambda: sheet.filled(lab, now).markdown(),
        lambda: sheet.filled(lab, now).json(),
    )
    st.caption(
        "The address of this page is the key to what you wrote: bookmark it to come back, and share it with nobody "
        "who should not read along."
    )
    st.markdown("### Begin again")
    with st.container(horizontal=True):
        if st.button(
            "Start this lab over", key="start-over", help="A new talk; this one stays among your transcripts."
        ):
            dialogue.start_over(now.learner, lab.slug)
            st.rerun()
        with st.popover("Delete everything I wrote"):
            st.write(
                "All talks and sheets of all labs that belong to this address are removed. Nobody can bring them back."
            )
            if st.button("Delete it all", key="delete-all"):
                journal.delete(now.learner)
                learner.forget()
                st.switch_page("pages/learn/labs.py")


def _summary(lab: Lab, now: Talk) -> None:
    learned = dialogue.summarise(lab, now.exchanges)
    st.markdown("### What you showed")
    lines = [f"**{plain(concept.name)}**: “{plain(' '.join(quote.split()))}”" for concept, quote in learned.shown]
    lines += [f"Met and worked past: {plain(belief.belief)}" for belief in learned.repaired]
    lines += [f"Still open: {plain(belief.belief)}" for belief in learned.open]
    st.markdown("\n".join(f"- {line}" for line in lines) or "Nothing yet. It fills as you talk.")
    if learned.missed:
        st.markdown("### Not touched yet")
        st.markdown("\n".join(f"- **{plain(concept.name)}.** {plain(concept.gist)}" for concept in learned.missed))


def _downloads(title: str, name: str, markdown: Callable[[], str], json: Callable[[], str]) -> None:
    label, left, right = st.columns([2, 1, 1], vertical_alignment="center")
    label.markdown(title)
    with left:
        download.show("Markdown", markdown, f"{name}.md")
    with right:
        download.show("JSON", json, f"{name}.json")
