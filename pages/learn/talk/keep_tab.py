"""What a learner takes along: the talk, the sheet, the summary; a fresh start."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from engine import text_file
from labs import Lab
from pages.format import plain
from pages.learn.exercises import sheet
from pages.learn.talk import begin_again
from pages.shared import download
from tutor import dialogue, journal
from tutor.journal import Talk

NAME = "name on files"
NAME_HELP = "It stands at their top, and is forgotten with this tab. Leave it empty for “a learner”."


def show(lab: Lab, now: Talk) -> None:
    _summary(lab, now)
    st.markdown("### Take it with you")
    name, file = _name(), f"{lab.slug}-{now.begun[:10]}"
    _downloads(
        "The talk",
        f"{file}-talk",
        lambda: dialogue.transcript_text(now, name or text_file.NOBODY),
        lambda: dialogue.transcript_json(now, name),
    )
    _downloads(
        plain(lab.exercise.title),
        f"{file}-sheet",
        lambda: sheet.filled(lab, now, name).text(),
        lambda: sheet.filled(lab, now, name).json(),
    )
    for talk in (each for each in journal.talks(now.learner) if each.lab == lab.slug and each.id != now.id):
        _downloads(
            f"An earlier talk, {plain(talk.begun[:10])}",
            f"{lab.slug}-{talk.begun[:10]}-{talk.id}",
            partial(dialogue.transcript_text, talk, name or text_file.NOBODY),
            partial(dialogue.transcript_json, talk, name),
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


def _name() -> str:
    """The name to put on the files. The session alone has it: nothing that is kept here knows who a learner is."""
    kept = st.session_state.get(NAME, "")
    given = st.text_input(
        "Your name, for these files", kept, max_chars=80, placeholder=text_file.NOBODY, help=NAME_HELP
    )
    st.session_state[NAME] = given
    return str(given).strip()


def _downloads(title: str, name: str, text: Callable[[], str], json: Callable[[], str]) -> None:
    label, left, right = st.columns([2, 1, 1], vertical_alignment="center")
    label.markdown(title)
    with left:
        download.show("Text", text, f"{name}.txt")
    with right:
        download.show("JSON", json, f"{name}.json")
