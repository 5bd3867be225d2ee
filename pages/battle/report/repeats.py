"""Runs a battle again under other settings, to see how far protocol and rerun alone move its gap."""

from collections.abc import Sequence

import streamlit as st

from engine import BattleResult, access, models, runs
from engine.access import Person
from engine.analysis import Repeat
from engine.report import figures
from engine.stats import GapDecomposition
from pages.format import plain
from pages.shared.errors import errors_shown, in_words

EVERY = 2.0
SIZES = (50, 100, 200)


def show(me: Person, result: BattleResult, repeated: Sequence[Repeat], parts: GapDecomposition) -> None:
    """What can be measured and what it costs; while it runs its progress, however often the page is left."""
    battle = result.battle
    progress = [runs.watch(other.battle.id) for other in repeated]
    if still_open := sum(repeat.open for repeat in progress):
        st.fragment(_watch, run_every=EVERY)([repeat.battle.id for repeat in progress], still_open)
        if st.button("Stop measuring", help="What is done stays; you can go on later."):
            with errors_shown():
                access.stop_repeats(me, battle.id)
                st.rerun()
        return
    for message in dict.fromkeys(repeat.message for repeat in progress if repeat.state == "failed"):
        st.warning(f"One of the other ways failed: {in_words(message)}")
    done = sum(repeat.state == "done" for repeat in progress)
    if done < len(progress):
        st.caption(f"Measured so far: {done} of {len(progress)} other ways. The others can go on where they were.")
        if st.button("Go on measuring"):
            with errors_shown():
                access.resume_repeats(me, battle.id)
                st.rerun()
        return
    _offer(me, result, max((repeat.battle.n for repeat in progress), default=0), parts)


def _offer(me: Person, result: BattleResult, measured: int, parts: GapDecomposition) -> None:
    """The button, unless nothing can be changed here or all of it has been, on as many items as there are."""
    battle = result.battle
    answered = len(battle.answered(result.a, result.b))
    sizes = [size for size in SIZES if measured < size < answered] + [answered] * (measured < answered)
    labels = [label for part in parts.parts[2:] for label in (*(r.label for r in part.readings), *part.untried)]
    settings = list(dict.fromkeys(labels))
    if not settings or not sizes:
        return
    with st.container(border=True):
        st.markdown(
            "**How far do these two move when only the asking changes?** Both are asked again in "
            f"{len(settings)} other ways: {plain(', '.join(settings))}."
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
                f"About {figures.duration(len(settings) * n / speed)} on this machine, if each way takes as long as "
                "the battle did; worked examples and opening the models come on top."
            )
        if served := sum(models.card_of(c.address).kind == "endpoint" for c in (battle.a, battle.b)):
            st.caption(f"That asks a server {served * len(settings) * n:,} questions more, which may cost money.")
        if st.button("Measure the protocol and rerun parts"):
            with errors_shown():
                access.repeat(me, battle.id, n)
                st.rerun()


def _watch(ids: Sequence[str], still_open: int) -> None:
    """Where the measurement stands; reruns the page whenever a repeat is over, so that its bar is drawn."""
    with errors_shown():
        progress = [runs.watch(repeat_id) for repeat_id in ids]
        if sum(repeat.open for repeat in progress) != still_open:
            st.rerun()
        done, planned = sum(repeat.done for repeat in progress), sum(2 * repeat.battle.n for repeat in progress)
        st.progress(done / planned, text=plain(_status(progress)))


def _status(progress: Sequence[runs.Progress]) -> str:
    running = next((repeat for repeat in progress if repeat.state == "running"), None)
    over = f"{sum(not repeat.open for repeat in progress)} of {len(progress)} other ways measured"
    if running is None:
        ahead = min((repeat.ahead for repeat in progress if repeat.open), default=0)
        return f"{over}, waiting: {ahead} ahead in the queue" if ahead else f"{over}, waiting for a worker"
    if not running.items_a_second:
        return f"{over}, {running.phase or 'starting the next'} …"
    left = sum(repeat.battle.n - repeat.done / 2 for repeat in progress if repeat.open) / running.items_a_second
    return f"{over}, {running.items_a_second:.1f} items/s, about {figures.duration(left)} left"
