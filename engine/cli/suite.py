"""`python -m engine battery` and `readings`: a suite of tasks run and judged together, and a battle rescored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine import report, runs
from engine.analysis import suites
from engine.analysis.calibration import calibration
from engine.analysis.suite_results import SuiteResult, SuiteTaskResult, suite_result
from engine.analysis.suites import SUITES, PlannedTask
from engine.battles.battle import SIDES
from engine.battles.rescoring import rescorings
from engine.cli.verdict import Told
from engine.device import DEVICES
from engine.report.figures import count, exact_percent
from engine.runs.request import BattleRequest
from engine.stats.multiplicity import AdjustedVerdicts

SAME_ANSWERS = (
    "All of these read the same answers, so they are no further evidence. The battle's own rule was chosen before the "
    "run; to choose one by its result is to be lucky more often than the level says."
)


def add_battery_options(command: argparse.ArgumentParser) -> None:
    known = "; ".join(f"{suite.name}: {suite.about}" for suite in SUITES.values())
    command.add_argument("--preset", choices=tuple(SUITES), required=True, help=known)
    command.add_argument("--a", metavar="MODEL", required=True, help="contender A (see: models)")
    command.add_argument("--b", metavar="MODEL", required=True, help="contender B")
    command.add_argument("--limit", type=int, metavar="N", help="items of each task; the preset's own when left out")
    command.add_argument("--seed", type=int, default=0, help="of the draw of items (default %(default)s)")
    command.add_argument("--device", default="auto", choices=DEVICES, help="default %(default)s")
    command.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16 (default %(default)s)")


def battery(options: argparse.Namespace, follow: Callable[[str, str], None]) -> Told:
    """Fights the suite's battles, as far as that was not done before, and judges them together.

    follow  shows a battle until it is over, given the command that goes on with it; one that failed is told of there

    Raises:
        CallerMistake: nothing of the suite can be fought, or judged.
    """
    suite = suites.suite(options.preset)
    names = ("a", "b", "limit", "seed", "margin", "level", "device", "dtype")
    planned = suites.plan_suite(suite, BattleRequest(task="", **{name: getattr(options, name) for name in names}))
    battles = [one.battle.id for one in planned if one.battle]
    try:
        for one in planned:
            print(_beginning(one), file=sys.stderr)
            if one.battle:
                suites.start(one)
        for battle_id in battles:
            if runs.watch(battle_id).open:
                follow(battle_id, f"battery --preset {suite.name} as before")
    except KeyboardInterrupt:
        for battle_id in reversed(battles):
            runs.stop(battle_id)
        print("\nStopped. The same command goes on where it was.", file=sys.stderr)
        sys.exit(130)
    results = [(one.task, runs.result(one.battle.id)) for one in planned if one.battle]
    found = suite_result(suite, results, {one.task.name: one.why for one in planned if not one.battle})
    return Told(lines=tuple(_lines(found)), content=report.as_json(found))


def _beginning(one: PlannedTask) -> str:
    if one.battle is None:
        return f"{one.task.name}: not fought. {one.why}"
    if one.before is None:
        return f"{one.task.name}: battle {one.battle.id}, {one.battle.n:,} items"
    date = datetime.fromtimestamp(one.before.created, UTC).date().isoformat()
    how = "taken as it came out" if one.before.state == "done" else f"{one.before.state}, goes on"
    return f"{one.task.name}: battle {one.battle.id} of {date}, planned alike: {how}"


_HEAD = (
    f"{'shots':>5} {'items':>7} {'A':>5} {'B':>5} {'gap':>6} {'interval':>15} {'p':>8} {'p (Holm)':>8} "
    f"{'A*':>5} {'B*':>5}  verdict"
)


def _lines(found: SuiteResult) -> list[str]:
    (a, b), tasks = found.raw.names, count(len(found.tasks), "task")
    width = max(map(len, found.tasks))
    taken_back = len(found.raw.taken_back)
    return [
        f"{found.suite.name}: {found.suite.about}.",
        f"A is {a}, B is {b}; gaps are A minus B in points. A* and B* are above chance: 0 is guessing, 100 perfect.",
        f"{'task':{width}} {_HEAD}",
        *(
            f"{name:{width}} {_row(one, found.raw.p_values[name])}  {_outcome(found, name)}"
            for name, one in found.tasks.items()
        ),
        "A score below chance is shown as 0*; gaps and intervals are of the scores before that.",
        f"Holm's p-value allows for {tasks}: it takes back {taken_back} of the winners.",
        f"The mean of the gaps is {_mean(found.raw)}; above chance it is {_mean(found.above)}. "
        f"That is on other items of these same {tasks}, and says nothing of other tasks.",
        _average(found),
        *(f"Not in it: {name}. {why}" for name, why in found.skipped.items()),
        *(
            f"{name}: {one.failed:,} answers could not be scored and are left out."
            for name, one in found.tasks.items()
            if one.failed
        ),
        *(f"Note on {name}: {caveat}" for name, one in found.tasks.items() for caveat in one.verdict.caveats),
    ]


def _row(one: SuiteTaskResult, adjusted: float) -> str:
    judged, (a, b) = one.verdict, one.shown
    interval = f"{100 * judged.interval.low:+.1f} to {100 * judged.interval.high:+.1f}"
    return (
        f"{one.task.shots:>5} {judged.n:>7,} {100 * judged.a_score:>5.1f} {100 * judged.b_score:>5.1f} "
        f"{100 * judged.gap:>+6.1f} {interval:>15} {judged.p_value:>8.2g} {adjusted:>8.2g} "
        f"{100 * a:>5.1f} {100 * b:>5.1f}"
    )


def _outcome(found: SuiteResult, name: str) -> str:
    outcome = found.raw.outcomes[name]
    if outcome in ("a", "b"):
        return found.raw.names[outcome == "b"]
    return f"{outcome} (a winner alone, none among so many)" if name in found.raw.taken_back else outcome


def _mean(judged: AdjustedVerdicts) -> str:
    low, high = judged.interval
    return (
        f"{100 * judged.gap:+.1f} points ({exact_percent(judged.level)} interval {100 * low:+.1f} to {100 * high:+.1f})"
    )


def _average(found: SuiteResult) -> str:
    if found.average is None:
        return f"The preset's own average takes all {count(len(found.suite.tasks), 'task')}: it is not told."
    (a, b), (x, y) = found.raw.names, found.average
    told = f"Average as the preset takes it, of the scores {found.suite.scale}: {a} {100 * x:.1f}, {b} {100 * y:.1f}"
    part = any(one.verdict.n < (one.verdict.population or 0) for one in found.tasks.values())
    return f"{told}{', on part of the items: not to be put beside published ones' if part else ''}."


def add_readings_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("battle", metavar="BATTLE_ID", help="a battle that was fought here")
    command.add_argument("--json", type=Path, metavar="FILE", help="write all of it there")


def read_again(options: argparse.Namespace) -> Told:
    """The stored answers of a battle by every rule, and how sure the models were. Raises Unknown without a battle."""
    result = runs.result(options.battle)
    found = rescorings(result)
    sure = {side: calibration(result, side) for side in SIDES}
    lines = [
        *(sentence for rescoring in found for sentence in report.sentences(rescoring)),
        SAME_ANSWERS,
        *(sentence for calibrated in sure.values() for sentence in report.sentences(calibrated)),
    ]
    content = {
        "battle_id": result.battle.id,
        "readings": [report.as_json(rescoring) for rescoring in found],
        "calibration": {side: report.as_json(calibrated) for side, calibrated in sure.items()},
    }
    return Told(lines=tuple(lines), content=content)
