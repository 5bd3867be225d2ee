"""Battle: choose, run, watch, read the verdict. The battle's id is in the URL, so a reload comes back here."""

import streamlit as st

from engine import access, runs
from pages.battle import own_battle, watch
from pages.battle.report import findings, forecast_report, report
from pages.battle.setup import setup
from pages.format import plain
from pages.shared import person
from pages.shared.errors import errors_shown, in_words

battle_id = st.query_params.get("battle")
me = person.current()

if battle_id is None:
    st.title("Is A really better than B?", anchor=False)
    st.write("Two models answer the same questions of a real benchmark, here and now. Then we say what that shows.")
    request = setup.show(me)
    if message := st.session_state.pop("probe_message", None):
        st.error(in_words(message))
    if st.button("Run the battle", type="primary", disabled=request is None, width="stretch") and request:
        with errors_shown():
            st.query_params.from_dict({"battle": access.start(me, request)})
            del st.session_state["seed"]
            st.rerun()
    st.stop()

progress = runs.watch(battle_id)
result = runs.result(battle_id) if progress.open else findings.result(battle_id, progress.state, progress.done)
of_all = f" of {result.task.size:,}" if result.task.size else ""
st.title(plain(f"{result.names[0]} or {result.names[1]}?"), anchor=False)
st.caption(
    f"{result.task.title}, {progress.battle.n:,}{of_all} items drawn with seed {progress.battle.seed}, "
    f"battle {plain(battle_id)}"
)
mine = access.may_change(me, progress.owner)
if progress.name:
    st.caption(f"**{plain(progress.name)}**")

if progress.open:
    if result.seal is not None:
        forecast_report.show_seal(result.seal)
    st.fragment(watch.show, run_every=watch.EVERY)(battle_id)
    if mine:
        with st.container(horizontal=True):
            if st.button("Stop", help="What is done stays; you can go on later."):
                access.stop(me, battle_id)
                st.rerun()
            own_battle.show_name(me, battle_id, progress.name)
    st.stop()

if progress.state != "done":
    reason = in_words(progress.message) or ("You stopped this battle." if mine else "This battle was stopped.")
    kept = f"{progress.done:,} of {2 * progress.battle.n:,} answers are kept."
    st.warning(reason if kept in progress.message else f"{reason} {kept}")
    if access.may_resume(me, battle_id) and st.button("Go on with it", type="primary"):
        with errors_shown():
            access.resume(me, battle_id)
            st.rerun()
report.show(result, me, mine=mine)
with st.container(horizontal=True):
    if st.button("New battle"):
        st.query_params.clear()
        st.rerun()
    if mine:
        own_battle.show_name(me, battle_id, progress.name)
        own_battle.show_deletion(me, battle_id)
