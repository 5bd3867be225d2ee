"""A side's answers as the lines of lm-eval's `samples_*.jsonl`: an item under a filter each.

What we do not know is null: whether a choice was the greedy one, the hash of the hub's row, the hash of a prompt that
a template of the model's own was put around. An item that failed has an `error` and no metric, since it is not wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from engine.battles.battle import ItemFailure, ItemResult, Outcome, Side
from engine.battles.requests import ranking
from engine.battles.rescoring import rescored_outcome, rule_of, scoring_rules
from engine.battles.result import BattleResult
from engine.battles.scoring import final_text
from engine.harness.config import HarnessConfig
from engine.harness.prompt import Asked, Conversation, Turn
from engine.logs.lm_eval.command import generation
from engine.logs.lm_eval.definitions import NO_ANSWER, definition, metric_and_filter, positions
from engine.logs.log import sha256
from engine.models.registry import card_of
from engine.tasks.rendering import RenderedItem, render
from engine.tasks.task import Item, Task

Line = dict[str, Any]
Request = tuple[Asked, str | dict[str, Any]]


class Scoring(NamedTuple):
    """A rule that reads answers, and the metric and the filter that lm-eval knows it by."""

    rule: str
    metric: str
    filter: str


def scorings(task: Task, harness: HarnessConfig) -> list[Scoring]:
    """All that lm-eval reports of the task, and the rule of the battle where that is not among it."""
    reported, own = definition(task).metrics, rule_of(task, harness)
    possible = (Scoring(rule, *metric_and_filter(task, rule)) for rule in scoring_rules(task))
    return [scoring for scoring in possible if task.writes or scoring.metric in reported or scoring.rule == own]


def sample_lines(result: BattleResult, side: Side, *, with_texts: bool) -> dict[str, list[Line]]:
    """The lines of each task of lm-eval, filter by filter, in the order of its rows, of items that both sides answered.

    result      the battle
    side        whose answers
    with_texts  whether the benchmark's own texts are in them, which are under its licence

    Raises:
        NoSource, CallerMistake: the benchmark is not on this machine, or not as it was in the battle.
    """
    battle, task = result.battle, result.task.with_items(result.battle.item_ids)
    contender, outcomes = battle.contender(side), result.a if side == "a" else result.b
    harness, position = contender.harness, positions(task)
    rendered = render(task, harness, outcomes.keys())
    served = card_of(contender.address).kind == "endpoint"
    writer = _Writer(task=task, harness=harness, served=served, with_texts=with_texts)
    answered = set(battle.answered(result.a, result.b))
    items = sorted((i for i in result.items.values() if i.id in answered), key=lambda item: position[item.id])
    by_filter: dict[str, list[Scoring]] = {}
    for scoring in scorings(task, harness):
        by_filter.setdefault(scoring.filter, []).append(scoring)
    lines: dict[str, list[Line]] = {}
    for same_filter in by_filter.values():
        for item in items:
            name, row = position[item.id]
            requests = writer.requests(rendered[item.id])
            line = writer.line(item, requests, outcomes[item.id], same_filter)
            lines.setdefault(name, []).append({"doc_id": row, **line})
    return lines


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
            in_order = list(pairs if harness.option_order == "given" else pairs[::-1])
            return [*in_order, *(("", choice) for _, choice in in_order if harness.unconditional)]
        prompt = rendered.prompt(harness)
        if harness.template == "plain" and self.served:
            prompt = Conversation((Turn("user", str(prompt)),))
        return [(prompt, generation(harness))]

    def line(self, item: Item, requests: Sequence[Request], outcome: Outcome, scored: Sequence[Scoring]) -> Line:
        """An item under one filter. Fields and their order are lm-eval's; `error` and `written` are ours.

        item      what was asked
        requests  how it was put to the model
        outcome   what came back
        scored    by what rules; they have the filter in common
        """
        by_metric = {scoring.metric: self._rescored(item, outcome, scoring.rule) for scoring in scored}
        results = {metric: result for metric, result in by_metric.items() if result}
        prompt = requests[0][0]
        kind = definition(self.task).target
        target = {"number": str(item.gold), "text": item.expected}.get(kind)
        return {
            "doc": _stated_fields(item) if self.with_texts else {"id": item.id},
            "target": target if self.with_texts or kind == "number" else None,
            "arguments": {f"gen_args_{i}": self._arguments(*request) for i, request in enumerate(requests)},
            **self._answers(outcome, next(iter(results.values()), None), scored[0].filter),
            "filter": scored[0].filter,
            "metrics": list(results),
            "doc_hash": None,
            "prompt_hash": sha256(_text(prompt)) if isinstance(prompt, str) or self.served else None,
            "target_hash": None if target is None else sha256(target),
            **{metric: result.score for metric, result in results.items()},
            **({} if results else {"error": _failure(outcome)}),
        }

    def _rescored(self, item: Item, outcome: Outcome, rule: str) -> ItemResult | None:
        if isinstance(outcome, ItemResult) and rule == rule_of(self.task, self.harness):
            return outcome
        return rescored_outcome(self.task, item, outcome, self.harness, rule)

    def _arguments(self, prompt: Asked, argument: str | dict[str, Any]) -> dict[str, Any]:
        """lm-eval logs what it sends to an endpoint as a list of one text."""
        if not self.with_texts:
            return {"arg_0": None, "arg_1": None if isinstance(argument, str) else argument}
        in_list = self.served and not isinstance(prompt, str)
        return {"arg_0": [_text(prompt)] if in_list else _text(prompt), "arg_1": argument}

    def _answers(self, outcome: Outcome, result: ItemResult | None, filter_name: str) -> Line:
        """What came back, and what the filter made of it."""
        if not self.task.writes:
            sums = [*outcome.logliks, *outcome.unconditional] if isinstance(outcome, ItemResult) else []
            pairs = [[str(total), None] for total in sums]
            return {"resps": [[pair] for pair in pairs], "filtered_resps": pairs}
        if outcome.text is None:
            return {"resps": [], "filtered_resps": []}
        text = final_text(outcome.text, self.harness)
        answer = text if filter_name == "none" else result.answer if result and result.answer is not None else NO_ANSWER
        reasoning = {"written": outcome.text} if text != outcome.text else {}
        return {"resps": [[text]], "filtered_resps": [answer], **reasoning}


def _stated_fields(item: Item) -> dict[str, Any]:
    return {name: value for name, value in asdict(item).items() if value not in (None, "", ())}


def _failure(outcome: Outcome) -> str:
    return f"{outcome.reason}: {outcome.message}" if isinstance(outcome, ItemFailure) else "this rule cannot read it"


def _text(prompt: Asked) -> str:
    """The prompt; a conversation as lm-eval sends it to an endpoint."""
    if isinstance(prompt, str):
        return prompt
    return json.dumps([{"role": turn.role, "content": turn.content} for turn in prompt.turns], ensure_ascii=False)
