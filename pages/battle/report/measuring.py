"""Runs a battle again under other settings, to see how far protocol and rerun alone move its gap."""

from collections.abc import Sequence

import streamlit as st

from engine import BattleResult, models, runs
from engine.analysis import decomposition, robustness
from engine.report import figures
from pages.format import plain
from pages.shared import mishaps

EVERY = 2.0
SIZES = (50, 100, 200)


def show(result: BattleResult, family: Sequence[BattleResult], parts: decomposition.GapDecomposition) -> None:
    """What can be measured and what it costs; while it runs its progress, however often the page is left."""
    battle = result.battle
    ways = [runs.watch(other.battle.id) for other in family]
    if any(way.open for way in ways):
        st.fragment(_watch, run_every=EVERY)([way.battle.id for way in ways], sum(way.open for way in ways))
        if st.button("Stop measuring", help="What is done stays; you can go on later."):
            robustness.stop(battle.id)
            st.rerun()
        return
    for message in dict.fromkeys(way.message for way in ways if way.state == "failed"):
        st.warning(f"One of the other ways failed: {plain(message)}")
    if any(way.state != "done" for way in ways):
        over = sum(way.state == "done" for way in ways)
        st.caption(f"Measured so far: {over} of {len(ways)} other ways. The others can go on where they were.")
        if st.button("Go on measuring"):
            robustness.resume(battle.id)
            st.rerun()
        return
    _offer(result, max((way.battle.n for way in ways), default=0), parts)


def _offer(result: BattleResult, already: int, parts: decomposition.GapDecomposition) -> None:
    """The button, unless nothing can be changed here or all of it has been, on as many items as there are."""
    battle = result.battle
    answered = len(battle.answered(result.a, result.b))
    sizes = [size for size in SIZES if already < size < answered] + [answered] * (already < answered)
    ways = [label for part in parts.parts[2:] for label in (*(r.label for r in part.readings), *part.untried)]
    ways = list(dict.fromkeys(ways))
    if not ways or not sizes:
        return
    with st.container(border=True):
        st.markdown(
            f"**How far do these two move when only the asking changes?** Both are asked again in {len(ways)} other "
            f"ways: {plain(', '.join(ways))}."
        )
        n = st.segmented_control(
            "Questions to ask again",
            sizes,
            default=sizes[0],
            required=True,
            format_func=lambda size: f"all {size:,}" if size == answered else f"{size:,}",
            key="noise-items",
        )
        speed = runs.watch(battle.id).items_a_second
        if speed:
            st.caption(
                f"About {figures.duration(len(ways) * n / speed)} on this machine, if each way takes as long as the "
                "battle did; worked examples and opening the models come on top."
            )
        if served := sum(models.find(c.model).kind == "endpoint" for c in (battle.a, battle.b)):
            st.caption(f"That asks a server {served * len(ways) * n:,} questions more, which may cost money.")
        if st.button("Measure the protocol and rerun parts"):
            robustness.start(robustness.plan_family(battle, n))
            st.rerun()


def _watch(ids: Sequence[str], still_open: int) -> None:
    """Where the measurement stands; reruns the page whenever a way is over, so that its bar is drawn."""
    with mishaps.shown():
        ways = [runs.watch(way) for way in ids]
        if sum(way.open for way in ways) != still_open:
            st.rerun()
        done, planned = sum(way.done for way in ways), sum(2 * way.battle.n for way in ways)
        st.progress(done / planned, text=_status(ways))


def _status(ways: Sequence[runs.Progress]) -> str:
    at = next((way for way in ways if way.state == "running"), None)
    over = f"{sum(not way.open for way in ways)} of {len(ways)} other ways measured"
    if at is None:
        ahead = min((way.ahead for way in ways if way.open), default=0)
        return f"{over}, waiting: {ahead} ahead in the queue" if ahead else f"{over}, waiting for a worker"
    if not at.items_a_second:
        return f"{over}, {plain(at.phase) or 'starting the next'} …"
    left = sum(way.battle.n - way.done / 2 for way in ways if way.open) / at.items_a_second
    return f"{over}, {at.items_a_second:.1f} items/s, about {figures.duration(left)} left"
