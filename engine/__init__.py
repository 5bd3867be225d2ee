"""What is true: runs real battles between two models and says what may be concluded.

Knows nothing of labs, tutors or screens, and importing it loads neither torch nor Streamlit.
"""

from engine import arena, card, grading, lm_eval, logs, models, noise, published, recorded, split, split_logs, stored
from engine.arena import Challenge, Progress
from engine.battery import Battery
from engine.battle import Battle, Contender, HarnessConfig, ItemFailure, ItemResult
from engine.errors import CallerMistake, EngineError
from engine.estimate import Discordance, items_for
from engine.home import home
from engine.result import BattleResult
from engine.sequential import SequentialGap, compare_anytime
from engine.stored import verdict_of_files
from engine.task import Item, Task, load_items
from engine.tasks import TASKS, load_task
from engine.verdict import Interval, Verdict, compare, detectable_gap, score_interval
from engine.words.verdict import explain

__all__ = [
    "TASKS",
    "Battery",
    "Battle",
    "BattleResult",
    "CallerMistake",
    "Challenge",
    "Contender",
    "Discordance",
    "EngineError",
    "HarnessConfig",
    "Interval",
    "Item",
    "ItemFailure",
    "ItemResult",
    "Progress",
    "SequentialGap",
    "Task",
    "Verdict",
    "arena",
    "card",
    "compare",
    "compare_anytime",
    "detectable_gap",
    "explain",
    "grading",
    "home",
    "items_for",
    "lm_eval",
    "load_items",
    "load_task",
    "logs",
    "models",
    "noise",
    "published",
    "recorded",
    "score_interval",
    "split",
    "split_logs",
    "stored",
    "verdict_of_files",
]
