"""The settings of both contenders as a checked list, and the lm-eval commands that measure the same."""

import pandas as pd
import streamlit as st

from engine import BattleResult
from engine.harness import Setting
from engine.logs import lm_eval
from pages.format import plain, printable

NOT_RECORDED = "not recorded yet"
MARKS = {"same": "✓", "differs": "✕", "not stated": "?"}


def show(result: BattleResult) -> None:
    settings = result.settings
    different, unknown = (
        ", ".join(setting.name for setting in settings if setting.outcome == outcome)
        for outcome in ("differs", "not stated")
    )
    if different:
        st.caption(f"Not the same on both sides: {plain(different)}. The gap may be theirs, not the models'.")
    elif unknown:
        st.caption(f"Not recorded of both sides: {plain(unknown)}. All else that should be the same was the same.")
    else:
        st.caption("Everything that should be the same was the same: one harness, one machine, one run.")
    st.table(pd.DataFrame([_row(setting) for setting in settings]).set_index(""))
    with st.expander("The same measurement with lm-eval 0.4.13"):
        st.caption("One command a contender (weights of a pack: put the folder of its .gguf file in).")
        if reason := lm_eval.differences(result.battle):
            st.caption(plain(reason))
        for side in ("a", "b"):
            st.code(printable(lm_eval.command(result.battle, side)), language="bash", wrap_lines=True)


def _row(setting: Setting) -> dict[str, str]:
    a, b = (NOT_RECORDED if stated is None else stated for stated in (setting.a, setting.b))
    return {
        "": MARKS[setting.outcome],
        "setting": plain(setting.name),
        "value": plain(a if a == b else f"{a} / {b}"),
        "why it matters": plain(setting.why),
    }
