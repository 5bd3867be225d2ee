"""What earlier battles say of one that is only asked for: how often the two differ, and how long an item takes."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.device import resolve
from engine.models.registry import find
from engine.runs.planning import plan
from engine.runs.request import BattleRequest
from engine.runs.service import start
from engine.stats.power import DiscordanceEstimate, pilot_discordance
from engine.store.ledger import UNCONDITIONAL, Admission, Ledger
from engine.tasks.registry import load_task

PROBE_ITEMS = 8


def pilot(request: BattleRequest) -> DiscordanceEstimate | None:
    """How often these two differed when they last met over this benchmark; None if they have not, or hardly."""
    models = find(request.a).address, find(request.b).address
    with Ledger() as ledger:
        latest = ledger.pilot(models, request.task, _shots(request))
        scores = ledger.entry(latest).battle.complete_scores(ledger.pairs(latest)).values() if latest else ()
    a, b = [a for a, _ in scores], [b for _, b in scores]
    return pilot_discordance(a, b) if len(a) > 1 and {*a, *b} <= {0.0, 1.0} else None


def seconds_an_item(request: BattleRequest) -> float | None:
    """Seconds one item takes both sides together here, from what was measured before; None if nothing was."""
    cards = [find(request.a), find(request.b)]
    device = "endpoint" if all(card.kind == "endpoint" for card in cards) else resolve(request.device)
    with Ledger() as ledger:
        times = [ledger.seconds_an_item(card.address, request.task, _shots(request), device) for card in cards]
    return None if None in times else math.fsum(t for t in times if t is not None)


def probe(request: BattleRequest, admission: Admission = UNCONDITIONAL) -> str:
    """Starts a battle over a few items whose only use is the time they take. Returns its id.

    request    the battle that is thought of
    admission  as `start` takes it
    """
    return start(plan(replace(request, limit=PROBE_ITEMS), probe=True), admission=admission)


def _shots(request: BattleRequest) -> int:
    return load_task(request.task).shots if request.shots is None else request.shots
