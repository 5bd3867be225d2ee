"""Operator: what goes on here today, counted from what is written down, and the means to stop it."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime

import streamlit as st

from engine import EngineError, access, battles, models
from pages.shared import owners, person, tables
from tutor import journal

TILE = 164  # pixels: four of them stand side by side, two on a telephone
LIMITS = {
    "items": "questions a battle",
    "minutes": "minutes of answering a battle",
    "open_battles": "open battles a person",
    "queue": "open battles of everybody",
    "messages": "messages to the tutor, a person and day",
    "replies": "replies of the tutor's model a day, to everybody",
    "storage": "megabytes of what everybody wrote, from which on visitors write no more",
}


def _title(address: str) -> str:
    """Of a model that may be gone meanwhile."""
    try:
        return models.find(address).title
    except EngineError:
        return address


st.title("Operator", anchor=False)
me = person.current()
usage = access.usage(me)
said = Counter({battles.author(learner): n for learner, n in journal.messages_since(access.today()).items()})
running = [entry for entry in usage.open if entry.state == "running"]

st.caption("Since midnight UTC. A person is a browser, or a learner who brought their work along from another one.")
people = {owner for owner in (*usage.started, *said) if owner}
figures = (
    ("Persons", len(people), "Who started a battle or wrote to the tutor."),
    ("Battles", sum(usage.started.values()), "Started, with those that only measure something."),
    ("Messages", said.total(), "To the tutor."),
    ("Model's replies", journal.model_turns(access.today().date()), "For which the tutor's model was asked."),
    ("Running", len(running), "Battles at this moment."),
    ("Waiting", len(usage.open) - len(running), "Battles in the queue."),
)
with st.container(horizontal=True):
    for label, number, told in figures:
        st.metric(label, f"{number:,}", help=told, border=True, width=TILE)

st.subheader("Open battles", anchor=False)
if usage.open:
    rows = [
        {
            "battle": f"battle?battle={entry.battle.id}",
            "who": owners.named(entry.owner, me),
            "contenders": " or ".join(_title(contender.model) for contender in (entry.battle.a, entry.battle.b)),
            "items": entry.battle.n,
            "state": "waiting" if entry.state == "queued" else "running",
            "started": datetime.fromtimestamp(entry.created),
        }
        for entry in usage.open
    ]
    looks = {
        "battle": st.column_config.LinkColumn("open", display_text="open", width="small"),
        "started": st.column_config.DatetimeColumn("started", format="calendar"),
    }
    # Of this very list: another one, in which a row is another battle, begins with none chosen.
    chosen = tables.choose(rows, columns=looks, key=f"open {' '.join(entry.battle.id for entry in usage.open)}")
    with st.container(horizontal=True):
        if st.button("Stop the chosen one", disabled=not chosen):
            access.stop(me, usage.open[chosen[0]].battle.id)
            st.rerun()
        with st.popover("Stop all of them", icon=":material/block:"):
            st.write("What is done stays. Whoever started one can go on with it, within what a visitor may do.")
            if st.button(f"Stop {len(usage.open):,} open battles", type="primary"):
                access.stop_all(me)
                st.rerun()
else:
    st.write("None.")

st.subheader("Who did what today", anchor=False)
by_person = [
    {"who": owners.named(owner, me), "battles": usage.started.get(owner, 0), "messages": said[owner]}
    for owner in sorted({*usage.started, *said}, key=lambda owner: -usage.started.get(owner, 0) - said[owner])
]
if by_person:
    tables.show(by_person, columns={}, key="by-person")
else:
    st.write("Nobody yet.")

st.subheader("What a visitor may do", anchor=False)
limits = asdict(access.Limits.configured())
tables.show(
    [{"limit": told, "now": limits[name], "set by": access.variable(name)} for name, told in LIMITS.items()],
    columns={},
    key="limits",
)
st.caption("The variables are read by the server; 0 closes what it limits.")
if person.has_signed_in():
    st.markdown(":material/key: [Sign out](sign-in)")
