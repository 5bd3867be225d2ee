"""Benchmarks: what a task is, where its items come from, how they are sampled, rendered and scored."""

from engine.tasks.items import load_items
from engine.tasks.registry import TASKS, load_task, title_of
from engine.tasks.task import Item, Task

__all__ = ["TASKS", "Item", "Task", "load_items", "load_task", "title_of"]
