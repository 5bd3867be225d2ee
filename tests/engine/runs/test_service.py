"""From a challenge to a result through the real ledger and the real worker loop, in this process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, CallerMistake, ItemResult, Task, report, runs
from engine.battles.battle import Battle
from engine.errors import BattleFailed, CorruptWeights, DiskFull, Unknown
from engine.runs import service
from engine.runs.lock import EXIT_DISK_FULL, device_lock
from engine.runs.worker import MAX_ATTEMPTS, work
from engine.store.ledger import Ledger
from tests.conftest import Shelf, ToyModel, toy_rows, toy_task

ROOT = Path(__file__).resolve().parents[3]
AddTask = Callable[[Task], Task]


@pytest.fixture
def challenge(toy: Task, contenders: tuple[str, str]) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task=toy.name, limit=20, seed=3, device="cpu")


@contextmanager
def taken() -> Iterator[None]:
    """Holds the device as a running worker does, so that nobody spawns one while the test looks."""
    with device_lock("cpu") as mine:
        assert mine
        yield


def started(challenge: BattleRequest, **other: Any) -> str:
    with taken():
        return runs.start(runs.plan(replace(challenge, **other)))


def watched(battle_id: str) -> runs.Progress:
    with taken():
        return runs.watch(battle_id)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ToyModel]:
    """Opens toys instead of weights; the list holds them in the order they were opened."""
    models: list[ToyModel] = []

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        models.append(ToyModel(Path(address).name))
        return models[-1]

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    return models


# ---- the plan


def test_a_plan_is_complete(challenge: BattleRequest, contenders: tuple[str, str]) -> None:
    battle = runs.plan(challenge)
    assert (battle.a.model, battle.b.model) == contenders
    assert (battle.n, battle.seed, battle.margin, battle.level, battle.device) == (20, 3, 0.02, 0.95, "cpu")
    assert battle.a.harness == battle.b.harness
    again = runs.plan(challenge)
    assert again == replace(battle, id=again.id) and again.id != battle.id


def test_what_is_asked_for_is_planned(challenge: BattleRequest, add_task: AddTask) -> None:
    add_task(toy_task(shots=toy_rows({"sky": 5, "sea": 5}, "example")))
    settings: dict[str, object] = {"normalisation": "characters"}
    battle = runs.plan(replace(challenge, shots=2, dtype="float32", margin=0.1, settings=settings, limit=None))
    harness = battle.a.harness
    assert (harness.shots, harness.dtype, harness.normalisation, battle.margin) == (2, "float32", "characters", 0.1)
    assert battle.n == 40


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"margin": 0.0}, "margin 0.0 is not between 0 and 1"),
        ({"margin": 1.0}, "margin 1.0"),
        ({"level": 0.5}, "level 0.5 is not between 0.5 and 1"),
        ({"level": 1.0}, "level 1.0"),
        ({"stop": "soon"}, "--stop 'soon' is unknown"),
        ({"target": "fame"}, "--target 'fame' is unknown"),
        ({"shots": -1}, "--shots -1 is negative"),
        ({"limit": 1}, "--limit 1 is too few"),
        ({"limit": 41}, "more than the 40 items"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"task": "tyo"}, "Did you mean 'toy'"),
        ({"a": "gemma"}, "Did you mean 'gemma-3-270m'"),
        ({"settings": {"extraction": "psychic"}}, "psychic"),
        ({"settings": {"normalisation": "letters"}}, "letters"),
        ({"dtype": "int7"}, "int7"),
    ],
)
def test_a_wrong_plan_is_refused_before_anything_is_written(
    wrong: dict[str, Any], words: str, challenge: BattleRequest, own_home: Path
) -> None:
    with pytest.raises(CallerMistake, match=words):
        runs.plan(replace(challenge, **wrong))
    assert not (own_home / "ledger.db").exists()


def test_a_contender_does_not_fight_itself(challenge: BattleRequest) -> None:
    with pytest.raises(CallerMistake, match="A and B are the same contender"):
        runs.plan(replace(challenge, b=challenge.a))


def test_more_examples_than_there_are_is_known_before_the_start(challenge: BattleRequest, add_task: AddTask) -> None:
    add_task(toy_task(shots=toy_rows({"sky": 5, "sea": 5}, "example")))
    with pytest.raises(CallerMistake, match="--shots 5 or fewer"):
        runs.plan(replace(challenge, shots=6))


def test_missing_examples_are_known_before_the_start(challenge: BattleRequest, add_task: AddTask) -> None:
    add_task(replace(toy_task(), shots_from=(Shelf(here=False),)))
    with pytest.raises(CallerMistake, match="the worked examples"):
        runs.plan(replace(challenge, shots=2))


# ---- to the end


def test_a_battle_from_start_to_result(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(challenge)
    before = watched(battle_id)
    assert (before.state, before.done, before.open, before.pairs) == ("queued", 0, True, ())
    work("cpu")
    after = watched(battle_id)
    assert (after.state, after.done, len(after.pairs), after.open) == ("done", 40, 20, False)
    assert after.items_a_second == pytest.approx(2.0)  # a toy says 0.25 s an item, and there are two of them
    assert after.seconds_left == 0.0
    result = runs.result(battle_id)
    assert result.verdict is not None and result.verdict.n == 20
    assert [item for item, _, _ in result.pairs] == list(result.battle.item_ids)
    assert [model.name for model in opened] == ["ruby", "jade"]
    assert result.environment["a"]["weights"] == "ruby"
    assert result.seconds is not None and result.seconds >= 0


def test_the_results_json_has_what_others_rely_on(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(challenge)
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


def test_macro_is_the_mean_of_the_groups(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    """Twenty of forty items: by largest remainders 15 of the sky and 5 of the sea."""
    battle_id = started(challenge)
    work("cpu")
    result = runs.result(battle_id)
    by_group: dict[str, list[float]] = {"sky": [], "sea": []}
    for item, a, _ in result.pairs:
        by_group[item.split("/")[0]].append(a.score)
    assert {group: len(scores) for group, scores in by_group.items()} == {"sky": 15, "sea": 5}
    assert result.macro("a") == pytest.approx((sum(by_group["sky"]) / 15 + sum(by_group["sea"]) / 5) / 2)


def test_a_failed_item_costs_its_pair_and_nothing_else(
    challenge: BattleRequest, opened: list[ToyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle = runs.plan(challenge)
    lost = battle.item_ids[4]
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name, fails={lost}))
    with taken():
        runs.start(battle)
    work("cpu")
    result = runs.result(battle.id)
    assert (len(result.pairs), len(result.failures), result.state) == (19, 2, "done")
    told = report.as_json(result)
    assert {"side": "a", "id": lost, "reason": "error", "message": "told to fail"} in told["failures"]
    item = next(item for item in told["items"] if item["id"] == lost)
    assert item["a"] == {"correct": None, "score": None, "failure": "error"}


def test_a_models_notices_are_kept(challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        model = ToyModel(Path(address).name)
        model.notices = [f"{model.name} halved a batch"]
        return model

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    battle_id = started(challenge)
    work("cpu")
    assert watched(battle_id).notices == ("ruby halved a batch", "jade halved a batch")


# ---- stopping, killing, going on


class Interrupting(ToyModel):
    """Does something of the test's choosing before its third batch."""

    deed: Callable[[], None]

    def rank(self, items: Any, skip: Any = ()) -> Iterator[Any]:
        for number, batch in enumerate(super().rank(items, skip)):
            if number == 2:
                self.deed()
            yield batch


def interrupt(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], None]) -> None:
    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        model = Interrupting(Path(address).name)
        model.deed = deed
        return model

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)


def recorded(battle: Battle) -> dict[str, Any]:
    result = runs.result(battle.id)
    return {"a": dict(result.a), "b": dict(result.b)}


def straight_through(challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the battle records when nothing interrupts it."""
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    battle = runs.plan(challenge)
    with taken():
        runs.start(battle)
    work("cpu")
    return recorded(battle)


def test_after_a_stop_nothing_is_recorded_and_resuming_ends_the_same(
    challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = straight_through(challenge, monkeypatch)
    battle = runs.plan(challenge)
    with taken():
        runs.start(battle)
    interrupt(monkeypatch, lambda: runs.stop(battle.id))
    work("cpu")
    progress = watched(battle.id)
    assert (progress.state, progress.done) == ("stopped", 6)  # two batches of three; the third came after the stop
    assert runs.result(battle.id).verdict is None

    with taken():
        runs.resume(battle.id)
    assert watched(battle.id).state == "queued"
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    work("cpu")
    assert watched(battle.id).state == "done"
    assert recorded(battle) == whole


def test_a_battle_fought_before_is_the_pilot_of_the_next(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    assert runs.pilot(challenge) is None
    first = started(challenge)
    assert runs.pilot(challenge) is None  # not fought yet
    work("cpu")
    differed = len(runs.result(first).discordant_items)
    pilot = runs.pilot(challenge)
    assert pilot and (pilot.n, pilot.differed) == (20, differed)
    assert pilot.likely == (differed + 1) / 22
    assert runs.pilot(replace(challenge, a=challenge.b, b=challenge.a)) == pilot  # the same two
    assert runs.pilot(replace(challenge, shots=1)) is None  # asked otherwise
    with taken():
        runs.start(replace(runs.plan(challenge), of=first))
    work("cpu")
    assert runs.pilot(challenge) == pilot  # a repeat is no battle of its own


def test_a_verdict_before_the_end_is_one_that_holds_whenever_one_stops(
    challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(challenge)
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


def test_resuming_under_other_conditions_is_said(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    same, other = started(challenge), started(challenge, seed=4)
    with Ledger() as ledger:
        ledger.describe(other, {"a": {"torch": "1"}, "b": {"torch": "1"}})
    work("cpu")
    assert runs.result(same).notices == ()
    assert "other conditions" in runs.result(other).notices[0]


def test_a_killed_worker_loses_nothing(challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """SystemExit passes through the worker as a kill would: no state is put right on the way."""
    whole = straight_through(challenge, monkeypatch)
    battle = runs.plan(challenge)
    with taken():
        runs.start(battle)

    def die() -> None:
        raise SystemExit(137)

    interrupt(monkeypatch, die)
    with pytest.raises(SystemExit):
        work("cpu")
    assert (watched(battle.id).state, watched(battle.id).done) == ("running", 6)
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    work("cpu")
    assert watched(battle.id).state == "done"
    assert recorded(battle) == whole


def test_a_battle_that_kills_every_worker_is_given_up(
    challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(challenge)

    def die(*_: Any) -> ToyModel:
        raise SystemExit(137)

    monkeypatch.setattr("engine.runs.worker.open_model", die)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            work("cpu")
    work("cpu")
    progress = watched(battle_id)
    assert (progress.state, progress.exit_code) == ("failed", 1)
    assert f"{MAX_ATTEMPTS} workers in a row died" in progress.message and "for want of memory" in progress.message


def test_stopping_what_is_over_changes_nothing(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(challenge)
    work("cpu")
    runs.stop(battle_id)
    assert watched(battle_id).state == "done"
    with taken():
        runs.resume(battle_id)
    assert watched(battle_id).state == "done"


def test_unknown_battles(challenge: BattleRequest) -> None:
    for ask in (runs.watch, runs.result, runs.resume):
        with pytest.raises(Unknown, match="no battle 'nope'"):
            ask("nope")


# ---- what goes wrong


def test_a_mistake_found_while_opening_fails_the_battle_in_its_words(
    challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: Any) -> ToyModel:
        raise CorruptWeights("ruby is cut short")

    monkeypatch.setattr("engine.runs.worker.open_model", damaged)
    battle_id = started(challenge)
    work("cpu")
    progress = watched(battle_id)
    assert (progress.state, progress.exit_code, progress.message) == ("failed", 2, "ruby is cut short")


def test_a_bug_fails_one_battle_and_the_next_one_runs(
    challenge: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = started(challenge, seed=1), started(challenge, seed=2)
    opening = iter([ZeroDivisionError("a bug")])

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        for error in opening:
            raise error
        return ToyModel(Path(address).name)

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    work("cpu")
    failed, fought = watched(first), watched(second)
    assert (failed.state, failed.exit_code) == ("failed", 1)
    assert "ZeroDivisionError: a bug" in failed.message and "Nothing is lost" in failed.message
    assert fought.state == "done"


def test_a_full_disk_ends_the_worker_and_not_the_battle(
    challenge: BattleRequest, opened: list[ToyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(challenge)

    def full(*_: Any) -> bool:
        raise DiskFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", full)
        with pytest.raises(DiskFull):
            work("cpu")
    assert watched(battle_id).state == "running"
    work("cpu")
    assert watched(battle_id).state == "done"


# ---- the queue


def test_battles_wait_for_each_other(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    ids = [started(challenge, seed=seed) for seed in (1, 2, 3)]
    assert [watched(battle_id).ahead for battle_id in ids] == [0, 1, 2]
    work("cpu")
    assert {watched(battle_id).state for battle_id in ids} == {"done"}
    assert [watched(battle_id).ahead for battle_id in ids] == [0, 0, 0]
    assert len(opened) == 2  # models stay open from battle to battle


def test_history_is_newest_first_and_leaves_probes_out(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    ids = [started(challenge, seed=seed) for seed in (1, 2)]
    with taken():
        probe = runs.probe(challenge)
    assert [entry.battle.id for entry, _ in runs.history()] == ids[::-1]
    assert watched(probe).battle.n == service.PROBE_ITEMS


def test_a_probe_tells_how_long_an_item_takes(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    assert runs.seconds_an_item(challenge) is None
    with taken():
        runs.probe(challenge)
    work("cpu")
    assert runs.seconds_an_item(challenge) == pytest.approx(0.5)  # 0.25 s each side


# ---- workers


class Worker:
    """A process that was spawned, as far as anybody can see."""

    returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    workers: list[Worker] = []

    def spawn(*_: Any, **__: Any) -> Worker:
        workers.append(Worker())
        return workers[-1]

    monkeypatch.setattr(subprocess, "Popen", spawn)
    monkeypatch.setattr(service, "_workers", {})
    return workers


def test_one_worker_however_many_look(challenge: BattleRequest, spawned: list[Worker]) -> None:
    battle_id = runs.start(runs.plan(challenge))
    assert {runs.watch(battle_id).phase for _ in range(3)} == {"starting a worker"}
    runs.start(runs.plan(challenge))
    assert len(spawned) == 1


def test_watching_replaces_a_killed_worker_but_not_in_a_flurry(
    challenge: BattleRequest, spawned: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = runs.start(runs.plan(challenge))
    spawned[0].returncode = -9
    runs.watch(battle_id)
    assert len(spawned) == 1
    later = time.monotonic() + service.RESPAWN_AFTER + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    runs.watch(battle_id)
    assert len(spawned) == 2


def test_workers_that_cannot_start_are_reported(
    challenge: BattleRequest, spawned: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = runs.start(runs.plan(challenge))
    now = time.monotonic()
    with pytest.raises(BattleFailed, match=r"could not start\. The reason is in .*worker-cpu\.log"):
        for minute in range(1, 5):
            spawned[-1].returncode = 1
            monkeypatch.setattr(time, "monotonic", lambda minute=minute: now + 60 * minute)
            runs.watch(battle_id)
    assert len(spawned) == 3


def test_a_worker_that_could_not_write_is_tried_again_after_a_rest(
    challenge: BattleRequest, spawned: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = runs.start(runs.plan(challenge))
    spawned[0].returncode = EXIT_DISK_FULL
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + service.RESPAWN_AFTER + 1)
    with pytest.raises(DiskFull, match="Free some space"):
        runs.watch(battle_id)
    monkeypatch.setattr(time, "monotonic", lambda: now + service.DISK_FULL_REST + 1)
    runs.watch(battle_id)
    assert len(spawned) == 2


def test_what_was_left_open_is_gone_on_with(challenge: BattleRequest, spawned: list[Worker]) -> None:
    started(challenge)
    assert spawned == []
    runs.keep_going()
    assert len(spawned) == 1


def test_no_worker_without_disk_space(
    challenge: BattleRequest, spawned: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SPACE_NEEDED", 1 << 60)
    battle_id = runs.start(runs.plan(challenge))
    assert runs.watch(battle_id).short_of_disk
    assert spawned == []


def test_a_second_worker_of_a_device_leaves_at_once(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(challenge)
    with taken():
        work("cpu")
    assert opened == []
    assert watched(battle_id).state == "queued"


# ---- what a screen pays for it


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = "import sys, engine; print(*(m for m in ('torch', 'streamlit', 'scipy.stats', 'datasets', 'pyarrow') if m in sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""


def test_scores_are_results_of_the_answers_kept(challenge: BattleRequest, opened: list[ToyModel]) -> None:
    """Raw log-likelihoods are stored to the last bit: the score can be recomputed from them."""
    battle_id = started(challenge)
    work("cpu")
    fresh = ToyModel("ruby")
    for outcome in runs.result(battle_id).a.values():
        assert isinstance(outcome, ItemResult)
        assert outcome.choice == outcome.logliks.index(max(outcome.logliks))
    assert fresh.name == opened[0].name
