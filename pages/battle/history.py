"""All battles of this machine: running, waiting, over. A gap is shown with its noise, on the battle's own page."""

from datetime import datetime

import pandas as pd
import streamlit as st

from engine import arena, load_task, models

st.title("All battles", anchor=False)
battles = arena.history()
if not battles:
    st.write("None yet. The first one takes about two minutes, with opening the models.")
    st.page_link("pages/battle/battle.py", label="Start a battle", icon=":material/arrow_forward:")
    st.stop()

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
    for entry, ahead in battles
]
st.dataframe(
    pd.DataFrame(rows),
    hide_index=True,
    column_config={
        "battle": st.column_config.LinkColumn("open", display_text="open", width="small"),
        "started": st.column_config.DatetimeColumn("started", format="calendar"),
    },
)
