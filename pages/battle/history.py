"""All battles of this machine: running, waiting, over. A gap is shown with its noise, on the battle's own page."""

from datetime import datetime

import streamlit as st

from engine import load_task, models, report, runs
from engine.analysis import forecasts
from pages.format import plain
from pages.shared import person, tables

st.title("All battles", anchor=False)
entries = runs.history()
if not entries:
    st.write("None yet. The first one takes about two minutes, with opening the models.")
    st.page_link("battle/battle.py", label="Start a battle", icon=":material/arrow_forward:")
    st.page_link("battle/recorded.py", label="Look at recorded ones", icon=":material/arrow_forward:")
    st.stop()

if scored := forecasts.scored_battles(person.current().id):
    st.subheader("How your forecasts did", anchor=False)
    record = forecasts.record([score for _, score in scored if isinstance(score, forecasts.ForecastScore)])
    for sentence in report.sentences(record):
        st.markdown(plain(sentence))
    if ungraded := len(scored) - record.n:
        st.caption(f"{ungraded:,} more without a grade: the battle is not over, was stopped, or failed.")
    st.subheader("The battles", anchor=False)

st.caption("One battle at a time runs on a device; the others wait for it in this queue.")
rows = [
    {
        "battle": f"battle?battle={entry.battle.id}",
        "contenders": " or ".join(models.find(c.model).title for c in (entry.battle.a, entry.battle.b)),
        "benchmark": load_task(entry.battle.task).title,
        "items": entry.battle.n,
        "state": f"waiting, {ahead} ahead" if ahead else entry.state,
        "started": datetime.fromtimestamp(entry.created),
    }
    for entry, ahead in entries
]
columns = {
    "battle": st.column_config.LinkColumn("open", display_text="open", width="small"),
    "started": st.column_config.DatetimeColumn("started", format="calendar"),
}
tables.show(rows, columns=columns, key="battles")
