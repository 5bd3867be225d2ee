"""What a learner takes along: the talk, the sheet, the summary; a fresh start."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from labs import Lab
from pages.format import plain
from pages.learn.exercises import sheet
from pages.learn.talk import begin_again
from pages.shared import download
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
    for talk in (each for each in journal.talks(now.learner) if each.lab == lab.slug and each.id != now.id):
        _downloads(
            f"An earlier talk, {plain(talk.begun[:10])}",
            f"{lab.slug}-{talk.begun[:10]}-{talk.id}",
            partial(dialogue.transcript_markdown, talk),
            partial(dialogue.transcript_json, talk),
        )
    st.page_link("learn/your_work.py", label="Your work on another device", icon=":material/devices:")
    st.markdown("### Begin again")
    begin_again.show(lab, now.learner)
    st.page_link("learn/your_work.py", label="Delete everything I wrote", icon=":material/delete:")


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
