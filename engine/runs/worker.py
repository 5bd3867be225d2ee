"""`python -m engine.runs.worker DEVICE`: runs the open battles of one device, one after the other, and ends.

A process of its own, so that a reload of the app cannot touch a battle and its memory returns when it
ends. One worker a device: the lock is the kernel's (it falls with the process, however that dies). Killed
at any moment it loses nothing: what is not in the ledger has not happened, and the next worker goes on.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import sys
from time import monotonic

from engine import log_format
from engine.battles.battle import SIDES, Battle, Side
from engine.battles.evaluate import evaluate
from engine.battles.prepared import prepare
from engine.battles.stopping import StoppingRule
from engine.errors import CallerMistake, DiskFull, EngineError, Locked, Unknown
from engine.models.interface import Model
from engine.models.interruption import Interrupted, interruptible
from engine.models.registry import find
from engine.runs.ending import Ending, told_of
from engine.runs.executor import EXIT_DISK_FULL, log_file
from engine.runs.lock import device_lock
from engine.store.ledger import Entry, Ledger

OpenModels = dict[tuple[str, str, str], Model]
"""Models that are open, by address, precision asked for, and what a configured endpoint's name stands for."""

MAX_ATTEMPTS = 3
"""Workers that may die over a battle without getting an item further before it is given up."""
PATIENCE = 86_400 * 7
"""Seconds that a worker waits for a locked ledger: a database browser left open on Friday is closed on Monday."""

log = logging.getLogger("engine.runs.worker")


class AskedToEnd(SystemExit):
    """Somebody asked this worker to end (SIGTERM): that is no fault of the battle it was at."""


def work(device: str, before: Ending | None = None) -> None:
    """Works through the device's queue. Models stay open from battle to battle while they are the same.

    device  whose battles
    before  how the worker before this one ended, as far as its starter knows

    Raises:
        DiskFull: nothing more can be written down; the battle stays open.
        AskedToEnd: the battle stays open, and this attempt at it does not count.
    """
    open_models: OpenModels = {}
    with device_lock(device, patience=1.0) as held:
        if not held:
            return
        with Ledger(patience=PATIENCE) as ledger:
            while entry := ledger.claim(device):
                log_format.about(battle=entry.battle.id)
                try:
                    _attempt(ledger, entry, open_models, before)
                except AskedToEnd:
                    ledger.release(entry.battle.id)
                    raise


def _attempt(ledger: Ledger, entry: Entry, open_models: OpenModels, before: Ending | None) -> None:
    """One attempt at a battle. Whatever goes wrong but a full disk is this battle's end, and the queue goes on."""
    battle = entry.battle
    fail = functools.partial(ledger.set_state, battle.id, "failed", only_from=("running",))
    if entry.attempts > MAX_ATTEMPTS:
        during = f"while {entry.phase}" if entry.phase.startswith("opening") else "without finishing another item"
        message = (
            f"{MAX_ATTEMPTS} workers in a row ended {during}. {told_of(before)} What they had to say is in "
            f"{log_file(battle.device)}."
        )
        fail(message=message, exit_code=1)
        return
    try:
        with interruptible(lambda: _unwanted(ledger, battle.id)):
            _run(ledger, entry, open_models)
    except Interrupted:
        return  # stopped while a server was waited for
    except (DiskFull, Locked):
        raise  # the battle stays as it is
    except EngineError as error:
        fail(message=str(error), exit_code=error.exit_code)
    except Exception as error:  # a bug of ours or of a library: said as such, and the queue goes on
        log.exception("battle %s failed", battle.id)
        message = (
            f"The battle stopped at an error nobody foresaw ({type(error).__name__}: {error}). "
            f"Nothing is lost. Details: {log_file(battle.device)}."
        )
        fail(message=message, exit_code=1)


def _unwanted(ledger: Ledger, battle_id: str) -> bool:
    """Whether a battle was stopped, or is gone. Trouble with the ledger is the next write's to tell."""
    try:
        return ledger.entry(battle_id).state != "running"
    except Unknown:
        return True
    except EngineError:
        return False


def _run(ledger: Ledger, entry: Entry, open_models: OpenModels) -> None:
    """Runs a battle from wherever it is to its end, until it is stopped, or until its time is used up."""
    battle = entry.battle
    models = _open_contenders(ledger, battle, open_models)
    environment: dict[str, dict[str, str]] = {side: models[side].environment for side in SIDES}
    if ledger.entry(battle.id).environment not in ({}, environment):
        changed = "Resumed under other conditions (device, precision or versions) than it was begun with."
        ledger.add_notice(battle.id, changed)
    ledger.set_environment(battle.id, environment)
    ledger.set_phase(battle.id, "running")
    recorded = {side: {o.item_id: o for o in ledger.outcomes(battle.id, side)} for side in SIDES}
    stopping_rule = StoppingRule(battle, recorded["a"], recorded["b"])
    begun = monotonic() - sum(outcome.seconds for side in SIDES for outcome in recorded[side].values())
    if not stopping_rule.decided and _out_of_time(ledger, entry, begun):
        return
    for side, outcomes in () if stopping_rule.decided else evaluate(prepare(battle), models, recorded):
        if not ledger.append(battle.id, side, outcomes):
            return  # stopped or deleted; nothing after that is recorded
        stopping_rule.update(side, outcomes)
        while models[side].notices:
            ledger.add_notice(battle.id, models[side].notices.pop(0))
        if stopping_rule.decided:
            break
        if _out_of_time(ledger, entry, begun):
            return
    ledger.set_state(battle.id, "done", only_from=("running",))


def _out_of_time(ledger: Ledger, entry: Entry, begun: float) -> bool:
    """Stops a battle whose answers took longer than they may, unless it has all of them.

    Longer by what is written down, or since `begun` (monotonic time) where failures took the time and say none.
    """
    if entry.seconds_limit is None:
        return False
    battle, counts = entry.battle, ledger.counts(entry.battle.id).values()
    answers, seconds = sum(count for count, _ in counts), sum(seconds for _, seconds in counts)
    if max(seconds, monotonic() - begun) <= entry.seconds_limit or answers == len(SIDES) * battle.n:
        return False
    message = (
        f"Its time is used up: the answers of this battle may take {entry.seconds_limit / 60:.3g} minutes. "
        f"{answers:,} of {len(SIDES) * battle.n:,} answers are kept."
    )
    ledger.set_state(battle.id, "stopped", only_from=("running",), message=message)
    return True


def _open_contenders(ledger: Ledger, battle: Battle, open_models: OpenModels) -> dict[Side, Model]:
    """Opens what is not open yet, and lets go of what this battle does not need."""
    contenders = {side: battle.contender(side) for side in SIDES}
    needed = {side: (each.model, each.harness.dtype, each.stands_for) for side, each in contenders.items()}
    for key in set(open_models) - set(needed.values()):
        del open_models[key]
    for key in dict.fromkeys(needed.values()):
        if key not in open_models:
            address, dtype, stands_for = key
            card = find(address)
            if card.stands_for != stands_for:
                raise CallerMistake(
                    f"{address} is not what this battle was planned with: it stood for {stands_for}, and now stands "
                    f"for {card.stands_for}. Put the old lines back into endpoints.toml, or start a new battle."
                )
            ledger.set_phase(battle.id, f"opening {card.title}")
            open_models[key] = open_model(address, battle.device, dtype)
    return {side: open_models[needed[side]] for side in SIDES}


def open_model(address: str, device: str, dtype: str) -> Model:
    """Opens the model behind an address; heavy libraries are imported only for the kind that needs them.

    address  as `engine.models.registry.find` understands it
    device   the battle's; a local model in a battle of endpoints is put on the CPU
    dtype    precision asked for, as `HarnessConfig` has it

    Raises:
        CallerMistake: the model cannot be opened as asked.
    """
    card = find(address)
    if card.kind == "endpoint":
        from engine.models.endpoint import open_endpoint

        return open_endpoint(card)
    from engine.models.local.model import open_local

    return open_local(card, "cpu" if device == "endpoint" else device, dtype)


def main() -> int:
    def end(*_: object) -> None:
        raise AskedToEnd(128 + signal.SIGTERM)

    os.umask(0o077)  # whatever a library writes for it, too
    signal.signal(signal.SIGTERM, end)
    log_format.set_up()
    device, *before = sys.argv[1:]
    try:
        work(device, Ending.read(before[0]) if before else None)
    except DiskFull as error:
        log.error("%s", error)
        return EXIT_DISK_FULL
    return 0


if __name__ == "__main__":
    # A thread that waits must sleep. By default OpenMP's threads spin at every barrier, and on a machine whose
    # cores are shared, with a browser for instance, a forward pass was measured 19 times slower for it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # oneDNN, which bfloat16 goes through, keeps a program for every shape it has met, and no two batches are alike.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    sys.exit(main())
