"""Battles on behalf of a person: what a visitor may do, what not, and that it holds when two come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine import BattleRequest, ItemResult, access, runs
from engine.access import Person
from engine.analysis import repeats
from engine.errors import CallerMistake, NotAllowed, Unknown
from engine.store.ledger import Ledger
from tests.engine.access.conftest import ANN, BOB, OPERATOR, carry_out

Deed = Callable[[Person, str], object]


def limit(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(f"NOISEFLOOR_VISITOR_{name.upper()}", str(value))


def entries() -> list[str]:
    with Ledger() as ledger:
        return [entry.battle.id for entry in ledger.entries(measuring=True)]


def test_a_visitors_battle_is_theirs_and_has_a_limit_on_its_time(toys: BattleRequest) -> None:
    mine, theirs = access.start(ANN, toys), access.start(OPERATOR, toys)
    with Ledger() as ledger:
        assert (ledger.entry(mine).owner, ledger.entry(mine).seconds_limit) == (ANN.id, 15 * 60)
        assert (ledger.entry(theirs).owner, ledger.entry(theirs).seconds_limit) == (OPERATOR.id, None)
    carry_out()
    assert {runs.watch(each).state for each in (mine, theirs)} == {"done"}


def test_each_sees_their_own_battles_and_the_operator_all(toys: BattleRequest) -> None:
    mine, other, older = access.start(ANN, toys), access.start(BOB, toys), runs.start(runs.plan(toys))
    assert [entry.battle.id for entry, _ in access.history(ANN)] == [mine]
    assert {entry.battle.id for entry, _ in access.history(OPERATOR)} == {mine, other, older}
    assert runs.result(other).battle.id == other  # whoever has the address may look


# ---- models


@pytest.mark.parametrize(
    "address",
    [
        "openai:x@http://127.0.0.1:9/v1",
        "hf:org/name",
        "/etc",
        "~root",
        "./model.gguf",
        "jade.gguf",
        "endpoint:mine",
        "another model …",
        "http://[bad",
        "",
        "x" * 100_000,
    ],
)
@pytest.mark.parametrize("side", ["a", "b"])
def test_a_visitor_gets_no_model_of_their_own_choosing(
    address: str, side: str, toys: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(address: str) -> None:
        raise AssertionError(f"{address} was looked up")

    monkeypatch.setattr("engine.runs.planning.find", looked_up)
    for deed in (access.start, access.probe):
        with pytest.raises(NotAllowed, match=r"Visitors may not use a model of their own choosing.*your own machine"):
            deed(ANN, replace(toys, **{side: address}))
    assert entries() == []


def test_an_operator_may_use_any_model(toys: BattleRequest, contenders: tuple[str, str]) -> None:
    battle_id = access.start(OPERATOR, replace(toys, a=contenders[0], b=contenders[1]))
    assert runs.watch(battle_id).state == "queued"


def test_nor_by_going_on_with_a_battle_that_has_one(toys: BattleRequest, contenders: tuple[str, str]) -> None:
    """Begun on the same device while its user was signed in."""
    battle_id = access.start(Person(id=ANN.id, operator=True), replace(toys, a=contenders[0]))
    access.stop(ANN, battle_id)
    for deed in (access.resume, lambda person, id_: access.repeat(person, id_, 10)):
        with pytest.raises(NotAllowed, match="of their own choosing"):
            deed(ANN, battle_id)
    assert runs.watch(battle_id).state == "stopped"


# ---- how much


def test_items_are_limited(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, items=10)
    for items, asked in ((20, "20"), (None, "40"), (10**12, "1,000,000,000,000")):
        with pytest.raises(NotAllowed, match=f"up to 10 questions, and this one asks for {asked}"):
            access.start(ANN, replace(toys, limit=items))
    assert entries() == []
    assert access.start(ANN, replace(toys, limit=10))
    assert access.start(OPERATOR, toys)


def test_a_task_without_an_end_has_no_all(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAllowed, match="asks for all of them"):
        access.start(ANN, replace(toys, task=endless(monkeypatch), limit=None))


def endless(monkeypatch: pytest.MonkeyPatch) -> str:
    from engine.access import policy

    endless = replace(policy.load_task("toy"), size=None)
    monkeypatch.setattr(policy, "load_task", lambda _: endless)
    return "toy"


@pytest.mark.parametrize(
    "settings",
    [
        {"shots": 1_000_000},
        {"settings": {"system": "x" * 1_000_000}},
        {"settings": {"template": "chat", "thinking": 1_000_000}},
        {"settings": {"batch": 1}},
        {"task": "gsm8k"},  # its items are not here, so they would have to be fetched
    ],
)
def test_other_ways_to_ask_for_too_much(settings: dict[str, Any], toys: BattleRequest) -> None:
    with pytest.raises(NotAllowed):
        access.start(ANN, replace(toys, **settings))
    assert entries() == []


def test_open_battles_are_limited_and_the_way_out_is_a_way_out(
    toys: BattleRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, open_battles=1)
    first = access.start(ANN, toys)
    for again in (access.start, access.probe):
        with pytest.raises(NotAllowed, match="You have 1 battle waiting or running, and a visitor may have 1"):
            again(ANN, toys)
    assert access.start(BOB, toys) and access.start(OPERATOR, toys) and access.start(OPERATOR, toys)
    access.stop(ANN, first)
    second = access.start(ANN, toys)
    with pytest.raises(NotAllowed, match="may have 1 at a time"):
        access.resume(ANN, first)
    assert (runs.watch(first).state, runs.watch(second).state) == ("stopped", "queued")


def test_the_queue_is_limited_for_visitors(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, queue=2)
    access.start(OPERATOR, toys), access.start(BOB, toys)
    with pytest.raises(NotAllowed, match="The queue is full: 2 battles waiting or running here, of at most 2"):
        access.start(ANN, toys)
    assert access.start(OPERATOR, toys)


def test_a_limit_of_nothing_closes_the_door(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, queue=0)
    with pytest.raises(NotAllowed, match="queue is full"):
        access.start(ANN, toys)


def test_of_two_tabs_at_the_same_moment_one_gets_through(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread has planned before any of them asks; they meet at the ledger alone."""
    limit(monkeypatch, open_battles=1)
    access.stop(ANN, access.start(ANN, toys))  # the ledger exists
    plan, meeting, refused = runs.plan, threading.Barrier(8, timeout=60), []

    def plan_and_wait(request: BattleRequest, **given: Any) -> Any:
        planned = plan(request, **given)
        meeting.wait()
        return planned

    monkeypatch.setattr(runs, "plan", plan_and_wait)

    def one_tab() -> None:
        try:
            access.start(ANN, toys)
        except NotAllowed as refusal:
            refused.append(refusal)

    tabs = [threading.Thread(target=one_tab) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert (len(entries()), len(refused)) == (2, 7)


# ---- whose


DEEDS: dict[str, Deed] = {
    "stop": access.stop,
    "resume": access.resume,
    "rename": lambda person, id_: access.rename(person, id_, "mine"),
    "delete": access.delete,
    "repeat": lambda person, id_: access.repeat(person, id_, 10),
    "stop_repeats": access.stop_repeats,
    "resume_repeats": access.resume_repeats,
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_only_the_owner_changes_a_battle(deed: Deed, toys: BattleRequest) -> None:
    mine, nobodys = access.start(ANN, toys), runs.start(runs.plan(toys))
    before = [(each.battle.id, each.state, each.name) for each, _ in runs.history()]
    for person, battle_id in ((BOB, mine), (BOB, nobodys), (Person(id="", operator=False), nobodys)):
        with pytest.raises(NotAllowed, match="somebody else's: you may look"):
            deed(person, battle_id)
    assert [(each.battle.id, each.state, each.name) for each, _ in runs.history()] == before
    with pytest.raises(Unknown):
        deed(ANN, "nosuch")


@pytest.mark.parametrize("person", [ANN, OPERATOR], ids=["owner", "operator"])
def test_its_owner_and_the_operator_do(person: Person, toys: BattleRequest) -> None:
    battle_id = access.start(ANN, toys)
    access.rename(person, battle_id, "  a \n\t b\u202e\x00c  ")
    access.stop(person, battle_id)
    progress = runs.watch(battle_id)
    assert (progress.state, progress.name, progress.owner) == ("stopped", "a bc", ANN.id)
    assert progress.message == ("The operator stopped this battle." if person.operator else "")
    access.resume(person, battle_id)
    carry_out()
    assert runs.watch(battle_id).state == "done"
    access.repeat(person, battle_id, 10)
    access.stop_repeats(person, battle_id)
    assert {entry.state for entry in repeats.entries(battle_id)} == {"stopped"}
    access.resume_repeats(person, battle_id)
    carry_out()
    assert {entry.state for entry in repeats.entries(battle_id)} == {"done"}
    access.delete(person, battle_id)
    assert entries() == []


def test_a_name_is_one_line_of_what_can_be_seen(toys: BattleRequest) -> None:
    battle_id = access.start(ANN, toys)
    for given, kept in (("x" * 10_000, "x" * 60), ("\ud800", ""), ("größer 😀", "größer 😀"), ("", "")):
        access.rename(ANN, battle_id, given)
        assert runs.watch(battle_id).name == kept


# ---- time


def answers(battle_id: str, seconds: float, items: int = 4) -> None:
    with Ledger() as ledger:
        ledger.claim("cpu")
        ids = ledger.entry(battle_id).battle.item_ids[:items]
        ledger.append(battle_id, "a", [ItemResult(item_id=i, score=1.0, seconds=seconds / items) for i in ids])


def test_a_visitor_cannot_go_on_beyond_the_time_and_an_operator_can(toys: BattleRequest) -> None:
    battle_id = access.start(ANN, toys)
    answers(battle_id, 15 * 60 + 1)
    carry_out()
    progress = runs.watch(battle_id)
    assert (progress.state, progress.done) == ("stopped", 4)
    assert "may take 15 minutes. 4 of 40 answers are kept" in progress.message
    with pytest.raises(NotAllowed, match=r"15 minutes .* are used up.*What is done is kept"):
        access.resume(ANN, battle_id)
    access.resume(OPERATOR, battle_id)
    carry_out()
    assert runs.watch(battle_id).state == "done"


def test_time_is_left_after_a_stop(toys: BattleRequest) -> None:
    battle_id = access.start(ANN, toys)
    answers(battle_id, 60)
    access.stop(ANN, battle_id)
    access.resume(ANN, battle_id)
    with Ledger() as ledger:
        assert ledger.entry(battle_id).seconds_limit == 15 * 60
    carry_out()
    assert runs.watch(battle_id).state == "done"


def test_repeats_share_the_time_of_a_battle_and_count(toys: BattleRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    battle_id = access.start(ANN, toys)
    carry_out()
    limit(monkeypatch, queue=1)
    with pytest.raises(NotAllowed, match="queue is full"):
        access.repeat(ANN, battle_id, 10)
    assert repeats.entries(battle_id) == []
    limit(monkeypatch, queue=24)
    access.repeat(ANN, battle_id, 10)
    family = repeats.entries(battle_id)
    assert len(family) > 2 and {entry.owner for entry in family} == {ANN.id}
    assert sum(entry.seconds_limit or 0 for entry in family) == pytest.approx(15 * 60)
    for again in (lambda: access.start(ANN, toys), lambda: access.repeat(ANN, battle_id, 12)):
        with pytest.raises(NotAllowed, match="with those that measure something"):
            again()


# ---- deletion


def test_what_runs_is_stopped_before_it_is_deleted(toys: BattleRequest) -> None:
    battle_id = access.start(ANN, toys)
    with pytest.raises(CallerMistake, match=r"still going on\. Stop it"):
        access.delete(ANN, battle_id)
    access.stop(ANN, battle_id)
    access.delete(ANN, battle_id)
    assert entries() == []


# ---- the operator's


def test_usage_and_stopping_all_are_the_operators(toys: BattleRequest) -> None:
    access.start(ANN, toys), access.start(ANN, toys), access.probe(BOB, toys), runs.start(runs.plan(toys))
    for deed in (access.usage, access.stop_all):
        with pytest.raises(NotAllowed, match="Only the operator"):
            deed(ANN)
    usage = access.usage(OPERATOR)
    assert dict(usage.started) == {ANN.id: 2, BOB.id: 1, "": 1}
    assert len(usage.open) == 4
    access.stop_all(OPERATOR)
    assert access.usage(OPERATOR).open == ()
    assert {entry.message for entry, _ in access.history(ANN)} == {"The operator stopped this battle."}


# ---- the tutor


def test_messages_and_replies_of_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, messages=3, replies=5)
    access.check_message(ANN, sent_today=2, stored=999_999_999)
    access.check_message(OPERATOR, sent_today=10**6, stored=10**12)
    with pytest.raises(NotAllowed, match="You have sent the tutor 3 messages today, and a visitor may send 3"):
        access.check_message(ANN, sent_today=3, stored=0)
    assert access.model_may_reply(ANN, replies_today=4) and not access.model_may_reply(ANN, replies_today=5)
    assert access.model_may_reply(OPERATOR, replies_today=10**6)


def test_visitors_write_no_more_than_the_server_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed before: sheets and talks begun anew counted for nothing, and one visitor wrote 54 MB in 3.5 s."""
    access.check_storage(ANN, stored=999_999_999)
    with pytest.raises(NotAllowed, match="its 1,000 MB are full"):
        access.check_storage(ANN, stored=1_000_000_000)
    access.check_storage(OPERATOR, stored=10**12)
    limit(monkeypatch, storage=0)
    with pytest.raises(NotAllowed):
        access.check_message(ANN, sent_today=0, stored=0)


def test_whoever_deletes_everything_deletes_their_battles_with_it(toys: BattleRequest) -> None:
    """Failed before: they stayed, with name and forecast, and were nobody's to delete."""
    done = access.start(ANN, toys)
    carry_out()
    waiting, other = access.start(ANN, toys), access.start(BOB, toys)
    assert access.delete_own(ANN) == 2
    for gone in (done, waiting):
        with pytest.raises(Unknown):
            runs.watch(gone)
    assert entries() == [other]
    assert access.delete_own(Person(id="", operator=False)) == 0
    carry_out()
    assert runs.watch(other).state == "done"
