"""Our own battles: the JSON that `python -m engine battle --json` and the app write, both sides in one file.

The file is somebody's upload, so it is held against the schema (`engine.store.document`) before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from engine.battles.battle import SIDES, Side
from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object
from engine.logs.log import Contents, Log, LogRow, add_row, item_id, one_line, score_of, settings_of, short_repr
from engine.store.document import ItemDocument, OutcomeDocument, SidesDocument, sides

FORMAT = "battle of Noise Floor"
ENDED_EARLY = (
    "The battle ended before all planned items were answered. Who stops at a moment of their own choosing is wrong "
    "more often than the level allows: its own report has an interval that holds at any moment."
)
_KINDS = {"list": "list", "string": "text", "float": "number", "int": "whole number", "bool": "true or false"}
"""What a field should hold, by the first word of pydantic's name for the error."""


def recognises(document: Any) -> bool:
    """Whether it is a battle as it was written."""
    return isinstance(document, dict) and "battle_id" in document and "items" in document


def contents(source: LogFile, document: Mapping[str, Any]) -> Contents:
    """Both sides. An item that a side failed on, or had not come to, has no score there.

    Raises:
        CallerMistake: it is not as a battle is written; the message names the file, the item and the field.
    """
    battle = _sides(source.name, document)
    notes = (ENDED_EARLY,) if any(not item.get(side) for item in battle["items"] for side in SIDES) else ()
    return Contents(kind="model", logs={side: _log(source.name, battle, side, notes) for side in SIDES})


def _sides(file: str, document: Mapping[str, Any]) -> SidesDocument:
    for side in SIDES:
        as_object(document.get(side), f"{file}, field {side}")
    try:
        return sides(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _mistake(file, document, first["loc"], first["type"]) from error


def _mistake(file: str, document: Mapping[str, Any], place: tuple[int | str, ...], kind: str) -> CallerMistake:
    """What to change, for the value at a place of the document.

    place  keys and positions that lead there, as pydantic gives them
    kind   pydantic's name for what is wrong with it
    """
    value: Any = document
    path: list[str] = []
    for step in place:
        if path[-1:] in (["id"], ["score"]) or not isinstance(value, (list, dict)):
            break  # what follows says which of several types was tried
        value = value[int(step)] if isinstance(value, list) else value.get(step)
        path.append(str(step))
    where = file
    if len(path) > 1 and path[0] == "items":
        where, path = f"{file}, item {int(path[1]) + 1}", path[2:]
    field = ".".join(path)
    try:
        if kind == "dict_type":
            as_object(value, f"{where}, field {field}" if field else where)
        elif field == "id":
            item_id(value, where)
        elif path[-1:] == ["score"] and where != file:
            score_of(value, where)
    except CallerMistake as mistake:
        return mistake
    expected = _KINDS.get(kind.partition("_")[0], "value of that kind")
    return CallerMistake(f"{where}: the field `{field}` is {short_repr(value)} and no {expected}.")


def _log(file: str, battle: SidesDocument, side: Side, notes: tuple[str, ...]) -> Log:
    rows: dict[str, LogRow] = {}
    for number, item in enumerate(battle["items"], start=1):
        where = f"{file}, item {number}"
        add_row(rows, _row(item, item.get(side) or {}, where), where)
    return Log(
        name=one_line(battle[side].get("name") or side),
        file=file,
        format=FORMAT,
        selector=side,
        rows=rows,
        settings=_settings(battle, side),
        notes=notes,
    )


def _row(item: ItemDocument, answer: OutcomeDocument, where: str) -> LogRow:
    failure, text = answer.get("failure"), answer.get("text")
    return LogRow(
        id=item_id(item.get("id"), where),
        score=None if not answer or failure else score_of(answer.get("score"), where),
        group=one_line(item.get("group") or ""),
        text=text,
        answer=one_line(answer.get("answer") or "") if text is not None else None,
        truncated=failure == "truncated" if text is not None or failure == "truncated" else None,
    )


def _settings(battle: SidesDocument, side: Side) -> dict[str, str]:
    """What the file states. The fingerprint stands for all that the harness is set to, whether stated or not."""
    contender, environment = battle[side], battle.get("environment", {}).get(side, {})
    return settings_of(
        {
            "model": contender.get("name"),
            "task": battle.get("task"),
            "metric": "accuracy",
            "shots": contender.get("shots"),
            "normalisation": contender.get("normalisation"),
            "extraction": contender.get("extraction"),
            "fingerprint": contender.get("fingerprint"),
            "harness": "Noise Floor",
            "dtype": environment.get("dtype"),
            "transformers": environment.get("transformers"),
        }
    )
