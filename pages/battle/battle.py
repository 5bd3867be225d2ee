"""Battle: choose, run, watch, read the verdict. The battle's id is in the URL, so a reload comes back here."""

import csv
import io
import json
from functools import partial

import streamlit as st

from engine import TASKS, Challenge, arena, detectable_gap, load_task
from pages.widgets import battle_watch, flip_list, model_picker, noise_chart, settings_list, verdict_card
from pages.widgets.wording import duration, points

battle_id = st.query_params.get("battle")

if battle_id is None:
    st.title("Is A really better than B?", anchor=False)
    st.write("Two models answer the same questions of a real benchmark, here and now. Then we say what that shows.")
    left, right = st.columns(2)
    with left:
        a = model_picker.show("Contender A", index=0, key="a")
    with right:
        b = model_picker.show("Contender B", index=1, key="b")
    present = [name for name in TASKS if load_task(name).present]
    name = st.selectbox("Benchmark", TASKS, format_func=lambda task: load_task(task).title, key="task")
    task = load_task(name)
    st.caption(
        f"{task.about} {task.size:,} items, guessing scores {task.chance:.0%}, {task.shots} worked examples. "
        f"Licence: {task.licence}."
    )
    n = st.select_slider(
        "Items, drawn at random from the benchmark, the same for both",
        [n for n in (20, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800) if n < task.size] + [task.size],
        value=min(200, task.size),
        format_func=lambda n: f"all {n:,}" if n == task.size else f"{n:,}",
        key="items",
    )
    margin = st.select_slider(
        "Gaps below this I would call equal (the margin)",
        [0.005, 0.01, 0.02, 0.03, 0.05, 0.10],
        value=0.02,
        format_func=points,
        key="margin",
    )
    gap, time = st.columns(2)
    gap.metric(
        "Gap this many items can show",
        points(detectable_gap(n)),
        help="In four battles of five, if the two differ on 30% of the items. A smaller gap will most likely stay undecided.",
    )
    ready = a is not None and b is not None and a != b
    challenge = Challenge(a=a or "", b=b or "", task=name, limit=None if n == task.size else n, margin=margin)
    seconds = arena.seconds_an_item(challenge) if ready else None
    time.metric(
        "Time on this machine",
        duration(seconds * n) if seconds else "not measured yet",
        help="From the time items of this benchmark took these two models on this machine; opening them comes on top.",
    )
    if name not in present:
        st.warning("; or ".join(source.advice() for source in task.items_from), icon=":material/inventory_2:")
    if a is not None and a == b:
        st.warning("A and B are the same model: choose two that differ.")
    run, measure = st.columns(2)
    if run.button("Run the battle", type="primary", disabled=not ready or name not in present, width="stretch"):
        st.query_params["battle"] = arena.start(arena.plan(challenge))
        st.rerun()
    if seconds is None and measure.button(
        "Measure the time first", disabled=not ready or name not in present, width="stretch"
    ):
        st.session_state["probe"] = arena.probe(challenge)
    if seconds is None and "probe" in st.session_state:
        with st.spinner("Timing eight items with both models …", show_time=True):
            arena.wait(st.session_state.pop("probe"))
        st.rerun()
    st.stop()

progress = arena.watch(battle_id)
result = arena.result(battle_id)
title = f"{result.names[0]} or {result.names[1]}?"
st.title(title, anchor=False)
st.caption(f"{result.task.title}, {progress.battle.n:,} of {result.task.size:,} items, battle {battle_id}")

if progress.open:
    st.fragment(battle_watch.show, run_every=battle_watch.EVERY)(battle_id)
    if st.button("Stop", help="What is done stays; you can go on later."):
        arena.stop(battle_id)
        st.rerun()
    st.stop()

if progress.state != "done":
    said = progress.message or "You stopped this battle."
    st.warning(f"{said} {progress.done:,} of {2 * progress.battle.n:,} answers are kept.")
    if st.button("Go on with it", type="primary"):
        arena.resume(battle_id)
        st.rerun()

verdict = result.verdict
if verdict is None:
    st.info("Fewer than two items have been answered by both: there is nothing to say yet.")
    st.stop()
verdict_card.show(verdict, result.names, key="final")
if result.failures:
    st.warning(
        f"{len(result.failures)} answers could not be scored ({result.failures[0][1].message}). "
        "They are left out on both sides, not counted as wrong."
    )
st.subheader("How the gap came out of the noise, or did not", anchor=False)
scores = [(item, x.score, y.score) for item, x, y in result.pairs]
noise_chart.show(
    partial(battle_watch.verdict_after, scores, progress.battle), len(scores), progress.battle.n, result.names, key="final-noise"
)
st.subheader(f"The {len(result.flips):,} questions where they differ", anchor=False)
flip_list.show(result, key="flips")
st.subheader("Was it a fair fight?", anchor=False)
settings_list.show(result)

table = io.StringIO()
lines = csv.writer(table)
lines.writerow(["item", "score_a", "score_b"])
lines.writerows(scores)
one, two, three = st.columns(3)
one.download_button(
    "Download JSON", lambda: json.dumps(result.to_json(), indent=1), f"battle-{battle_id}.json", "application/json", width="stretch"
)
two.download_button("Download CSV", table.getvalue(), f"battle-{battle_id}.csv", "text/csv", width="stretch")
if three.button("New battle", width="stretch"):
    st.query_params.clear()
    st.rerun()
