"""An adaptive battle ends when it is decided, in the order of the battle, and resumes to the same end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine import BattleRequest, ItemFailure, ItemResult, Task, runs
from engine.battles.stopping import StoppingRule
from engine.models.interface import Logliks, Ranking
from engine.runs.lock import device_lock
from engine.runs.worker import work
from engine.store.ledger import Ledger
from tests.conftest import ToyModel, toy_rows, toy_task


class Scholar(ToyModel):
    """Knows that question i has answer i mod 3; the other toys guess."""

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks]]:
        def answer(item: Ranking) -> Logliks:
            right = int(item.item_id.partition("/")[2]) % 3
            return Logliks(
                item_id=item.item_id, sums=tuple(-float(i != right) for i in range(3)), tokens=3, seconds=0.1
            )

        yield from self._batches(items, skip, answer)


@pytest.fixture
def challenge(add_task: Callable[[Task], Task], contenders: tuple[str, str]) -> BattleRequest:
    task = add_task(toy_task(rows=toy_rows({"sky": 200})))
    return BattleRequest(a=contenders[0], b=contenders[1], task=task.name, device="cpu", stop="adaptive")


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_toy(address: str, *_: object) -> ToyModel:
        return (Scholar if address.endswith("ruby") else ToyModel)(Path(address).name)

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)


def fought(challenge: BattleRequest) -> str:
    with device_lock("cpu"):
        battle_id = runs.start(runs.plan(challenge))
    work("cpu")
    return battle_id


def test_it_stops_as_soon_as_it_is_decided(challenge: BattleRequest) -> None:
    result = runs.result(fought(challenge))
    assert result.state == "done"
    assert result.verdict and result.verdict.winner == "a"
    assert result.verdict.interval.method == "betting confidence sequence"
    assert len(result.pairs) == len(result.b) < 32 == len(result.a)  # in the middle of the first block of 200 items
    assert result.verdict.caveats == ()


def test_a_planned_battle_goes_to_its_end(challenge: BattleRequest) -> None:
    result = runs.result(fought(replace(challenge, stop="planned")))
    assert len(result.pairs) == result.battle.n == 200
    assert result.verdict and result.verdict.interval.method == "Tango score, paired"


def test_an_undecided_one_uses_all_its_items(challenge: BattleRequest) -> None:
    result = runs.result(fought(replace(challenge, limit=3)))
    assert result.verdict and result.verdict.winner == "undecided"
    assert (len(result.pairs), result.state, result.verdict.caveats) == (3, "done", ())


def test_what_was_decided_before_a_kill_is_not_fought_on(challenge: BattleRequest) -> None:
    battle = runs.plan(challenge)
    with device_lock("cpu"):
        runs.start(battle)
    with Ledger() as ledger:
        ledger.claim("cpu")
        for side, score in (("a", 1.0), ("b", 0.0)):
            ledger.append(battle.id, side, [ItemResult(item_id=i, score=score) for i in battle.item_ids[:20]])  # type: ignore[arg-type]
    work("cpu")
    result = runs.result(battle.id)
    assert (result.state, len(result.a), len(result.b)) == ("done", 20, 20)


def test_items_count_in_the_battles_order_and_failures_are_passed_over(challenge: BattleRequest) -> None:
    battle = runs.plan(challenge)
    first, second, third, fourth = battle.item_ids[:4]
    stopping_rule = StoppingRule(battle, {}, {})
    stopping_rule.update("a", [ItemResult(item_id=i, score=1.0) for i in (third, second, fourth)])
    stopping_rule.update("b", [ItemResult(item_id=i, score=0.0) for i in (first, third, fourth)])
    assert stopping_rule.gap.n == 0  # the first item is still open on one side
    stopping_rule.update("a", [ItemFailure(item_id=first, reason="error", message="x")])
    assert stopping_rule.gap.n == 0  # and now the second on the other
    stopping_rule.update("b", [ItemResult(item_id=second, score=1.0)])
    assert (stopping_rule.gap.n, stopping_rule.gap.gap) == (3, pytest.approx(2 / 3))


def test_the_target_decides_which_interval_is_watched(challenge: BattleRequest) -> None:
    battle = runs.plan(replace(challenge, estimand="benchmark"))
    assert StoppingRule(battle, {}, {}).gap.population == 200
    assert StoppingRule(replace(battle, estimand="skill"), {}, {}).gap.population is None
