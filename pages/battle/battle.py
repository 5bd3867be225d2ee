"""Battle: choose, run, watch, read the verdict. The battle's id is in the URL, so a reload comes back here."""

import streamlit as st

from engine import runs
from pages.battle import watch
from pages.battle.report import findings, forecast_report, report
from pages.battle.setup import setup
from pages.format import plain

battle_id = st.query_params.get("battle")

if battle_id is None:
    st.title("Is A really better than B?", anchor=False)
    st.write("Two models answer the same questions of a real benchmark, here and now. Then we say what that shows.")
    request = setup.show()
    if message := st.session_state.pop("probe_message", None):
        st.error(plain(message))
    if st.button("Run the battle", type="primary", disabled=request is None, width="stretch") and request:
        # Only the battle: a battle's address is there to be shown to others, the learner's token is not.
        st.query_params.from_dict({"battle": runs.start(runs.plan(request))})
        del st.session_state["seed"]
        st.rerun()
    st.stop()

progress = runs.watch(battle_id)
result = runs.result(battle_id) if progress.open else findings.result(battle_id, progress.state, progress.done)
of_all = f" of {result.task.size:,}" if result.task.size else ""
st.title(plain(f"{result.names[0]} or {result.names[1]}?"), anchor=False)
st.caption(
    f"{result.task.title}, {progress.battle.n:,}{of_all} items drawn with seed {progress.battle.seed}, "
    f"battle {battle_id}"
)

if progress.open:
    if result.seal is not None:
        forecast_report.show_seal(result.seal)
    st.fragment(watch.show, run_every=watch.EVERY)(battle_id)
    if st.button("Stop", help="What is done stays; you can go on later."):
        runs.stop(battle_id)
        st.rerun()
    st.stop()

if progress.state != "done":
    reason = plain(progress.message) or "You stopped this battle."
    st.warning(f"{reason} {progress.done:,} of {2 * progress.battle.n:,} answers are kept.")
    if st.button("Go on with it", type="primary"):
        runs.resume(battle_id)
        st.rerun()
report.show(result)
if st.button("New battle"):
    st.query_params.clear()
    st.rerun()
