"""Logs of per-item results, whoever wrote them: read, paired item by item, judged for comparability.

Three modules do more with them: `judging` gives the verdict, `decomposition` says where its gap comes from, `lm_eval`
writes a battle in that harness's own form.
"""

from engine.logs import decomposition, judging, lm_eval
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
    "decomposition",
    "judging",
    "lm_eval",
    "place_and_selector",
    "read_log",
]
