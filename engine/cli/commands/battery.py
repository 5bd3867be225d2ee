"""`python -m engine battery`: fight over a preset of benchmarks and judge them together."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from engine import report, runs
from engine.analysis import suite_results, suites
from engine.cli.options import add_shared, chosen
from engine.cli.output import answer, mean_gap, signed_interval, winner_name
from engine.cli.progress import follow_each, stopped_by_interrupt
from engine.report.figures import count

REQUEST = ("a", "b", "limit", "seed", "margin", "level", "device", "dtype")


def add_options(command: argparse.ArgumentParser) -> None:
    known = "; ".join(f"{suite.name}: {suite.about}" for suite in suites.SUITES.values())
    command.add_argument("--preset", choices=tuple(suites.SUITES), required=True, help=known)
    command.add_argument("--a", metavar="MODEL", required=True, help="contender A (see: models)")
    command.add_argument("--b", metavar="MODEL", required=True, help="contender B")
    add_shared(command, "--limit", help="items of each task; the preset's own when left out")
    add_shared(command, "--seed", "--device", "--dtype", "--margin", "--level", "--json")


def run(options: argparse.Namespace) -> None:
    """Fights the suite's battles, as far as that was not done before, and judges them together."""
    suite = suites.suite(options.preset)
    planned = suites.plan_suite(suite, runs.BattleRequest(task="", **chosen(options, REQUEST)))
    battles = [each.battle.id for each in planned if each.battle]
    with stopped_by_interrupt(battles, "The same command goes on where it was."):
        for each in planned:
            print(_plan_line(each), file=sys.stderr)
            if each.battle:
                suites.start(each)
        still_open = (battle_id for battle_id in battles if runs.watch(battle_id).open)
        follow_each(still_open, f"battery --preset {suite.name} as before")
    results = [(each.task, runs.result(each.battle.id)) for each in planned if each.battle]
    skipped = {each.task.name: each.why for each in planned if not each.battle}
    found = suite_results.suite_result(suite, results, skipped)
    answer(_lines(found), report.as_json(found), options.json)


def _plan_line(planned: suites.PlannedTask) -> str:
    """What becomes of a task: fought, taken from before, or left out."""
    name, battle, before = planned.task.name, planned.battle, planned.before
    if battle is None:
        return f"{name}: not fought. {planned.why}"
    if before is None:
        return f"{name}: battle {battle.id}, {battle.n:,} items"
    date = datetime.fromtimestamp(before.created, UTC).date().isoformat()
    how = "taken as it came out" if before.state == "done" else f"{before.state}, goes on"
    return f"{name}: battle {battle.id} of {date}, planned alike: {how}"


HEAD = "shots   items     A     B    gap        interval        p p (Holm)    A*    B*  verdict"


def _lines(found: suite_results.SuiteResult) -> Iterator[str]:
    judged, (a, b), tasks = found.raw, found.raw.names, count(len(found.tasks), "task")
    width = max(map(len, found.tasks))
    yield f"{found.suite.name}: {found.suite.about}."
    yield f"A is {a}, B is {b}; gaps are A minus B in points. A* and B* are above chance: 0 is guessing, 100 perfect."
    yield f"{'task':{width}} {HEAD}"
    for name, task in found.tasks.items():
        winner = winner_name(judged.outcomes[name], task.verdict)
        yield f"{name:{width}} {_figures(task, judged.p_values[name])}  {winner}"
    yield "A score below chance is shown as 0*; gaps and intervals are of the scores before that."
    yield f"Holm's p-value allows for {tasks}: it takes back {len(judged.taken_back)} of the winners."
    yield (
        f"The mean of the gaps is {mean_gap(judged)}; above chance it is {mean_gap(found.above)}. "
        f"That is on other items of these same {tasks}, and says nothing of other tasks."
    )
    yield _average(found)
    for name, why in found.skipped.items():
        yield f"Not in it: {name}. {why}"
    for name, task in found.tasks.items():
        if task.failed:
            yield f"{name}: {task.failed:,} answers could not be scored and are left out."
    for name, task in found.tasks.items():
        for caveat in task.verdict.caveats:
            yield f"Note on {name}: {caveat}"


def _figures(task: suite_results.SuiteTaskResult, p_holm: float) -> str:
    judged, (a, b) = task.verdict, task.shown
    return (
        f"{task.task.shots:>5} {judged.n:>7,} {100 * judged.a_score:>5.1f} {100 * judged.b_score:>5.1f} "
        f"{100 * judged.gap:>+6.1f} {signed_interval(judged.interval):>15} {judged.p_value:>8.2g} {p_holm:>8.2g} "
        f"{100 * a:>5.1f} {100 * b:>5.1f}"
    )


def _average(found: suite_results.SuiteResult) -> str:
    if found.average is None:
        return f"The preset's own average takes all {count(len(found.suite.tasks), 'task')}: it is not told."
    (a, b), (x, y) = found.raw.names, found.average
    text = f"Average as the preset takes it, of the scores {found.suite.scale}: {a} {100 * x:.1f}, {b} {100 * y:.1f}"
    part = any(task.verdict.n < (task.verdict.population or 0) for task in found.tasks.values())
    return f"{text}{', on part of the items: not to be put beside published ones' if part else ''}."
