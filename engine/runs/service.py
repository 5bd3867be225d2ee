"""The run service: start a battle, watch it, stop it, go on with it, see its result.

Everything goes through the ledger, so a watcher may be another process than the starter, today or next week.
Watching also keeps things going: a battle whose worker was killed gets a new one as soon as anybody looks. Nothing
here imports torch; the models live where the executor puts them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from engine.battles.battle import SIDES, Battle, Outcome
from engine.battles.result import BattleResult
from engine.errors import CallerMistake, EngineError
from engine.runs.executor import Executor, LocalExecutor
from engine.runs.progress import Progress, progress_of
from engine.store.ledger import OPEN_STATES, UNCONDITIONAL, Admission, Entry, Ledger, UnreadableEntry

log = logging.getLogger(__name__)
executor: Executor = LocalExecutor()
"""Who carries battles out. The one place to put another."""


def start(*planned: Battle, admission: Admission = UNCONDITIONAL) -> str:
    """Writes plans down, puts them into their device's queue and sees to it that a worker is there.

    planned    battles that run on one device
    admission  on whose behalf, and on what conditions; without one they are nobody's and have no limit

    Returns the id of the first.

    Raises:
        Whatever the admission's check raised: then none of them is there.
    """
    with Ledger() as ledger:
        ledger.add(*planned, admission=admission)
    executor.ensure(planned[0].device)
    return planned[0].id


def stop(battle_id: str, message: str = "") -> None:
    """Stops an open battle at once; what is done stays, and `resume` goes on from there.

    message  who stopped it or why, for whoever looks
    """
    with Ledger() as ledger:
        ledger.set_state(battle_id, "stopped", only_from=OPEN_STATES, message=message)


def resume(*battle_ids: str, admission: Admission = UNCONDITIONAL) -> None:
    """Puts stopped or failed battles back into the queue; one that is open or done stays as it is.

    battle_ids  battles of one device
    admission   on whose behalf, and on what conditions; without one a limit on their time is lifted

    Raises:
        Unknown: there is no such battle.
        Whatever the admission's check raised: then all stay as they are.
    """
    with Ledger() as ledger:
        ledger.reopen(*battle_ids, admission=admission)
        device = ledger.entry(battle_ids[0]).battle.device
    executor.ensure(device)


def rename(battle_id: str, name: str) -> None:
    """Writes down what a battle is called."""
    with Ledger() as ledger:
        ledger.rename(battle_id, name)


def delete(battle_id: str) -> None:
    """Removes a battle with its repeats and all that was written for them.

    Raises:
        CallerMistake: one of them is open.
    """
    with Ledger() as ledger:
        if not ledger.delete(battle_id):
            raise CallerMistake("This battle, or a measurement of it, is still going on. Stop it, then delete it.")


def resume_open() -> None:
    """Sees to whatever was left open, after a crash or a restart.

    What stands in the way, a ledger that is lost for instance, is logged here and said to whoever looks at a battle:
    most of the product needs none.
    """
    try:
        with Ledger() as ledger:
            lines = ledger.lines(states=OPEN_STATES, measuring=True)
        for device in {line.battle.device if isinstance(line, Entry) else line.device for line in lines}:
            executor.ensure(device)
    except EngineError as error:
        log.warning("%s", error)


def watch(battle_id: str) -> Progress:
    """The battle at this moment. If it should be running and has no worker, it gets one.

    Raises:
        Unknown, Unreadable: there is no such battle, or it is damaged.
        DiskFull, BattleFailed: it is open and cannot be carried out.
    """
    with Ledger() as ledger:
        entry = ledger.entry(battle_id)
        delay = executor.ensure(entry.battle.device) if entry.state in OPEN_STATES else None
        return progress_of(ledger, ledger.entry(battle_id), delay)


def wait(battle_id: str, every: float = 0.5) -> Progress:
    """Watches until the battle is over; for probes and scripts, which have nothing else to do.

    every  seconds between two looks
    """
    while (progress := watch(battle_id)).open:
        time.sleep(every)
    return progress


def result(battle_id: str) -> BattleResult:
    """Everything about a battle so far, with the verdict that follows.

    Raises:
        Unknown: there is no such battle.
    """
    with Ledger() as ledger:
        entry = ledger.entry(battle_id)
        a, b = ({o.item_id: o for o in ledger.outcomes(battle_id, side)} for side in SIDES)
        return BattleResult(
            battle=entry.battle,
            state=entry.state,
            a=a,
            b=b,
            environment=entry.environment,
            notices=(*_losses(entry, a, b), *ledger.notices(battle_id)),
            seconds=entry.finished - entry.started if entry.finished and entry.started else None,
            created=entry.created,
            seal=entry.seal,
        )


def _losses(entry: Entry, a: Mapping[str, Outcome], b: Mapping[str, Outcome]) -> tuple[str, ...]:
    """What is to be said of answers that a finished battle had and the ledger has no more.

    entry  the battle's
    a, b   outcomes of each side that are there, by item
    """
    if entry.state != "done":
        return ()
    ids = entry.battle.item_ids
    if entry.battle.stop != "planned":  # it may have ended early, both sides after the same item
        ids = ids[: 1 + max((n for n, item in enumerate(ids) if item in a and item in b), default=-1)]
    lost = sum((item not in a) + (item not in b) for item in ids)
    if not lost:
        return ()
    answers = "1 answer" if lost == 1 else f"{lost:,} answers"
    return (
        f"The ledger has lost {answers} of this battle, which was finished with all of them. What is said here is said "
        "of those that are left, and may be another verdict than before. See: python -m engine doctor.",
    )


def history(limit: int = 200, owner: str | None = None) -> list[tuple[Entry | UnreadableEntry, int]]:
    """The latest battles, newest first, each with the number of battles its device does before it.

    limit  how many at the most
    owner  whose; None for everybody's

    Probes and repeats are left out, but they take their turn in the queue.
    """
    with Ledger() as ledger:
        return [
            (line, ledger.ahead(line) if isinstance(line, Entry) and line.state == "queued" else 0)
            for line in ledger.lines(owner=owner, limit=limit)
        ]
