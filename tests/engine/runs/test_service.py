"""From a request to a result through the real ledger and the real worker loop, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from engine import BattleRequest, ItemResult, report, runs
from engine.errors import Unknown
from engine.runs import service
from engine.runs.estimates import PROBE_ITEMS
from engine.runs.executor import Delay
from engine.runs.worker import work
from engine.store.ledger import Ledger
from tests.conftest import InProcess, ToyModel
from tests.engine.runs.conftest import started

ROOT = Path(__file__).resolve().parents[3]


def test_a_battle_from_start_to_result(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(battle_request)
    before = runs.watch(battle_id)
    assert (before.state, before.done, before.open, before.pairs) == ("queued", 0, True, ())
    work("cpu")
    after = runs.watch(battle_id)
    assert (after.state, after.done, len(after.pairs), after.open) == ("done", 40, 20, False)
    assert after.items_a_second == pytest.approx(2.0)  # a toy says 0.25 s an item, and there are two of them
    assert after.seconds_left == 0.0
    result = runs.result(battle_id)
    assert result.verdict is not None and result.verdict.n == 20
    assert [item for item, _, _ in result.pairs] == list(result.battle.item_ids)
    assert [model.name for model in opened] == ["ruby", "jade"]
    assert result.environment["a"]["weights"] == "ruby"
    assert result.seconds is not None and result.seconds >= 0


def test_the_results_json_has_what_others_rely_on(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(battle_request)
    work("cpu")
    told = report.as_json(runs.result(battle_id))
    assert {
        "battle_id", "task", "state", "n", "planned", "a", "b", "seed", "gap", "interval", "discordant", "p_value",
        "p_method", "margin", "winner", "detectable_gap", "items_needed", "sentence", "sentences", "caveats",
        "failures", "notices", "seconds", "environment", "items",
    } <= told.keys()  # fmt: skip
    assert {"name", "score", "macro", "shots", "normalisation", "extraction", "fingerprint"} <= told["a"].keys()
    assert {"low", "high", "level", "method"} == told["interval"].keys()
    first = told["items"][0]
    assert {"id", "group", "a", "b"} == first.keys()
    assert {"correct", "score", "choice", "logliks"} == first["a"].keys()
    for side in "ab":
        scores = [item[side]["score"] for item in told["items"]]
        assert told[side]["score"] == pytest.approx(sum(scores) / 20)


def test_macro_is_the_mean_of_the_groups(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    """Twenty of forty items: by largest remainders 15 of the sky and 5 of the sea."""
    battle_id = started(battle_request)
    work("cpu")
    result = runs.result(battle_id)
    by_group: dict[str, list[float]] = {"sky": [], "sea": []}
    for item, a, _ in result.pairs:
        by_group[item.split("/")[0]].append(a.score)
    assert {group: len(scores) for group, scores in by_group.items()} == {"sky": 15, "sea": 5}
    assert result.macro("a") == pytest.approx((sum(by_group["sky"]) / 15 + sum(by_group["sea"]) / 5) / 2)


def test_a_failed_item_costs_its_pair_and_nothing_else(
    battle_request: BattleRequest, opened: list[ToyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = runs.plan(battle_request)
    lost = battle.item_ids[4]
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name, fails={lost}))
    runs.start(battle)
    work("cpu")
    result = runs.result(battle.id)
    assert (len(result.pairs), len(result.failures), result.state) == (19, 2, "done")
    told = report.as_json(result)
    assert {"side": "a", "id": lost, "reason": "error", "message": "told to fail"} in told["failures"]
    item = next(item for item in told["items"] if item["id"] == lost)
    assert item["a"] == {"correct": None, "score": None, "failure": "error"}


def test_a_verdict_before_the_end_is_one_that_holds_whenever_one_stops(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(battle_request)
    with Ledger() as ledger:
        ledger.claim("cpu")
        items = ledger.entry(battle_id).battle.item_ids[:8]
        for side in ("a", "b"):
            ledger.append(battle_id, side, [ItemResult(item_id=item, score=float(side == "a")) for item in items])
    runs.stop(battle_id)
    verdict = runs.result(battle_id).verdict
    assert verdict
    assert (verdict.n, verdict.interval.method) == (8, "betting confidence sequence")
    assert "8 of the 20 planned items are in" in verdict.caveats[-1]


def test_stopping_what_is_over_changes_nothing(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(battle_request)
    work("cpu")
    runs.stop(battle_id)
    assert runs.watch(battle_id).state == "done"
    runs.resume(battle_id)
    assert runs.watch(battle_id).state == "done"


def test_history_is_newest_first_and_leaves_probes_out(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    ids = [started(battle_request, seed=seed) for seed in (1, 2)]
    probe = runs.probe(battle_request)
    assert [entry.battle.id for entry, _ in runs.history()] == ids[::-1]
    assert runs.watch(probe).battle.n == PROBE_ITEMS


def test_what_was_left_open_is_gone_on_with(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noting:
        devices: ClassVar[list[str]] = []

        def ensure(self, device: str) -> None:
            self.devices.append(device)

    runs.stop(started(battle_request))
    monkeypatch.setattr(service, "executor", Noting())
    runs.resume_open()
    assert Noting.devices == []  # a stopped battle waits until somebody goes on with it
    started(battle_request, seed=1), started(battle_request, seed=2)
    Noting.devices.clear()
    runs.resume_open()
    assert Noting.devices == ["cpu"]


def test_a_delay_is_what_a_watcher_sees(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting:
        delay: ClassVar = Delay(reason="3 jobs are before this one")

        def ensure(self, device: str) -> Delay:
            return self.delay

    monkeypatch.setattr(service, "executor", Waiting())
    battle_id = started(battle_request)
    progress = runs.watch(battle_id)
    assert (progress.phase, progress.short_of_disk) == ("3 jobs are before this one", False)
    monkeypatch.setattr(Waiting, "delay", Delay(reason="no space", short_of_disk=True))
    progress = runs.watch(battle_id)
    assert (progress.phase, progress.short_of_disk, progress.state) == ("no space", True, "queued")
    runs.stop(battle_id)
    progress = runs.watch(battle_id)
    assert (progress.phase, progress.short_of_disk, progress.state) == ("", False, "stopped")


def test_wait_ends_with_the_battle(
    battle_request: BattleRequest, opened: list[ToyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(battle_request)
    monkeypatch.setattr(service, "executor", InProcess())
    progress = runs.wait(battle_id)
    assert (progress.state, progress.done) == ("done", 40)


def test_unknown_battles(battle_request: BattleRequest) -> None:
    for ask in (runs.watch, runs.result, runs.resume):
        with pytest.raises(Unknown, match="no battle 'nope'"):
            ask("nope")


def test_scores_are_results_of_the_answers_kept(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    """Raw log-likelihoods are stored to the last bit: the score can be recomputed from them."""
    battle_id = started(battle_request)
    work("cpu")
    fresh = ToyModel("ruby")
    for outcome in runs.result(battle_id).a.values():
        assert isinstance(outcome, ItemResult)
        assert outcome.choice == outcome.logliks.index(max(outcome.logliks))
    assert fresh.name == opened[0].name
