"""What the tests of benchmarks share: a folder of upstream files, and tasks that a handful of rows is enough for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import Item, Task
from engine.tasks.sources import Hub, Row


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_items: None) -> Path:
    """An empty folder of upstream files."""
    monkeypatch.setenv("NOISEFLOOR_DATA", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def put(folder: Path, name: str, content: Any) -> None:
    """A file of lines, or a JSON document, by its ending."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content) if name.endswith(".json") else "".join(json.dumps(line) + "\n" for line in content)
    (folder / name).write_text(text, encoding="utf-8")


def of_size(task: Task, size: int) -> Task:
    """The task with an official split of that size, so that a handful of rows made up here passes for it."""
    return dataclasses.replace(task, size=size)


def hub_of(task: Task) -> Hub:
    (hub,) = (source for source in task.items_from if isinstance(source, Hub))
    return hub


def hub_row(task: Task, row: Row, place: str | None = None) -> Row:
    """A row of the hub as the task sees it; of the first place there, unless told otherwise."""
    hub = hub_of(task)
    configs = hub.config if isinstance(hub.config, tuple) else (hub.config,)
    rows = hub.parse({**row, "__file__": place or f"{configs[0]}/{hub.split}"})
    return rows if isinstance(rows, Mapping) else next(iter(rows))


def score(task: Task, name: str, text: str, item: Item) -> float:
    """What one of the task's scorers makes of a text."""
    scorer = task.extractions[name]
    answer = scorer.extract(text)
    return 0.0 if answer is None else scorer.score(answer, item)
