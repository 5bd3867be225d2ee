"""A side's answers as the lines of lm-eval's `samples_*.jsonl`: an item under a filter each.

What we do not know is null: whether a choice was the greedy one, the hash of the hub's row, the hash of a prompt that
a template of the model's own was put around. An item that failed has an `error` and no metric, since it is not wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.battles.battle import ItemFailure, ItemResult, Outcome, Side
from engine.battles.requests import ranking
from engine.battles.rescoring import rescored_outcome, rule_of, scoring_rules
from engine.battles.result import BattleResult
from engine.battles.scoring import final_text
from engine.harness.config import HarnessConfig
from engine.harness.prompt import Asked, Conversation, Turn
from engine.logs.lm_eval.command import generation
from engine.logs.lm_eval.definitions import called, definition, places
from engine.models.registry import find
from engine.tasks.rendering import RenderedItem, render
from engine.tasks.task import Item, Task

NOTHING_FOUND = "[invalid]"  # what lm-eval's filters give where there is no answer
Line = dict[str, Any]
Request = tuple[Asked, str | dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """A rule that reads answers, and the metric and the filter that lm-eval knows it by."""

    rule: str
    metric: str
    filter: str


def scorings(task: Task, harness: HarnessConfig) -> list[Scoring]:
    """All that lm-eval reports of the task, and the rule of the battle where that is not among it."""
    reported, own = definition(task).metrics, rule_of(task, harness)
    named = {rule: called(task, rule) for rule in scoring_rules(task)}
    return [
        Scoring(rule=rule, metric=metric, filter=used)
        for rule, (metric, used) in named.items()
        if task.writes or metric in reported or rule == own
    ]


def lines(result: BattleResult, side: Side, *, with_texts: bool) -> dict[str, list[Line]]:
    """The lines of each task of lm-eval, filter by filter, in the order of its rows, of items that both sides answered.

    Raises:
        NoSource, CallerMistake: the benchmark is not on this machine, or not as it was in the battle.
    """
    battle, task = result.battle, result.task.with_items(result.battle.item_ids)
    contender, outcomes = battle.contender(side), result.a if side == "a" else result.b
    harness, place = contender.harness, places(task)
    rendered = render(task, harness, outcomes.keys())
    served = find(contender.model).kind == "endpoint"
    writer = _Writer(task=task, harness=harness, served=served, with_texts=with_texts)
    answered = set(battle.answered(result.a, result.b))
    items = sorted((i for i in result.items.values() if i.id in answered), key=lambda item: place[item.id])
    by_filter: dict[str, list[Scoring]] = {}
    for one in scorings(task, harness):
        by_filter.setdefault(one.filter, []).append(one)
    written: dict[str, list[Line]] = {}
    for under in by_filter.values():
        for item in items:
            name, row = place[item.id]
            requests = writer.requests(rendered[item.id])
            line = writer.line(item, requests, outcomes[item.id], under)
            written.setdefault(name, []).append({"doc_id": row, **line})
    return written


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """What is the same for all lines of one side. `served`: an endpoint answered, which is sent conversations."""

    task: Task
    harness: HarnessConfig
    served: bool
    with_texts: bool

    def requests(self, rendered: RenderedItem) -> list[Request]:
        """What the model was asked of an item, as it was put to it, in the benchmark's order of the choices."""
        harness = self.harness
        if not self.task.writes:
            pairs = ranking(rendered, harness).pairs
            given = list(pairs if harness.option_order == "given" else pairs[::-1])
            return [*given, *(("", choice) for _, choice in given if harness.unconditional)]
        prompt = rendered.prompt(harness)
        if harness.template == "plain" and self.served:
            prompt = Conversation((Turn("user", str(prompt)),))
        return [(prompt, generation(harness))]

    def line(self, item: Item, requests: Sequence[Request], outcome: Outcome, under: Sequence[Scoring]) -> Line:
        """An item under one filter. Fields and their order are lm-eval's; `error` and `written` are ours."""
        read = {one.metric: self._read(item, outcome, one.rule) for one in under}
        found = {metric: result for metric, result in read.items() if result}
        prompt = requests[0][0]
        kind = definition(self.task).target
        target = {"number": str(item.gold), "text": item.expected}.get(kind)
        known = isinstance(prompt, str) or self.served
        return {
            "doc": _filled(item) if self.with_texts else {"id": item.id},
            "target": target if self.with_texts or kind == "number" else None,
            "arguments": {f"gen_args_{i}": self._arguments(*request) for i, request in enumerate(requests)},
            **self._answers(outcome, next(iter(found.values()), None), under[0].filter),
            "filter": under[0].filter,
            "metrics": list(found),
            "doc_hash": None,
            "prompt_hash": _hash(_text(prompt)) if known else None,
            "target_hash": None if target is None else _hash(target),
            **{metric: result.score for metric, result in found.items()},
            **({} if found else {"error": _why(outcome)}),
        }

    def _read(self, item: Item, outcome: Outcome, rule: str) -> ItemResult | None:
        if isinstance(outcome, ItemResult) and rule == rule_of(self.task, self.harness):
            return outcome
        return rescored_outcome(self.task, item, outcome, self.harness, rule)

    def _arguments(self, prompt: Asked, then: str | dict[str, Any]) -> dict[str, Any]:
        """lm-eval logs what it sends to an endpoint as a list of one text."""
        if not self.with_texts:
            return {"arg_0": None, "arg_1": None if isinstance(then, str) else then}
        sent = self.served and not isinstance(prompt, str)
        return {"arg_0": [_text(prompt)] if sent else _text(prompt), "arg_1": then}

    def _answers(self, outcome: Outcome, read: ItemResult | None, used: str) -> Line:
        """What came back, and what the filter made of it."""
        if not self.task.writes:
            sums = [*outcome.logliks, *outcome.unconditional] if isinstance(outcome, ItemResult) else []
            told = [[str(total), None] for total in sums]
            return {"resps": [[one] for one in told], "filtered_resps": told}
        if outcome.text is None:
            return {"resps": [], "filtered_resps": []}
        text = final_text(outcome.text, self.harness)
        answer = text if used == "none" else read.answer if read and read.answer is not None else NOTHING_FOUND
        reasoning = {"written": outcome.text} if text != outcome.text else {}
        return {"resps": [[text]], "filtered_resps": [answer], **reasoning}


def _filled(item: Item) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if value not in (None, "", ())}


def _why(outcome: Outcome) -> str:
    return f"{outcome.reason}: {outcome.message}" if isinstance(outcome, ItemFailure) else "this rule cannot read it"


def _text(prompt: Asked) -> str:
    """The prompt; a conversation as lm-eval sends it to an endpoint."""
    if isinstance(prompt, str):
        return prompt
    return json.dumps([{"role": turn.role, "content": turn.content} for turn in prompt.turns], ensure_ascii=False)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
