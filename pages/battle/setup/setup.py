"""Chooses a battle: two contenders, a benchmark, how many items, and what would count as equal."""

import secrets

import streamlit as st

from engine import TASKS, BattleRequest, Task, access, detectable_gap, load_task, models, runs
from engine.access import Limits, Person
from engine.home import home
from engine.report import figures
from engine.stats import DiscordanceEstimate
from pages.battle.setup import forecast_fields, harness_fields, model_picker
from pages.format import plain
from pages.shared import person, rule_fields
from pages.shared.errors import errors_shown

SIZES = (20, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800)
USUAL_DISCORDANCE = 0.30
"""The share of items two models differ on, as long as nobody has measured it."""


def show(me: Person) -> BattleRequest | None:
    """The request as it stands, or None while it cannot be run; the page says what is missing."""
    limits = access.limits_of(me)
    if limits:
        st.caption(_told(limits))
    left, right = st.columns(2)
    with left:
        a = model_picker.show("Contender A", me, index=0, key="a")
    with right:
        b = model_picker.show("Contender B", me, index=1, key="b")
    task = load_task(st.selectbox("Benchmark", TASKS, format_func=lambda name: load_task(name).title, key="task"))
    st.caption(
        f"{task.about} {_stock(task)}, guessing scores {task.chance:.0%}, "
        f"{task.shots or 'no'} worked examples. Licence: {task.licence}."
    )
    n = st.select_slider(
        "Items, drawn at random from the benchmark, the same for both",
        sizes := _sizes(task, limits),
        value=200 if 200 in sizes else sizes[-1],
        format_func=lambda size: f"all {size:,}" if size == task.size else f"{size:,}",
        key="items",
    )
    margin = rule_fields.margin("margin")
    adaptive = st.toggle(
        "Stop when decided",
        key="adaptive",
        help="The battle ends as soon as an interval that is valid at every moment has left zero or lies inside the "
        "margin. It often takes a fraction of the items; if it never decides, all of them are used.",
    )
    harness = harness_fields.show(task)
    if lacking := task.advice(harness.shots):
        st.warning(lacking if me.operator else "This server does not have that benchmark. Choose another one.")
    if a is not None and a == b:
        st.warning("A and B are the same model: choose two that differ.")
    if a is None or b is None or a == b or lacking:
        _outlook(me, task, n, None)
        return None
    seed = st.session_state.setdefault("seed", secrets.randbelow(1_000_000))  # a fresh draw for everybody
    names = models.find(a).title, models.find(b).title
    forecast, complete = forecast_fields.show(names, margin, key=f"{seed} {a} {b} {task.name}")
    request = BattleRequest(
        a=a,
        b=b,
        task=task.name,
        limit=None if n == task.size else n,
        seed=seed,
        shots=harness.shots,
        settings=harness.settings,
        margin=margin,
        stop="adaptive" if adaptive else "planned",
        forecast=forecast,
    )
    _outlook(me, task, n, request)
    return request if complete else None


def _told(limits: Limits) -> str:
    """What a visitor may do here, before they are refused it."""
    return (
        f"You are a visitor here. A battle has up to {limits.items:,} questions and {limits.minutes:,} minutes of "
        f"answering; you may have {limits.open_battles:,} at a time, and everybody together {limits.queue:,}. You can "
        "stop, name and delete your own, and whoever has a battle's address can look at it."
    )


def _sizes(task: Task, limits: Limits | None) -> list[int]:
    """How many items can be chosen: two choices at least, since a slider with one cannot be moved."""
    most = task.size or SIZES[-1]
    if limits:
        most = min(most, limits.items)
    smaller = [size for size in SIZES if size < most]
    return [*(smaller or [max(1, most // 2)]), max(2, most)]


def _stock(task: Task) -> str:
    return "As many items as you ask for" if task.size is None else f"{task.size:,} items"


def _outlook(me: Person, task: Task, n: int, request: BattleRequest | None) -> None:
    """What n items can show, and how long they take here."""
    gap, time = st.columns(2)
    pilot = _pilot(request.a, request.b, request.task, str(home())) if request else None
    differing = f"{USUAL_DISCORDANCE:.0%} of the items"
    if pilot:
        differing = f"{pilot.likely:.0%} of the items, as when they last met here ({pilot.differed} of {pilot.n:,})"
    gap.metric(
        "Gap this many items can show",
        figures.rounded_points(detectable_gap(n, discordance=pilot.likely if pilot else USUAL_DISCORDANCE)),
        help=f"In four battles of five, if the two differ on {differing}. A smaller gap will most likely stay "
        "undecided.",
    )
    seconds = runs.seconds_an_item(request) if request else None
    time.metric(
        "Time on this machine",
        figures.duration(seconds * n) if seconds else "not measured yet",
        help="From the time items of this benchmark took these two models on this machine; opening them comes on top.",
    )
    if request and seconds is None:
        if probe := st.session_state.get("probe"):
            st.fragment(_timing, run_every=1.0)(probe)
        elif time.button("Measure it", help="Eight items with both models; written answers take minutes."):
            with errors_shown():
                st.session_state["probe"] = access.probe(me, request)
                st.rerun()


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _pilot(a: str, b: str, task: str, where: str) -> DiscordanceEstimate | None:
    """How often the two differed in their last battle of those kept in `where`; a long one takes a while to read."""
    return runs.pilot(BattleRequest(a=a, b=b, task=task))


def _timing(probe: str) -> None:
    with errors_shown():
        progress = runs.watch(probe)
        if progress.open:
            waiting = f"{progress.ahead} battles are ahead" if progress.ahead else progress.phase or "starting"
            st.caption(f"Timing eight items with both models: {plain(waiting)} …")
            if not st.button("Stop timing", key="stop-probe", help="It counts as one of your battles while it waits."):
                return
            access.stop(person.current(), probe)  # who that is now, and not when this was drawn first
        if progress.state == "failed":
            st.session_state["probe_message"] = progress.message
    del st.session_state["probe"]
    st.rerun()
