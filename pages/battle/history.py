"""All battles of this machine: what runs, what waits, what came of the rest."""

import pandas as pd
import streamlit as st

from engine import arena, load_task, models
from pages.widgets.wording import points

st.title("All battles", anchor=False)
battles = arena.history()
if not battles:
    st.write("None yet. The first one takes about a minute.")
    st.page_link("pages/battle/battle.py", label="Start a battle", icon=":material/arrow_forward:")
    st.stop()

waiting = [progress for progress in battles if progress.open]
st.caption(
    f"{len(waiting)} open, {len(battles) - len(waiting)} over. One battle at a time runs on a device; the others wait."
    if waiting
    else f"{len(battles)} battles, none open."
)
rows = pd.DataFrame(
    [
        {
            "battle": f"battle?battle={p.battle.id}",
            "A": models.find(p.battle.a.model).title,
            "B": models.find(p.battle.b.model).title,
            "benchmark": load_task(p.battle.task).title,
            "items": p.battle.n,
            "state": f"waiting, {p.ahead} ahead" if p.ahead else p.state,
            "gap": points(sum(a - b for _, a, b in p.pairs) / len(p.pairs)) if p.pairs else "",
        }
        for p in battles
    ]
)
st.dataframe(
    rows,
    hide_index=True,
    column_config={"battle": st.column_config.LinkColumn("open", display_text="open", width="small")},
)
