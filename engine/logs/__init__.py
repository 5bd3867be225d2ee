"""Logs of per-item results, whoever wrote them: read, paired item by item, and judged for comparability."""

from engine.logs.alignment import Aligned, align
from engine.logs.comparable import Comparability, SettingCheck, comparability
from engine.logs.log import Contents, Log, LogRow
from engine.logs.reading import choices, contents, place_and_selector, read_log

__all__ = [
    "Aligned",
    "Comparability",
    "Contents",
    "Log",
    "LogRow",
    "SettingCheck",
    "align",
    "choices",
    "comparability",
    "contents",
    "place_and_selector",
    "read_log",
]
