"""Three quiet dots: a full one for each message that counted, with the words that counted and why."""

import streamlit as st

from pages.format import plain
from tutor import REQUIRED
from tutor.dialogue import status_line
from tutor.journal import Talk
from tutor.judge import lab_progress

FULL, OPEN = ":primary[●]", ":gray[○]"
SHOWN = 110  # characters of a learner's words


def dots(counted: int) -> str:
    """The dots as Markdown. Full and open differ in shape, so colour is never the only sign."""
    return " ".join(FULL if number < counted else OPEN for number in range(REQUIRED))


def in_words(counted: int) -> str:
    return f"{min(counted, REQUIRED)} of {REQUIRED}"


def show(now: Talk) -> None:
    """A dot a line, with its reason; what is still open says what would count."""
    progress = lab_progress(now.exchanges)
    st.markdown(f"{dots(progress.counted)} &nbsp; {in_words(progress.counted)} counted")
    for exchange in [each for each in now.exchanges if each.counted][:REQUIRED]:
        assert exchange.assessment is not None
        words = exchange.assessment.quote or exchange.learner
        cut = f"{words[:SHOWN].rstrip()}…" if len(words) > SHOWN else words
        reason = status_line(exchange.assessment).partition(": ")[2]
        st.caption(f"{FULL} “{plain(' '.join(cut.split()))}”: {plain(reason)}")
    if not progress.complete:
        st.caption(
            "A message counts when your own words add a thought about the case: a reason, a question that something "
            "hangs on, a decision. Right or wrong does not matter, nor does length or language."
        )
