"""All that a screen or a command line needs: plan a battle, start it, watch it, stop it, see the result.

Everything goes through the ledger, so a watcher may be another process than the starter, today or next
week. Watching also keeps things going: a battle whose worker was killed gets a new one as soon as anybody
looks. Nothing here imports torch; the models live in the worker's process.
"""

from __future__ import annotations

import math
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from typing import get_args

from engine.battles.battle import SIDES, Battle, Contender, Stop
from engine.battles.forecast import Card
from engine.battles.result import BattleResult
from engine.device import resolve
from engine.errors import BattleFailed, CallerMistake, DiskFull
from engine.harness.config import HarnessConfig, Normalisation
from engine.home import PROJECT, home
from engine.models.registry import find
from engine.runs.lock import EXIT_DISK_FULL, busy, log_file
from engine.stats.power import Discordance, pilot_discordance
from engine.stats.verdict import Target
from engine.store.ledger import OPEN_STATES, Entry, Ledger, State
from engine.tasks.items import digest
from engine.tasks.registry import load_task
from engine.tasks.rendering import check_renderable
from engine.tasks.sampling import draw
from engine.tasks.task import Task

PROBE_ITEMS = 8
SPACE_NEEDED = 8 << 20
SHORT_OF_DISK = "The disk is almost full"
RESPAWN_AFTER = 3.0
DISK_FULL_REST = 20.0
"""Seconds before a worker is tried again after one could not write; `SPACE_NEEDED` sees most full disks first."""
_workers: dict[str, list[tuple[float, subprocess.Popen[bytes]]]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleRequest:
    """What a person asks for. `plan` turns it into a `Battle`, which is complete."""

    a: str
    b: str
    task: str
    limit: int | None = None
    """Items to draw; None for all."""
    seed: int = 0
    """Of the draw of items. The same seed draws other items from another benchmark."""
    shots: int | None = None
    """None for the task's own number."""
    margin: float = 0.02
    """Gaps smaller than this are as good as none; chosen before the run."""
    level: float = 0.95
    stop: Stop = "planned"
    """planned: fight over all items asked for; adaptive: stop as soon as an always-valid interval has decided."""
    target: Target = "skill"
    """What an always-valid interval speaks of: `skill` on all such questions, or this `benchmark` run to its end."""
    card: Card | None = None
    """A forecast to seal with the plan."""
    device: str = "auto"
    dtype: str = "auto"
    settings: dict[str, object] = field(default_factory=dict)
    """Further fields of `HarnessConfig` to set for both sides: normalisation, extraction, template, system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A battle as a watcher may see it at this moment."""

    battle: Battle
    state: State
    phase: str
    message: str
    exit_code: int
    ahead: int
    """Battles of the same device that come first."""
    done: int
    """Outcomes written down, both sides together; 2n when it is finished."""
    pairs: tuple[tuple[str, float, float], ...]
    """(item, score of A, score of B), in the battle's order, as far as both have answered all that came before."""
    items_a_second: float | None
    seconds_left: float | None
    notices: tuple[str, ...]

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def short_of_disk(self) -> bool:
        """Nothing runs until there is space again; then it goes on by itself as soon as somebody watches."""
        return self.phase.startswith(SHORT_OF_DISK)


def plan(challenge: BattleRequest, *, probe: bool = False, itself: bool = False) -> Battle:
    """The complete battle for a challenge. Reads the items; writes nothing.

    itself  a contender may fight itself: a repetition, for `engine.analysis.robustness`

    Raises:
        CallerMistake: an unknown name, a number out of range, items that are not on this machine.
    """
    if not 0 < challenge.margin < 1:
        raise CallerMistake(f"The margin {challenge.margin} is not between 0 and 1; 0.02 means two points.")
    if not 0.5 < challenge.level < 1:
        raise CallerMistake(f"The level {challenge.level} is not between 0.5 and 1; 0.95 is usual.")
    for name, value, known in (
        ("--stop", challenge.stop, get_args(Stop)),
        ("--target", challenge.target, get_args(Target)),
    ):
        if value not in known:
            raise CallerMistake(f"{name} {value!r} is unknown. Use one of: {', '.join(known)}.")
    if challenge.card is not None:
        challenge.card.check()
    if challenge.shots is not None and challenge.shots < 0:
        raise CallerMistake(f"--shots {challenge.shots} is negative; 0 means no worked examples.")
    cards = [find(challenge.a), find(challenge.b)]
    for card in cards:
        if not card.present and card.kind == "pack":
            raise CallerMistake(f"The weights of {card.title} are not installed. To get them: {card.advice()}.")
    task = load_task(challenge.task)
    settings: dict[str, object] = {"dtype": challenge.dtype, **challenge.settings}
    if challenge.shots is not None:
        settings["shots"] = challenge.shots
    a, b = (
        Contender(
            model=card.address,
            harness=task.harness(
                **({"template": "chat" if card.kind == "endpoint" and task.writes else "plain"} | settings)
            ),
        )
        for card in cards
    )
    if a == b and not itself:
        raise CallerMistake(f"A and B are the same contender, {a.name}. Choose two that differ.")
    _check_settings(task, a.harness)
    if challenge.target == "benchmark" and task.size is None:
        raise CallerMistake(f"{task.title} has no end, so no battle can be about all of it. Use --target skill.")
    items = draw(task, challenge.limit, challenge.seed)
    # worked examples that are missing or too few are said now, not by the worker
    check_renderable(task.with_items(item.id for item in items), a.harness)
    local = any(card.kind != "endpoint" for card in cards)
    return Battle(
        id=secrets.token_hex(5),
        a=a,
        b=b,
        task=task.name,
        item_ids=tuple(item.id for item in items),
        items_digest=digest(items),
        seed=challenge.seed,
        margin=challenge.margin,
        level=challenge.level,
        stop=challenge.stop,
        target=challenge.target,
        card=None if probe else challenge.card,
        device=resolve(challenge.device) if local else "endpoint",
        probe=probe,
    )


def _check_settings(task: Task, harness: HarnessConfig) -> None:
    for value, known in (
        (harness.extraction, tuple(task.extractions) or ("argmax",)),
        (harness.normalisation, get_args(Normalisation)),
        (harness.dtype, ("auto", "float32", "bfloat16", "float16")),
    ):
        if value not in known:
            raise CallerMistake(f"{task.title} knows no {value!r}. Use one of: {', '.join(known)}.")
    if task.runs_code:
        raise CallerMistake(
            f"{task.title} runs what a model wrote, and there is no sandbox here to run it in. Choose another task."
        )
    if harness.normalisation == "unconditional" and not harness.unconditional:
        raise CallerMistake(
            "The unconditional normalisation needs each choice without its question: add --unconditional."
        )
    if harness.thinking is not None and (harness.thinking < 0 or harness.template == "plain"):
        raise CallerMistake(
            f"thinking {harness.thinking} needs 0 tokens or more and the model's own template: add --template chat."
        )
    if harness.thinking and harness.decoding is None:
        raise CallerMistake(f"{task.title} ranks choices, before which nothing is written: leave --thinking out, or 0.")
    if harness.batch is not None and harness.batch < 1:
        raise CallerMistake(f"The batch {harness.batch} holds no item. Use 1 or more, or leave it out.")


def start(battle: Battle) -> str:
    """Writes the plan down, puts it into its device's queue and sees to it that a worker is there."""
    with Ledger() as ledger:
        ledger.add(battle)
    _ensure_worker(battle.device)
    return battle.id


def stop(battle_id: str) -> None:
    """Stops an open battle at once; what is done stays, and `resume` goes on from there."""
    with Ledger() as ledger:
        ledger.settle(battle_id, "stopped", only_from=OPEN_STATES)


def resume(battle_id: str) -> None:
    """Puts a stopped or failed battle back into the queue."""
    with Ledger() as ledger:
        ledger.settle(battle_id, "queued", only_from=("stopped", "failed"))
        device = ledger.entry(battle_id).battle.device
    _ensure_worker(device)


def watch(battle_id: str) -> Progress:
    """The battle at this moment. If it should be running and nobody is at it, somebody is set to it.

    Raises:
        Unknown: there is no such battle.
    """
    with Ledger() as ledger:
        entry = ledger.entry(battle_id)
        waiting_for = _ensure_worker(entry.battle.device) if entry.state in OPEN_STATES else ""
        entry = ledger.entry(battle_id)
        return _progress(ledger, entry, waiting_for)


def _progress(ledger: Ledger, entry: Entry, waiting_for: str) -> Progress:
    counts = ledger.counts(entry.battle.id)
    done = sum(count for count, _ in counts.values())
    speed = left = None
    if counts.keys() == set(SIDES) and all(seconds > 0 for _, seconds in counts.values()):
        seconds_an_item = {side: seconds / count for side, (count, seconds) in counts.items()}
        speed = 1 / sum(seconds_an_item.values())
        left = sum((entry.battle.n - counts[side][0]) * seconds_an_item[side] for side in SIDES)
    return Progress(
        battle=entry.battle,
        state=entry.state,
        phase=waiting_for or entry.phase,
        message=entry.message,
        exit_code=entry.exit_code,
        ahead=ledger.ahead(entry) if entry.state == "queued" else 0,
        done=done,
        pairs=tuple((i, a, b) for i, (a, b) in entry.battle.complete_scores(ledger.pairs(entry.battle.id)).items()),
        items_a_second=speed,
        seconds_left=left,
        notices=tuple(ledger.notices(entry.battle.id)),
    )


def wait(battle_id: str, every: float = 0.5) -> Progress:
    """Watches until the battle is over; for probes and scripts, which have nothing else to do."""
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
            notices=tuple(ledger.notices(battle_id)),
            seconds=entry.finished - entry.started if entry.finished and entry.started else None,
            created=entry.created,
            seal=entry.seal,
        )


def history(limit: int = 200) -> list[tuple[Entry, int]]:
    """The latest battles, newest first, each with the number of battles its device does before it.

    Probes and repeats are left out, but they take their turn in the queue.
    """
    with Ledger() as ledger:
        return [(e, ledger.ahead(e) if e.state == "queued" else 0) for e in ledger.entries(limit=limit)]


def keep_going() -> None:
    """Sets workers to whatever was left open, after a crash or a restart."""
    with Ledger() as ledger:
        devices = {entry.battle.device for entry in ledger.entries(states=OPEN_STATES, measuring=True)}
    for device in devices:
        _ensure_worker(device)


def pilot(challenge: BattleRequest) -> Discordance | None:
    """How often these two differed when they last met over this benchmark; None if they have not, or hardly."""
    shots = load_task(challenge.task).shots if challenge.shots is None else challenge.shots
    models = find(challenge.a).address, find(challenge.b).address
    with Ledger() as ledger:
        found = ledger.pilot(models, challenge.task, shots)
        scores = ledger.entry(found).battle.complete_scores(ledger.pairs(found)).values() if found else ()
    a, b = [a for a, _ in scores], [b for _, b in scores]
    return pilot_discordance(a, b) if len(a) > 1 and {*a, *b} <= {0.0, 1.0} else None


def seconds_an_item(challenge: BattleRequest) -> float | None:
    """Seconds one item takes both sides together here, from what was measured before; None if nothing was."""
    shots = load_task(challenge.task).shots if challenge.shots is None else challenge.shots
    cards = [find(challenge.a), find(challenge.b)]
    device = "endpoint" if all(card.kind == "endpoint" for card in cards) else resolve(challenge.device)
    with Ledger() as ledger:
        times = [ledger.seconds_an_item(card.address, challenge.task, shots, device) for card in cards]
    return None if None in times else math.fsum(t for t in times if t is not None)


def probe(challenge: BattleRequest) -> str:
    """Starts a battle over a few items whose only use is the time they take."""
    return start(plan(replace(challenge, limit=PROBE_ITEMS), probe=True))


def _ensure_worker(device: str) -> str:
    """Spawns a worker if the device has none. Returns what is being waited for, in words, or nothing."""
    free = shutil.disk_usage(home()).free
    if free < SPACE_NEEDED:
        return f"{SHORT_OF_DISK}: {free / 1e6:.1f} MB are free at {home()}, {SPACE_NEEDED / 1e6:.0f} MB are needed"
    spawned = _workers.setdefault(device, [])
    if busy(device):
        return ""
    alive = [worker for _, worker in spawned if worker.poll() is None]
    if alive or (spawned and time.monotonic() - spawned[-1][0] < RESPAWN_AFTER):
        return "starting a worker"
    if spawned and spawned[-1][1].returncode == EXIT_DISK_FULL and time.monotonic() - spawned[-1][0] < DISK_FULL_REST:
        raise DiskFull(f"The disk with {home()} is full. Free some space: the battle then goes on where it was.")
    if len(spawned) >= 3 and all(worker.returncode not in (0, None, -9, EXIT_DISK_FULL) for _, worker in spawned[-3:]):
        raise BattleFailed(f"Three workers in a row could not start. The reason is in {log_file(device)}.")
    log = log_file(device)
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "engine.runs.worker", device],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a closed terminal or a stopped app does not take the battle with it
        )
    spawned.append((time.monotonic(), worker))
    return "starting a worker"
