"""Runs: from a request to a battle's plan, its queue, its worker, and the place where it is carried out.

battle_id = start(plan(BattleRequest(a=..., b=..., task=...)))
watch(battle_id)      how far it is, as often as one likes, from any process
result(battle_id)     the verdict, also before the end
"""

from engine.runs.estimates import pilot, probe, seconds_an_item
from engine.runs.planning import plan
from engine.runs.progress import Progress
from engine.runs.request import BattleRequest
from engine.runs.service import (
    check_whole,
    delete,
    history,
    rename,
    result,
    resume,
    resume_open,
    start,
    stop,
    wait,
    watch,
)
from engine.store.ledger import UnreadableEntry

__all__ = [
    "BattleRequest",
    "Progress",
    "UnreadableEntry",
    "check_whole",
    "delete",
    "history",
    "pilot",
    "plan",
    "probe",
    "rename",
    "result",
    "resume",
    "resume_open",
    "seconds_an_item",
    "start",
    "stop",
    "wait",
    "watch",
]
