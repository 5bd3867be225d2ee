"""A case as a card that looks like the thing itself: a post, a slide, a row of a board. Its text is always whole."""

import streamlit as st

from labs import Case, Lab, case_of
from pages.format import plain
from pages.learn.talk.terms import defined
from pages.shared import tables
from tutor.journal import Talk


def show(lab: Lab, case: Case) -> None:
    with st.container(border=True, key=f"case-{case.id}"):
        FORMS[case.form](lab, case)


def show_earlier(lab: Lab, now: Talk) -> None:
    """The cases talked about before, folded away."""
    earlier = [id for id in dict.fromkeys(exchange.case for exchange in now.exchanges) if id != now.case]
    if not earlier:
        return
    with st.expander("Earlier cases" if earlier[1:] else "The earlier case"):
        for case in (case_of(lab, id) for id in earlier):
            st.markdown(f"**{plain(case.title)}**  \n{plain(case.text)}")


def _post(lab: Lab, case: Case) -> None:
    _head(":material/account_circle:", case.source, "post")
    st.markdown(defined(case.text, lab))
    st.markdown(":gray[:small[:material/chat_bubble: &emsp; :material/repeat: &emsp; :material/favorite:]]")


def _press(lab: Lab, case: Case) -> None:
    st.caption(f"FOR RELEASE · {plain(case.source)}")
    st.markdown(f"### {plain(case.title)}")
    st.markdown(defined(case.text, lab))
    st.caption(plain("###"), text_alignment="center")


def _newsletter(lab: Lab, case: Case) -> None:
    _head(":material/mail:", case.source, "in your inbox")
    st.markdown(f"### {plain(case.title)}")
    st.markdown(defined(case.text, lab))


def _slide(lab: Lab, case: Case) -> None:
    st.markdown(f"### {plain(case.title)}")
    st.space("small")
    st.markdown(defined(case.text, lab))
    st.space("medium")
    st.caption(plain(case.source), text_alignment="right")


def _board(lab: Lab, case: Case) -> None:
    _head(":material/leaderboard:", case.source, case.title)
    facts = case.facts
    if facts and facts.score_a is not None and facts.score_b is not None:
        score = facts.benchmark or "score"
        rows = [{"model": facts.a, score: facts.score_a}, {"model": facts.b, score: facts.score_b}]
        columns = {score: st.column_config.NumberColumn(format="%.1f")}
        tables.show(rows, columns=columns, key=f"board-{case.id}")
    st.markdown(defined(case.text, lab))


def _memo(lab: Lab, case: Case) -> None:
    st.markdown(f"**MEMO**  \n:small[From: {plain(case.source)}]  \n:small[Subject: **{plain(case.title)}**]")
    st.markdown(defined(case.text, lab))


def _brief(lab: Lab, case: Case) -> None:
    _head(":material/assignment:", case.source, "brief")
    st.markdown(f"### {plain(case.title)}")
    st.markdown(defined(case.text, lab))


def _head(icon: str, source: str, kind: str) -> None:
    st.caption(f"{icon} &nbsp; **{plain(source)}** · {plain(kind)}")


FORMS = {
    "post": _post,
    "press": _press,
    "newsletter": _newsletter,
    "slide": _slide,
    "board": _board,
    "memo": _memo,
    "brief": _brief,
}
