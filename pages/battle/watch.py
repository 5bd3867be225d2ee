"""A battle that is under way: progress, both scores, the band of noise, the latest items."""

from collections.abc import Sequence

import streamlit as st

from engine import Battle, Progress, load_task, models, runs, score_interval
from engine.report import figures
from pages.battle.report import discordant_items
from pages.charts import item_strip, live_chart
from pages.format import plain
from pages.shared.errors import errors_shown, in_words

EVERY = 1.5


def show(battle_id: str) -> None:
    """Draws the battle now and again every 1.5 s; reruns the page when it is over. Space is kept for all parts."""
    with errors_shown():  # it may have been deleted in another tab, or the ledger be locked
        _show(runs.watch(battle_id))


def _show(progress: Progress) -> None:
    names = [models.title_of(contender.model) for contender in (progress.battle.a, progress.battle.b)]
    pairs = progress.pairs
    st.progress(progress.done / (2 * progress.battle.n), text=plain(_status(progress)))
    for column, name, side in zip(st.columns(2), names, (1, 2), strict=True):
        scores = [float(pair[side]) for pair in pairs]
        column.metric(plain(f"{name} (n = {len(pairs):,})"), _score(scores), border=True)
    trail = live_chart.trail_of(progress.battle, pairs)
    live_chart.show(trail, progress.battle.n, names, key="live-gap")
    item_strip.show(pairs, names, key="live-strip")
    discordant_items.show_latest(
        pairs, load_task(progress.battle.task).with_items(progress.battle.item_ids), names, key="live-flips"
    )
    st.caption(_promise(progress.battle, trail))
    for notice in progress.notices:
        st.info(in_words(notice))
    if not progress.open:
        st.rerun()


def _score(scores: Sequence[float]) -> str:
    """The mean, with its noise where every answer is right or wrong."""
    if not scores:
        return "–"
    mean = sum(scores) / len(scores)
    if set(scores) <= {0.0, 1.0}:
        return figures.with_noise(mean, score_interval(round(sum(scores)), len(scores)))
    return f"{mean:.1%}"


def _promise(battle: Battle, trail: live_chart.Trail) -> str:
    """What the picture promises, and when this battle ends."""
    size = trail.gap.population
    questions = f"this benchmark's {size:,} questions" if size else "all questions like these"
    band = (
        f"The grey band is the {battle.level:.0%} interval of the gap on {questions}. It holds at every moment, so "
        f"look as often as you like. Green is the margin: gaps below {figures.rounded_points(battle.margin)} you "
        "called equal."
    )
    if battle.stop == "adaptive":
        return f"{band} The battle ends when the band has left zero, or lies inside the green."
    return f"{band} The plan is {battle.n:,} items; the verdict after all of them rests on a narrower interval."


def _status(progress: Progress) -> str:
    if progress.short_of_disk:
        return f"{progress.phase}. Free some space and the battle goes on by itself."
    if progress.ahead:
        waiting = "1 battle is" if progress.ahead == 1 else f"{progress.ahead} battles are"
        return f"In the queue: {waiting} ahead on this {progress.battle.device}."
    if progress.items_a_second is None or progress.seconds_left is None:
        phase = figures.sentence_case(progress.phase or "starting")
        return f"{phase} … (the first use of a model converts its weights, about a minute)"
    return f"{progress.items_a_second:.1f} items/s, about {figures.duration(progress.seconds_left)} left"
