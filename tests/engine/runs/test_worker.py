"""What a worker does with its queue, whatever happens to it: the real loop and the real ledger, in this process."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, runs
from engine.battles.battle import Battle
from engine.errors import CorruptWeights, DiskFull, Unknown, Unreadable
from engine.runs.ending import Ending
from engine.runs.lock import device_lock
from engine.runs.worker import MAX_ATTEMPTS, AskedToEnd, work
from engine.store.ledger import Admission, Entry, Ledger, UnreadableEntry
from tests.conftest import ToyModel
from tests.engine.runs.conftest import started


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


def straight_through(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the battle records when nothing interrupts it."""
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    battle = runs.plan(battle_request)
    runs.start(battle)
    work("cpu")
    return recorded(battle)


def test_after_a_stop_nothing_is_recorded_and_resuming_ends_the_same(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = straight_through(battle_request, monkeypatch)
    battle = runs.plan(battle_request)
    runs.start(battle)
    interrupt(monkeypatch, lambda: runs.stop(battle.id))
    work("cpu")
    progress = runs.watch(battle.id)
    assert (progress.state, progress.done) == ("stopped", 6)  # two batches of three; the third came after the stop
    assert runs.result(battle.id).verdict is None

    runs.resume(battle.id)
    assert runs.watch(battle.id).state == "queued"
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    work("cpu")
    assert runs.watch(battle.id).state == "done"
    assert recorded(battle) == whole


def test_a_killed_worker_loses_nothing(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """SystemExit passes through the worker as a kill would: no state is put right on the way."""
    whole = straight_through(battle_request, monkeypatch)
    battle = runs.plan(battle_request)
    runs.start(battle)

    def die() -> None:
        raise SystemExit(137)

    interrupt(monkeypatch, die)
    with pytest.raises(SystemExit):
        work("cpu")
    assert (runs.watch(battle.id).state, runs.watch(battle.id).done) == ("running", 6)
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    work("cpu")
    assert runs.watch(battle.id).state == "done"
    assert recorded(battle) == whole


def test_a_battle_that_kills_every_worker_is_given_up(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(battle_request)

    def die(*_: Any) -> ToyModel:
        raise SystemExit(137)

    monkeypatch.setattr("engine.runs.worker.open_model", die)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemExit):
            work("cpu")
    work("cpu")
    progress = runs.watch(battle_id)
    assert (progress.state, progress.exit_code) == ("failed", 1)
    assert f"{MAX_ATTEMPTS} workers in a row ended while opening ruby." in progress.message
    assert "memory" not in progress.message  # of which there is no sign


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (
            Ending(code=-9, for_want_of_memory=True),
            "signal 9 (SIGKILL), and the kernel counts a kill for want of memory",
        ),
        (Ending(code=-9, for_want_of_memory=False), "signal 9 (SIGKILL); of a want of memory there is no sign"),
        (Ending(code=-9, for_want_of_memory=None), "may have been somebody, or the kernel for want of memory"),
        (Ending(code=-11, for_want_of_memory=None), "signal 11 (SIGSEGV); of a want of memory there is no sign"),
        (Ending(code=1, for_want_of_memory=False), "ended with exit code 1."),
    ],
)
def test_a_battle_that_is_given_up_says_what_is_known(battle_request: BattleRequest, before: Ending, says: str) -> None:
    battle_id = started(battle_request)
    with Ledger() as ledger:
        for _ in range(MAX_ATTEMPTS):
            ledger.claim("cpu")
            ledger.set_phase(battle_id, "running")
    work("cpu", before)
    message = runs.watch(battle_id).message
    assert "ended without finishing another item" in message and says in message


def test_to_be_asked_to_end_is_no_attempt(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    battle_id = started(battle_request)

    def asked(*_: Any) -> ToyModel:
        raise AskedToEnd(143)

    for _ in range(2 * MAX_ATTEMPTS):
        monkeypatch.setattr("engine.runs.worker.open_model", asked)
        with pytest.raises(AskedToEnd):
            work("cpu")
        with Ledger() as ledger:
            assert (ledger.entry(battle_id).state, ledger.entry(battle_id).attempts) == ("running", 0)
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    work("cpu")
    assert runs.watch(battle_id).state == "done"


def test_a_locked_ledger_is_waited_for_and_fails_no_battle(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch, own_home: Path
) -> None:
    """Longer than SQLite waits by itself, in the middle of a battle."""
    battle_id = started(battle_request)
    other = sqlite3.connect(own_home / "ledger.db", isolation_level=None, check_same_thread=False)
    free = threading.Timer(3.0, lambda: other.execute("ROLLBACK"))

    def lock() -> None:
        if not free.ident:  # once, by the contender that is asked first
            other.execute("BEGIN IMMEDIATE")
            free.start()

    interrupt(monkeypatch, lock)
    monkeypatch.setattr("engine.store.ledger.LOCK_TIMEOUT", 0.1)
    work("cpu")
    free.join()
    other.close()
    assert runs.watch(battle_id).state == "done"


def test_a_battle_that_cannot_be_read_does_not_stop_the_queue(
    battle_request: BattleRequest, opened: list[ToyModel], own_home: Path
) -> None:
    bad, good = started(battle_request, seed=1), started(battle_request, seed=2)
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = '{' WHERE id = ?", (bad,))
    db.close()
    work("cpu")
    assert runs.watch(good).state == "done"
    with pytest.raises(Unreadable, match=f"Battle {bad} cannot be read"):
        runs.watch(bad)
    assert [type(line) for line, _ in runs.history()] == [Entry, UnreadableEntry]


def test_a_contender_whose_folder_is_gone_fails_its_battle_alone(
    battle_request: BattleRequest, opened: list[ToyModel], tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "ruby", tmp_path / "opal")
    bad = started(battle_request, a=str(tmp_path / "opal"))
    good = started(battle_request)
    shutil.rmtree(tmp_path / "opal")
    work("cpu")
    assert (runs.watch(bad).state, runs.watch(good).state) == ("failed", "done")
    assert "There is no model at" in runs.watch(bad).message
    assert runs.result(bad).names == ("opal", "jade")


def test_resuming_under_other_conditions_is_said(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    same, other = started(battle_request), started(battle_request, seed=4)
    with Ledger() as ledger:
        ledger.set_environment(other, {"a": {"torch": "1"}, "b": {"torch": "1"}})
    work("cpu")
    assert runs.result(same).notices == ()
    assert "other conditions" in runs.result(other).notices[0]


def test_a_models_notices_are_kept(battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        model = ToyModel(Path(address).name)
        model.notices = [f"{model.name} halved a batch"]
        return model

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    battle_id = started(battle_request)
    work("cpu")
    assert runs.watch(battle_id).notices == ("ruby halved a batch", "jade halved a batch")


def test_a_mistake_found_while_opening_fails_the_battle_in_its_words(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: Any) -> ToyModel:
        raise CorruptWeights("ruby is cut short")

    monkeypatch.setattr("engine.runs.worker.open_model", damaged)
    battle_id = started(battle_request)
    work("cpu")
    progress = runs.watch(battle_id)
    assert (progress.state, progress.exit_code, progress.message) == ("failed", 2, "ruby is cut short")


def test_a_bug_fails_one_battle_and_the_next_one_runs(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = started(battle_request, seed=1), started(battle_request, seed=2)
    opening = iter([ZeroDivisionError("a bug")])

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        for error in opening:
            raise error
        return ToyModel(Path(address).name)

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    work("cpu")
    failed, fought = runs.watch(first), runs.watch(second)
    assert (failed.state, failed.exit_code) == ("failed", 1)
    assert "ZeroDivisionError: a bug" in failed.message and "Nothing is lost" in failed.message
    assert fought.state == "done"


def test_a_full_disk_ends_the_worker_and_not_the_battle(
    battle_request: BattleRequest, opened: list[ToyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    battle_id = started(battle_request)

    def full(*_: Any) -> bool:
        raise DiskFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", full)
        with pytest.raises(DiskFull):
            work("cpu")
    assert runs.watch(battle_id).state == "running"
    work("cpu")
    assert runs.watch(battle_id).state == "done"


def test_battles_wait_for_each_other(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    ids = [started(battle_request, seed=seed) for seed in (1, 2, 3)]
    assert [runs.watch(battle_id).ahead for battle_id in ids] == [0, 1, 2]
    work("cpu")
    assert {runs.watch(battle_id).state for battle_id in ids} == {"done"}
    assert [runs.watch(battle_id).ahead for battle_id in ids] == [0, 0, 0]
    assert len(opened) == 2  # models stay open from battle to battle


def test_a_second_worker_of_a_device_leaves_at_once(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = started(battle_request)
    with device_lock("cpu"):
        work("cpu")
    assert opened == []
    assert runs.watch(battle_id).state == "queued"


# ---- a limit on its time


def limited(battle_request: BattleRequest, seconds: float) -> str:
    return runs.start(runs.plan(battle_request), admission=Admission(seconds_limit=seconds))


def test_a_battle_that_answers_longer_than_it_may_is_stopped(
    battle_request: BattleRequest, opened: list[ToyModel]
) -> None:
    """A toy says 0.25 s an item, three a batch: after the third batch it is over 2 s."""
    battle_id, after = limited(battle_request, 2.0), started(battle_request, seed=9)
    work("cpu")
    progress = runs.watch(battle_id)
    assert (progress.state, progress.done) == ("stopped", 9)
    assert progress.message == (
        "Its time is used up: the answers of this battle may take 0.0333 minutes. 9 of 40 answers are kept."
    )
    assert runs.watch(after).state == "done"  # the queue goes on
    with Ledger() as ledger:
        ledger.set_state(battle_id, "queued", only_from=("stopped",))
    work("cpu")
    assert (runs.watch(battle_id).state, runs.watch(battle_id).done) == ("stopped", 9)


def test_failures_that_take_long_use_the_time_up_too(
    battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They say no time of their own; here a minute passes whenever the worker looks at the clock."""
    ids = set(runs.plan(battle_request).item_ids)
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name, fails=ids))
    looks = itertools.count()
    monkeypatch.setattr("engine.runs.worker.monotonic", lambda: 60.0 * next(looks))
    battle_id = limited(battle_request, 180.0)
    work("cpu")
    progress = runs.watch(battle_id)
    assert (progress.state, progress.done) == ("stopped", 9)
    assert "may take 3 minutes. 9 of 40 answers are kept" in progress.message


def test_one_that_has_all_its_answers_is_done_however_long_they_took(
    battle_request: BattleRequest, opened: list[ToyModel]
) -> None:
    battle_id = limited(battle_request, 9.9)  # forty answers of 0.25 s; only the last batch goes beyond
    work("cpu")
    assert runs.watch(battle_id).state == "done"


def test_going_on_without_conditions_lifts_the_limit(battle_request: BattleRequest, opened: list[ToyModel]) -> None:
    battle_id = limited(battle_request, 2.0)
    work("cpu")
    runs.resume(battle_id)
    work("cpu")
    assert runs.watch(battle_id).state == "done"


# ---- a battle that is deleted meanwhile


@pytest.mark.parametrize("moment", ["while it answers", "while its models open"])
def test_a_battle_deleted_under_its_worker_leaves_nothing_and_the_queue_goes_on(
    moment: str, battle_request: BattleRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    battle = runs.plan(battle_request)
    runs.start(battle)
    after = started(battle_request, seed=9)

    def delete() -> None:
        runs.stop(battle.id)
        with contextlib.suppress(Unknown):  # the next battle's models are the same toys
            runs.watch(battle.id)
            runs.delete(battle.id)

    def open_toy(address: str, device: str, dtype: str) -> ToyModel:
        model = Interrupting(Path(address).name)
        model.deed, model.notices = delete, ["halved a batch"]
        if moment == "while its models open":
            delete()
        return model

    monkeypatch.setattr("engine.runs.worker.open_model", open_toy)
    work("cpu")
    assert [entry.battle.id for entry, _ in runs.history()] == [after]
    assert runs.watch(after).state == "done"
    with Ledger() as ledger:
        assert ledger.counts(battle.id) == {} and ledger.notices(battle.id) == []
    assert caplog.records == []
