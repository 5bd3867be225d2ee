"""From a request to a complete battle: every check, the contenders, and the draw of the items."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import get_args

from engine.battles.battle import Battle, Contender, Stop
from engine.device import resolve
from engine.errors import CallerMistake
from engine.harness.config import HarnessConfig, Normalisation
from engine.models.registry import ModelCard, find
from engine.runs.request import BattleRequest
from engine.stats.verdict import Estimand
from engine.tasks.items import digest
from engine.tasks.registry import load_task
from engine.tasks.rendering import check_renderable
from engine.tasks.sampling import draw
from engine.tasks.task import Task


def plan(request: BattleRequest, *, probe: bool = False, itself: bool = False) -> Battle:
    """The complete battle for a request. Reads the items; writes nothing.

    request  what is asked for
    probe    the battle only measures the speed of this machine, and carries no forecast
    itself   both contenders may be the same: a repetition, for `engine.analysis.robustness`

    Raises:
        CallerMistake: an unknown name, a number out of range, items that are not on this machine.
    """
    _check_request(request)
    cards = find(request.a), find(request.b)
    _check_installed(*cards)
    task = load_task(request.task)
    a, b = (_contender(card, task, request) for card in cards)
    if a == b and not itself:
        raise CallerMistake(f"A and B are the same contender, {a.name}. Choose two that differ.")
    _check_task(task, request.estimand)
    _check_harnesses(a, b, lambda harness: _check_harness(task, harness))
    items = draw(task, request.limit, request.seed)
    drawn = task.with_items(item.id for item in items)
    # worked examples that are missing or too few are said now, not by the worker
    _check_harnesses(a, b, lambda harness: check_renderable(drawn, harness))
    local = any(card.kind != "endpoint" for card in cards)
    return Battle(
        id=secrets.token_hex(5),
        a=a,
        b=b,
        task=task.name,
        item_ids=tuple(item.id for item in items),
        items_digest=digest(items),
        seed=request.seed,
        margin=request.margin,
        level=request.level,
        stop=request.stop,
        estimand=request.estimand,
        forecast=None if probe else request.forecast,
        device=resolve(request.device) if local else "endpoint",
        probe=probe,
    )


def _contender(card: ModelCard, task: Task, request: BattleRequest) -> Contender:
    """The model under the task's own harness with what was asked for replaced; an endpoint writes as in a chat."""
    settings: dict[str, object] = {
        "template": "chat" if card.kind == "endpoint" and task.writes else "plain",
        "dtype": request.dtype,
        **request.settings,
    }
    if request.shots is not None:
        settings["shots"] = request.shots
    return Contender(model=card.address, harness=task.harness(**settings), stands_for=card.stands_for)


# ---- checks


def _check_request(request: BattleRequest) -> None:
    """What can be said of the request alone."""
    if not 0 < request.margin < 1:
        raise CallerMistake(f"The margin {request.margin} is not between 0 and 1; 0.02 means two points.")
    if not 0.5 < request.level < 1:
        raise CallerMistake(f"The level {request.level} is not between 0.5 and 1; 0.95 is usual.")
    for name, value, known in (
        ("--stop", request.stop, get_args(Stop)),
        ("--target", request.estimand, get_args(Estimand)),
    ):
        if value not in known:
            raise CallerMistake(f"{name} {value!r} is unknown. Use one of: {', '.join(known)}.")
    if request.forecast is not None:
        request.forecast.check()
    if request.shots is not None and request.shots < 0:
        raise CallerMistake(f"--shots {request.shots} is negative; 0 means no worked examples.")


def _check_installed(*cards: ModelCard) -> None:
    for card in cards:
        if not card.present and card.kind == "pack":
            raise CallerMistake(f"The weights of {card.title} are not installed. To get them: {card.advice()}.")


def _check_task(task: Task, estimand: Estimand) -> None:
    if task.runs_code:
        raise CallerMistake(
            f"{task.title} runs what a model wrote, and there is no sandbox here to run it in. Choose another task."
        )
    if estimand == "benchmark" and task.size is None:
        raise CallerMistake(f"{task.title} has no end, so no battle can be about all of it. Use --target skill.")


def _check_harnesses(a: Contender, b: Contender, check: Callable[[HarnessConfig], object]) -> None:
    """Checks how either contender is asked; what speaks against only one of the two is said with its name.

    a, b   the contenders; two that are asked alike are checked once
    check  raises `CallerMistake` for a harness that will not do

    Raises:
        CallerMistake: what `check` raised.
    """
    names = {contender.harness: f"Contender {side} ({contender.name})" for side, contender in (("A", a), ("B", b))}
    refusals: dict[HarnessConfig, CallerMistake] = {}
    for harness in names:
        try:
            check(harness)
        except CallerMistake as error:
            refusals[harness] = error
    if refusals:
        harness, refusal = next(iter(refusals.items()))
        alike = len(refusals) == len(names) and len({str(each) for each in refusals.values()}) == 1
        raise refusal if alike else type(refusal)(f"{names[harness]}: {refusal}")


def _check_harness(task: Task, harness: HarnessConfig) -> None:
    for value, known in (
        (harness.extraction, tuple(task.extractions) or ("argmax",)),
        (harness.normalisation, get_args(Normalisation)),
        (harness.dtype, ("auto", "float32", "bfloat16", "float16")),
    ):
        if value not in known:
            raise CallerMistake(f"{task.title} knows no {value!r}. Use one of: {', '.join(known)}.")
    if harness.normalisation == "unconditional" and not harness.unconditional:
        raise CallerMistake(
            "The unconditional normalisation needs each choice without its question: add --unconditional."
        )
    if harness.thinking is not None and (harness.thinking < 0 or harness.template == "plain"):
        raise CallerMistake(
            f"thinking {harness.thinking} needs 0 tokens or more and the model's own template: add --template chat."
        )
    if harness.thinking and harness.decoding is None:
        raise CallerMistake(f"{task.title} ranks choices, before which nothing is written: leave --thinking out, or 0.")
    if harness.batch is not None and harness.batch < 1:
        raise CallerMistake(f"The batch {harness.batch} holds no item. Use 1 or more, or leave it out.")
