"""`python -m engine.runs.worker DEVICE`: fights the open battles of one device, one after the other, and ends.

A process of its own, so that a reload of the app cannot touch a battle and its memory returns when it
ends. One worker a device: the lock is the kernel's (it falls with the process, however that dies). Killed
at any moment it loses nothing: what is not in the ledger has not happened, and the next worker goes on.
"""

from __future__ import annotations

import logging
import os
import sys

from engine.battles.battle import SIDES, Battle, Side
from engine.battles.evaluate import evaluate
from engine.battles.prepared import prepare
from engine.battles.stopping import StoppingRule
from engine.errors import DiskFull, EngineError
from engine.models.interface import Model
from engine.models.registry import find
from engine.runs.lock import EXIT_DISK_FULL, device_lock, log_file
from engine.store.ledger import Entry, Ledger

MAX_ATTEMPTS = 3
"""Workers that may die over a battle without getting an item further before it is given up."""

log = logging.getLogger("engine.runs.worker")


def work(device: str) -> None:
    """Drains the device's queue. Models stay open from battle to battle while they are the same."""
    open_models: dict[tuple[str, str], Model] = {}
    with device_lock(device, patience=1.0) as mine:
        if not mine:
            return
        with Ledger() as ledger:
            while entry := ledger.claim(device):
                _one(ledger, entry, open_models)


def _one(ledger: Ledger, entry: Entry, open_models: dict[tuple[str, str], Model]) -> None:
    battle = entry.battle
    if entry.attempts > MAX_ATTEMPTS:
        message = (
            f"{MAX_ATTEMPTS} workers in a row died over this battle without finishing another item, most likely "
            f"for want of memory. Smaller models or a free machine may do; the log is {log_file(battle.device)}."
        )
        ledger.settle(battle.id, "failed", only_from=("running",), message=message, exit_code=1)
        return
    try:
        _fight(ledger, battle, open_models)
    except DiskFull:
        raise
    except EngineError as error:
        ledger.settle(battle.id, "failed", only_from=("running",), message=str(error), exit_code=error.exit_code)
    except Exception as error:  # a bug of ours or of a library: said as such, and the queue goes on
        log.exception("battle %s failed", battle.id)
        message = (
            f"The battle stopped at an error nobody foresaw ({type(error).__name__}: {error}). "
            f"Nothing is lost. Details: {log_file(battle.device)}."
        )
        ledger.settle(battle.id, "failed", only_from=("running",), message=message, exit_code=1)


def _fight(ledger: Ledger, battle: Battle, open_models: dict[tuple[str, str], Model]) -> None:
    models = _open_both(ledger, battle, open_models)
    runs: dict[str, dict[str, str]] = {side: models[side].environment for side in SIDES}
    if ledger.entry(battle.id).environment not in ({}, runs):
        ledger.note(battle.id, "Resumed under other conditions (device, precision or versions) than it was begun with.")
    ledger.describe(battle.id, runs)
    ledger.say(battle.id, "running")
    before = {side: {o.item_id: o for o in ledger.outcomes(battle.id, side)} for side in SIDES}
    referee = StoppingRule(battle, before["a"], before["b"])
    for side, outcomes in () if referee.decided else evaluate(prepare(battle), models, before):
        if not ledger.append(battle.id, side, outcomes):
            return  # stopped; nothing after the stop is recorded
        referee.see(side, outcomes)
        while models[side].notices:
            ledger.note(battle.id, models[side].notices.pop(0))
        if referee.decided:
            break
    ledger.settle(battle.id, "done", only_from=("running",))


def _open_both(ledger: Ledger, battle: Battle, open_models: dict[tuple[str, str], Model]) -> dict[Side, Model]:
    """Opens what is not open yet, and lets go of what this battle does not need."""
    wanted = {side: (battle.contender(side).model, battle.contender(side).harness.dtype) for side in SIDES}
    for key in set(open_models) - set(wanted.values()):
        del open_models[key]
    for address, dtype in dict.fromkeys(wanted.values()):
        if (address, dtype) not in open_models:
            ledger.say(battle.id, f"opening {find(address).title}")
            open_models[address, dtype] = open_model(address, battle.device, dtype)
    return {side: open_models[wanted[side]] for side in SIDES}


def open_model(address: str, device: str, dtype: str) -> Model:
    """Opens the model behind an address; heavy libraries are imported only for the kind that needs them."""
    card = find(address)
    if card.kind == "endpoint":
        from engine.models.endpoint import open_endpoint

        return open_endpoint(card)
    from engine.models.local.model import open_local

    return open_local(card, "cpu" if device == "endpoint" else device, dtype)


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        work(sys.argv[1])
    except DiskFull as error:
        log.error("%s", error)
        return EXIT_DISK_FULL
    return 0


if __name__ == "__main__":
    # A thread that waits must sleep. By default OpenMP's threads spin at every barrier, and on a machine whose
    # cores are shared, with a browser for instance, a forward pass was measured 19 times slower for it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # oneDNN, which bfloat16 goes through, keeps a program for every shape it has met, and no two packs are alike.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "8")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    sys.exit(main())
