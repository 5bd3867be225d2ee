"""The settings of both contenders as a checked list, and the lm-eval commands that measure the same."""

import pandas as pd
import streamlit as st

from engine import BattleResult
from engine.logs import lm_eval
from pages.format import plain


def show(result: BattleResult) -> None:
    lines = result.agreements
    different = [line.setting for line in lines if not line.same]
    if different:
        st.caption(f"Not the same on both sides: {', '.join(different)}. The gap may be theirs, not the models'.")
    else:
        st.caption("Everything that should be the same was the same: one harness, one machine, one run.")
    st.table(
        pd.DataFrame(
            [
                {
                    "": "✓" if line.same else "✕",
                    "setting": line.setting,
                    "value": line.a if line.same else f"{line.a} / {line.b}",
                    "why it matters": line.why,
                }
                for line in lines
            ]
        ).set_index("")
    )
    with st.expander("The same measurement with lm-eval 0.4.13"):
        st.caption("One command a contender (weights of a pack: put the folder of its .gguf file in).")
        if reason := lm_eval.why_not(result.battle):
            st.caption(plain(reason))
        for side in ("a", "b"):
            st.code(lm_eval.command(result.battle, side), language="bash", wrap_lines=True)
