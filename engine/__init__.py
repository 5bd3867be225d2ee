"""What is true: runs real battles between two models and says what may be concluded.

Knows nothing of labs, tutors or screens. The rooms are its subpackages (`from engine import runs, stats`); the names
used every day are here as well. Nothing is loaded before it is asked for, so importing this costs nothing and brings
neither torch nor a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.lazy import lazy_face

if TYPE_CHECKING:
    from engine.battles.battle import Battle, Contender, ItemFailure, ItemResult
    from engine.battles.result import BattleResult
    from engine.errors import CallerMistake, EngineError
    from engine.harness.config import HarnessConfig
    from engine.logs.judging import verdict_of_files
    from engine.report import explain
    from engine.runs.progress import Progress
    from engine.runs.request import BattleRequest
    from engine.stats.interval import Interval, score_interval
    from engine.stats.power import detectable_gap, items_for
    from engine.stats.sequential import SequentialGap, compare_anytime
    from engine.stats.verdict import Verdict, compare
    from engine.tasks.items import load_items
    from engine.tasks.registry import TASKS, load_task
    from engine.tasks.task import Item, Task

__all__, __getattr__, __dir__ = lazy_face(
    __name__,
    {
        "engine.battles.battle": ("Battle", "Contender", "ItemFailure", "ItemResult"),
        "engine.battles.result": ("BattleResult",),
        "engine.errors": ("CallerMistake", "EngineError"),
        "engine.harness.config": ("HarnessConfig",),
        "engine.logs.judging": ("verdict_of_files",),
        "engine.report": ("explain",),
        "engine.runs.progress": ("Progress",),
        "engine.runs.request": ("BattleRequest",),
        "engine.stats.interval": ("Interval", "score_interval"),
        "engine.stats.power": ("detectable_gap", "items_for"),
        "engine.stats.sequential": ("SequentialGap", "compare_anytime"),
        "engine.stats.verdict": ("Verdict", "compare"),
        "engine.tasks.items": ("load_items",),
        "engine.tasks.registry": ("TASKS", "load_task"),
        "engine.tasks.task": ("Item", "Task"),
    },
)
