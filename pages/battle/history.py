"""All battles of this machine, a visitor's own or an operator's all: running, waiting, over. A gap is shown with its
noise, on the battle's own page."""

from datetime import datetime
from urllib.parse import quote

import streamlit as st

from engine import access, models, report, tasks
from engine.analysis import forecasts
from engine.runs import UnreadableEntry
from pages.format import plain
from pages.shared import owners, person, tables
from pages.shared.errors import in_words

NAME = 130  # pixels: a long one leaves room for the rest

st.title("All battles", anchor=False)
me = person.current()
entries = access.history(me)
if not entries:
    st.write("None yet. The first one takes about two minutes, with opening the models.")
    st.page_link("battle/battle.py", label="Start a battle", icon=":material/arrow_forward:")
    st.page_link("battle/recorded.py", label="Look at recorded ones", icon=":material/arrow_forward:")
    st.stop()

if scored := forecasts.scored_battles(me.id):
    st.subheader("How your forecasts did", anchor=False)
    record = forecasts.record([score for _, score in scored if isinstance(score, forecasts.ForecastScore)])
    for sentence in report.sentences(record):
        st.markdown(plain(sentence))
    if ungraded := len(scored) - record.n:
        st.caption(f"{ungraded:,} more without a grade: the battle is not over, was stopped, or failed.")
    st.subheader("The battles", anchor=False)

st.caption(
    "One battle at a time runs on a device; the others wait for it in this queue."
    + ("" if me.operator else " You see your own here, and wait for everybody's.")
)
named = any(not isinstance(line, UnreadableEntry) and line.name for line, _ in entries)
rows = [
    {
        "battle": f"battle?battle={quote(line.id)}",
        "state": "cannot be read",
        **({"name": ""} if named else {}),
        **({"who": ""} if me.operator else {}),
        "contenders": " or ".join(models.title_of(address) for address in line.models),
        "benchmark": line.task,
        "items": None,
        "started": datetime.fromtimestamp(line.created) if line.created else None,
    }
    if isinstance(line, UnreadableEntry)
    else {
        "battle": f"battle?battle={line.battle.id}",
        "state": f"waiting, {ahead} ahead" if ahead else line.state,
        **({"name": line.name} if named else {}),
        **({"who": owners.named(line.owner, me)} if me.operator else {}),
        "contenders": " or ".join(models.title_of(c.model) for c in (line.battle.a, line.battle.b)),
        "benchmark": tasks.title_of(line.battle.task),
        "items": line.battle.n,
        "started": datetime.fromtimestamp(line.created),
    }
    for line, ahead in entries
]
columns = {
    "battle": st.column_config.LinkColumn("open", display_text="open", width="small"),
    "name": st.column_config.TextColumn("name", width=NAME),
    "started": st.column_config.DatetimeColumn("started", format="calendar"),
}
tables.show(rows, columns=columns, key="battles")
for line, _ in entries:
    if isinstance(line, UnreadableEntry):
        st.warning(in_words(line.reason))
