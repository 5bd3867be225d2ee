"""Our own battles: the JSON that `python -m engine battle --json` and the app write, both sides in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object, fields
from engine.logs.log import Contents, Log, LogRow, add_row, item_id, plain, score_of, settings_of, shown

FORMAT = "battle of Noise Floor"


def recognises(document: Mapping[str, Any]) -> bool:
    return "battle_id" in document and "items" in document


def contents(source: LogFile, document: Mapping[str, Any]) -> Contents:
    """Both sides. An item that a side failed on, or had not come to, has no score there."""
    items = document["items"]
    if not isinstance(items, list):
        raise CallerMistake(f"{source.name}: the field `items` is {shown(items)} and no list.")
    open_items = sum(not as_object(item, source.name).get(side) for item in items for side in ("a", "b"))
    early = "The battle ended before all planned items were answered. Who stops at a moment of their own choosing is "
    early += "wrong more often than the level allows: its own report has an interval that holds at any moment."
    logs = {}
    for side in ("a", "b"):
        said = as_object(document.get(side), f"{source.name}, field {side}")
        rows: dict[str, LogRow] = {}
        for number, item in enumerate(items, start=1):
            where = f"{source.name}, item {number}"
            add_row(rows, _row(as_object(item, where), side, where), where)
        logs[side] = Log(
            name=plain(said.get("name") or side),
            file=source.name,
            format=FORMAT,
            selector=side,
            rows=rows,
            settings=_settings(document, said, side),
            notes=(early,) if open_items else (),
        )
    return Contents(kind="model", logs=logs)


def _row(item: Mapping[str, Any], side: str, where: str) -> LogRow:
    answer = fields(item.get(side))
    failure, text = answer.get("failure"), answer.get("text")
    written = isinstance(text, str)
    return LogRow(
        id=item_id(item.get("id"), where),
        score=None if not answer or failure else score_of(answer.get("score"), where),
        group=plain(item.get("group") or ""),
        text=text if written else None,
        answer=plain(answer.get("answer") or "") if written else None,
        truncated=failure == "truncated" if written or failure == "truncated" else None,
    )


def _settings(document: Mapping[str, Any], said: Mapping[str, Any], side: str) -> dict[str, str]:
    """What the file states. The fingerprint stands for all that was asked of the harness, whether told or not."""
    ran = fields(fields(document.get("environment")).get(side))
    return settings_of(
        {
            "model": said.get("name"),
            "task": document.get("task"),
            "metric": "accuracy",
            "shots": said.get("shots"),
            "normalisation": said.get("normalisation"),
            "extraction": said.get("extraction"),
            "fingerprint": said.get("fingerprint"),
            "harness": "Noise Floor",
            "dtype": ran.get("dtype"),
            "transformers": ran.get("transformers"),
        }
    )
