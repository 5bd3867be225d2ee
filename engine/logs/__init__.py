"""Logs of per-item results, whoever wrote them: read, paired item by item, and judged for comparability."""

from engine.logs.comparability import comparability
from engine.logs.detection import choices, contents, place_and_selector, read_log
from engine.logs.log import Contents, Log, LogRow
from engine.logs.pairing import Aligned, align

__all__ = [
    "Aligned",
    "Contents",
    "Log",
    "LogRow",
    "align",
    "choices",
    "comparability",
    "contents",
    "place_and_selector",
    "read_log",
]
