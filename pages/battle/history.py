"""All battles of this machine: running, waiting, over. A gap is shown with its noise, on the battle's own page."""

from datetime import datetime
from urllib.parse import quote

import streamlit as st

from engine import battles, models, report, runs, tasks
from engine.analysis import forecasts
from engine.runs import UnreadableEntry
from pages.format import plain
from pages.shared import learner, tables

st.title("All battles", anchor=False)
entries = runs.history()
if not entries:
    st.write("None yet. The first one takes about two minutes, with opening the models.")
    st.page_link("pages/battle/battle.py", label="Start a battle", icon=":material/arrow_forward:")
    st.page_link("pages/battle/recorded.py", label="Look at recorded ones", icon=":material/arrow_forward:")
    st.stop()

if scored := forecasts.scored_battles(battles.author(learner.token())):
    st.subheader("How your forecasts did", anchor=False)
    record = forecasts.record([score for _, score in scored if isinstance(score, forecasts.ForecastScore)])
    for sentence in report.sentences(record):
        st.markdown(plain(sentence))
    if ungraded := len(scored) - record.n:
        st.caption(f"{ungraded:,} more without a grade: the battle is not over, was stopped, or failed.")
    st.caption(
        "The address of this page is the key to your record and to your lab talks: bookmark it to come back, and share "
        "it with nobody who should not read along."
    )
    st.subheader("The battles", anchor=False)

st.caption("One battle at a time runs on a device; the others wait for it in this queue.")
rows = [
    {
        "battle": f"battle?battle={quote(line.id)}",
        "contenders": " or ".join(models.title_of(address) for address in line.models),
        "benchmark": line.task,
        "items": None,
        "state": "cannot be read",
        "started": datetime.fromtimestamp(line.created) if line.created else None,
    }
    if isinstance(line, UnreadableEntry)
    else {
        "battle": f"battle?battle={line.battle.id}",
        "contenders": " or ".join(models.title_of(c.model) for c in (line.battle.a, line.battle.b)),
        "benchmark": tasks.title_of(line.battle.task),
        "items": line.battle.n,
        "state": f"waiting, {ahead} ahead" if ahead else line.state,
        "started": datetime.fromtimestamp(line.created),
    }
    for line, ahead in entries
]
columns = {
    "battle": st.column_config.LinkColumn("open", display_text="open", width="small"),
    "started": st.column_config.DatetimeColumn("started", format="calendar"),
}
tables.show(rows, columns=columns, key="battles")
for line, _ in entries:
    if isinstance(line, UnreadableEntry):
        st.warning(plain(line.reason))
