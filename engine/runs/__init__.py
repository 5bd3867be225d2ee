"""Runs: planning, the queue, the worker, and the place where work is carried out."""

from engine.runs.service import (
    BattleRequest,
    Progress,
    history,
    keep_going,
    pilot,
    plan,
    probe,
    result,
    resume,
    seconds_an_item,
    start,
    stop,
    wait,
    watch,
)

__all__ = [
    "BattleRequest",
    "Progress",
    "history",
    "keep_going",
    "pilot",
    "plan",
    "probe",
    "result",
    "resume",
    "seconds_an_item",
    "start",
    "stop",
    "wait",
    "watch",
]
