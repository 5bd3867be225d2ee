"""The record: nothing twice, nothing half, nothing lost, and clear words when it cannot be written or read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from engine.battles.battle import Battle, Contender, ItemFailure, ItemResult
from engine.errors import CallerMistake, DiskFull, EngineError, Locked, Unknown
from engine.harness.config import Decoding, HarnessConfig
from engine.store.ledger import Admission, Ledger, OpenBattles

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger() as opened:
        yield opened


def battle(name: str = "one", *, device: str = "cpu", items: int = 4, probe: bool = False, shots: int = 0) -> Battle:
    harness = HarnessConfig(shots=shots, decoding=Decoding(max_tokens=8, until=("\n",)))
    return Battle(
        id=name,
        a=Contender(model="ruby", harness=harness),
        b=Contender(model="jade", harness=replace(harness, normalisation="characters")),
        task="toy",
        item_ids=tuple(f"sky/{i}" for i in range(items)),
        items_digest="i1:0",
        seed=1,
        margin=0.02,
        level=0.95,
        device=device,
        probe=probe,
    )


def right(item: str, seconds: float = 1.0) -> ItemResult:
    return ItemResult(item_id=item, score=1.0, choice=0, logliks=(-0.125, -7.0), seconds=seconds)


def items(ledger: Ledger) -> list[str]:
    """Those that side A of battle one is done with."""
    return [outcome.item_id for outcome in ledger.outcomes("one", "a")]


def running(ledger: Ledger, *battles: Battle) -> None:
    for one in battles:
        ledger.add(one)
    while (entry := ledger.claim(battles[0].device)) and entry.battle.id != battles[-1].id:
        ledger.set_state(entry.battle.id, "done", only_from=("running",))


# ---- what is written comes back


def test_a_plan_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.add(battle())
    entry = ledger.entry("one")
    assert entry.battle == battle()
    assert (entry.state, entry.attempts, entry.started, entry.finished) == ("queued", 0, None, None)


def test_outcomes_come_back_as_they_were(ledger: Ledger) -> None:
    running(ledger, battle())
    told = [
        right("sky/0"),
        ItemResult(item_id="sky/1", score=0.0, text='so "7"\n\x00 😀', answer=None, tokens=9, seconds=0.1),
        ItemFailure(item_id="sky/2", reason="truncated", message="cut off", text="and then"),
    ]
    assert ledger.append("one", "a", told)
    assert ledger.outcomes("one", "a") == told
    assert ledger.outcomes("one", "b") == []


def test_a_plan_that_could_not_be_read_back_is_not_written(ledger: Ledger) -> None:
    """One such line would shut the list of all battles for everybody."""
    mine = battle()
    forged = replace(mine, a=replace(mine.a, harness=replace(mine.a.harness, template="xyz")))  # type: ignore[arg-type]
    with pytest.raises(CallerMistake, match=r"says a\.harness\.template 'xyz': Input should be 'plain' or 'chat'"):
        ledger.add(forged)
    assert ledger.entries() == []


def test_an_unknown_battle(ledger: Ledger) -> None:
    with pytest.raises(Unknown, match=r"no battle .nope..*another NOISEFLOOR_HOME"):
        ledger.entry("nope")


# ---- counting


def test_the_same_item_twice_counts_once_and_the_first_one_stays(ledger: Ledger) -> None:
    running(ledger, battle())
    ledger.append("one", "a", [right("sky/0")])
    again = replace(right("sky/0"), score=0.0)
    assert ledger.append("one", "a", [again, right("sky/1")])
    assert ledger.outcomes("one", "a") == [right("sky/0"), right("sky/1")]
    assert ledger.counts("one") == {"a": (2, 2.0)}


def test_a_batch_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    """The second outcome breaks a rule of the table; the first must not be left behind."""
    running(ledger, battle())
    with pytest.raises(IntegrityError):
        ledger.append("one", "a", [right("sky/0"), replace(right("sky/1"), item_id=None)])  # type: ignore[arg-type]
    assert items(ledger) == []
    assert ledger.append("one", "a", [right("sky/0")])


def test_nothing_is_recorded_after_a_stop(ledger: Ledger) -> None:
    running(ledger, battle())
    ledger.append("one", "a", [right("sky/0")])
    with Ledger() as other_process:
        other_process.set_state("one", "stopped", only_from=("queued", "running"))
    assert not ledger.append("one", "a", [right("sky/1")])
    assert items(ledger) == ["sky/0"]


def test_a_failure_has_no_score_in_the_pairs(ledger: Ledger) -> None:
    running(ledger, battle())
    ledger.append(
        "one", "b", [right("sky/2"), right("sky/0"), ItemFailure(item_id="sky/1", reason="error", message="x")]
    )
    ledger.append("one", "a", [right("sky/1"), right("sky/2"), replace(right("sky/3"), score=0.0)])
    assert sorted(ledger.pairs("one")) == [("sky/1", 1.0, None), ("sky/2", 1.0, 1.0)]
    ledger.append("one", "a", [replace(right("sky/0"), score=0.0)])
    assert sorted(ledger.pairs("one")) == [("sky/0", 0.0, 1.0), ("sky/1", 1.0, None), ("sky/2", 1.0, 1.0)]


# ---- the queue


def test_an_interrupted_battle_comes_first_then_the_oldest(ledger: Ledger) -> None:
    for name in ("first", "second", "third"):
        ledger.add(battle(name))
    ledger.set_state("second", "running", only_from=("queued",))  # its worker was killed
    order = []
    while entry := ledger.claim("cpu"):
        order.append(entry.battle.id)
        ledger.set_state(entry.battle.id, "done", only_from=("running",))
    assert order == ["second", "first", "third"]


def test_devices_have_queues_of_their_own(ledger: Ledger) -> None:
    ledger.add(battle("one", device="cuda"))
    assert ledger.claim("cpu") is None
    claimed = ledger.claim("cuda")
    assert claimed is not None and claimed.state == "running" and claimed.started is not None


def test_attempts_are_counted_until_there_is_progress(ledger: Ledger) -> None:
    ledger.add(battle())
    attempts = [entry.attempts for _ in range(3) if (entry := ledger.claim("cpu"))]
    assert attempts == [1, 2, 3]
    ledger.append("one", "a", [right("sky/0")])
    claimed = ledger.claim("cpu")
    assert claimed is not None and claimed.attempts == 2


def test_settling_only_from_the_states_named(ledger: Ledger) -> None:
    ledger.add(battle())
    assert not ledger.set_state("one", "done", only_from=("running",))
    assert ledger.set_state("one", "failed", only_from=("queued",), message="why", exit_code=2)
    entry = ledger.entry("one")
    assert (entry.state, entry.message, entry.exit_code) == ("failed", "why", 2)
    assert entry.finished is not None
    ledger.set_state("one", "queued", only_from=("failed",))
    entry = ledger.entry("one")
    assert (entry.message, entry.exit_code, entry.finished) == ("", 0, None)


def test_how_many_come_first(ledger: Ledger) -> None:
    for name in ("first", "second", "third"):
        ledger.add(battle(name))
    ledger.add(battle("elsewhere", device="cuda"))
    assert [ledger.ahead(ledger.entry(name)) for name in ("first", "second", "third", "elsewhere")] == [0, 1, 2, 0]
    ledger.set_state("third", "running", only_from=("queued",))
    assert [ledger.ahead(ledger.entry(name)) for name in ("first", "second")] == [1, 2]


def test_the_list_is_newest_first_and_without_what_only_measures(ledger: Ledger) -> None:
    for name in ("first", "second"):
        ledger.add(battle(name))
    ledger.add(battle("probe", probe=True))
    ledger.add(replace(battle("repeat"), repeat_of="first"))
    assert [entry.battle.id for entry in ledger.entries()] == ["second", "first"]
    assert [entry.battle.id for entry in ledger.entries(measuring=True, limit=2)] == ["repeat", "probe"]
    ledger.set_state("first", "stopped", only_from=("queued",))
    assert [entry.battle.id for entry in ledger.entries(states=("stopped",))] == ["first"]


def test_seconds_an_item_is_the_mean_of_what_was_measured_alike(ledger: Ledger) -> None:
    running(ledger, battle("one"), battle("two"), battle("other shots", shots=5))
    for name, seconds in (("one", 1.0), ("two", 4.0), ("other shots", 64.0)):
        ledger.set_state(name, "running", only_from=("done", "running"))
        ledger.append(name, "a", [right(f"sky/{i}", seconds) for i in range(2)])
        ledger.append(name, "b", [right("sky/0", 16.0), ItemFailure(item_id="sky/1", reason="error", message="x")])
    assert ledger.seconds_an_item("ruby", "toy", 0, "cpu") == 2.5  # (1 + 1 + 4 + 4) / 4
    assert ledger.seconds_an_item("jade", "toy", 0, "cpu") == 16.0  # failures tell nothing of speed
    assert ledger.seconds_an_item("ruby", "toy", 5, "cpu") == 64.0
    assert ledger.seconds_an_item("ruby", "toy", 0, "cuda") is None


# ---- many at once


def at_once(count: int, work: Callable[[int], object]) -> None:
    """Runs `work(number)` in that many threads together, and raises what any of them raised."""
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait()
        work(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


def process(code: str) -> subprocess.Popen[str]:
    """Another process over the same ledger."""
    code = "import os, pathlib, time\nfrom tests.engine.store.test_ledger import Ledger, battle, right\n" + code
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdout=subprocess.PIPE)


def test_a_new_ledger_may_be_opened_by_many_at_once() -> None:
    def open_and_add(number: int) -> None:
        with Ledger() as mine:
            mine.add(battle(f"battle {number}"))

    at_once(6, open_and_add)
    with Ledger() as ledger:
        assert len(ledger.entries()) == 6


def test_processes_open_a_new_ledger_at_once_and_claim_one_after_the_other(own_home: Path) -> None:
    """They meet where the first file is missing; each claim counts an attempt, so none may be lost."""
    claims = """
home = pathlib.Path(os.environ["NOISEFLOOR_HOME"])
print("ready", flush=True)
while not (home / "go").exists(): time.sleep(0.001)
with Ledger() as mine:
    mine.add(battle(str(os.getpid())))
    for _ in range(5): mine.claim("cpu")
"""
    own_home.mkdir()
    others = [process(claims) for _ in range(3)]
    for other in others:
        assert other.stdout and other.stdout.readline() == "ready\n"
    (own_home / "go").touch()
    for other in others:
        other.communicate(timeout=60)
        assert other.returncode == 0
    with Ledger() as ledger:
        entries = ledger.entries()
    assert len(entries) == 3 and sum(entry.attempts for entry in entries) == 15


def test_two_connections_write_at_once_and_each_item_counts_once(ledger: Ledger) -> None:
    running(ledger, battle(items=40))

    def write(number: int) -> None:
        with Ledger() as mine:
            for i in range(40):
                assert mine.append("one", "a" if number % 2 else "b", [right(f"sky/{i}")])

    at_once(4, write)
    assert ledger.counts("one") == {"a": (40, 40.0), "b": (40, 40.0)}


def test_readers_do_not_wait_for_a_writer_and_writers_do(ledger: Ledger, own_home: Path) -> None:
    running(ledger, battle())
    ledger.append("one", "a", [right("sky/0")])
    with sqlite3.connect(own_home / "ledger.db", isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM outcomes")
        before = time.monotonic()
        with Ledger() as reader:
            assert (items(reader), reader.entry("one").state) == (["sky/0"], "running")
        assert time.monotonic() - before < 5
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(ledger.append, "one", "a", [right("sky/1")])
            time.sleep(0.2)
            assert not writing.done()
            other.execute("ROLLBACK")
            assert writing.result(timeout=20)
    other.close()
    assert items(ledger) == ["sky/0", "sky/1"]


def test_a_ledger_that_stays_locked_is_said(own_home: Path) -> None:
    with Ledger(patience=0) as ledger, sqlite3.connect(own_home / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Locked, match=r"ledger\.db locked.*everything up to here is kept"):
            ledger.add(battle())
        other.execute("ROLLBACK")
        ledger.add(battle())
    other.close()


def test_a_killed_process_loses_nothing_that_it_wrote(ledger: Ledger) -> None:
    running(ledger, battle(items=100_000))
    endless = """
with Ledger() as mine:
    for i in range(100_000):
        mine.append("one", "a", [right(f"sky/{i}"), right(f"sea/{i}")])
        print(i, flush=True)
"""
    with process(endless) as killed:
        assert killed.stdout
        for _ in range(30):
            written = int(killed.stdout.readline())
        killed.kill()
        written = max([written, *map(int, killed.stdout)])
    kept = items(ledger)
    assert {f"{what}/{i}" for what in ("sky", "sea") for i in range(written + 1)} <= {*kept}
    assert len(kept) % 2 == 0  # the last batch is there whole or not at all
    assert ledger.append("one", "a", [right("afterwards")])


# ---- when the disk fails


def test_a_full_disk_keeps_what_was_written(ledger: Ledger) -> None:
    running(ledger, battle(items=10_000))
    ledger.append("one", "a", [right("sky/0")])
    with ledger.connection.begin():
        pages = ledger.connection.exec_driver_sql("PRAGMA page_count").scalar()
        ledger.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # SQLite's own way of having no more room
    with pytest.raises(DiskFull, match="Free some space") as caught:
        ledger.append("one", "a", [right(f"sky/{i}") for i in range(1, 10_000)])
    assert caught.value.exit_code == 2
    with Ledger() as fresh:
        assert items(fresh) == ["sky/0"]
        assert fresh.append("one", "a", [right(f"sky/{i}") for i in range(1, 10_000)])


def test_a_file_that_is_no_ledger(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "ledger.db").write_bytes(b"not a database, whatever its name says. " * 200)
    with pytest.raises(CallerMistake, match=r"ledger\.db is damaged.*Move it away"):
        Ledger()


def test_a_ledger_damaged_in_the_middle(own_home: Path) -> None:
    with Ledger() as ledger:
        running(ledger, battle(items=2_000))
        ledger.append("one", "a", [right(f"sky/{i}") for i in range(2_000)])
    file = own_home / "ledger.db"
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)  # two pages of 4,096 bytes survive: the head and one table
    file.write_bytes(content)
    with pytest.raises(EngineError, match="is damaged"), Ledger() as ledger:
        ledger.entries()
        ledger.outcomes("one", "a")


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOISEFLOOR_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(CallerMistake, match="Set NOISEFLOOR_HOME to a folder you may write to"):
        Ledger()


# ---- whose they are, and letting them in


def test_who_is_kept_out_leaves_nothing(ledger: Ledger) -> None:
    seen: list[OpenBattles] = []

    def refuse(there: OpenBattles) -> None:
        seen.append(there)
        raise CallerMistake("full")

    ledger.add(battle("first"), battle("second"), admission=Admission(owner="ann", seconds_limit=60.0))
    ledger.add(battle("other"))
    ledger.set_state("second", "stopped", only_from=("queued",))
    asked = Admission(owner="ann", check=refuse)
    for deed in (
        lambda: ledger.add(battle("third"), admission=asked),
        lambda: ledger.reopen("second", admission=asked),
    ):
        with pytest.raises(CallerMistake, match="full"):
            deed()
    assert seen == [OpenBattles(own=1, all=2)] * 2
    assert {entry.battle.id for entry in ledger.entries()} == {"first", "second", "other"}
    assert ledger.entry("second").state == "stopped"


def test_a_limit_on_time_is_kept_under_conditions_and_lifted_without(ledger: Ledger) -> None:
    for name, seconds in (("limited", 60.0), ("free", None)):
        ledger.add(battle(name), admission=Admission(owner="ann", seconds_limit=seconds))
        ledger.set_state(name, "stopped", only_from=("queued",))
    ledger.reopen("limited", "free", admission=Admission(owner="ann", seconds_limit=900.0))
    assert [ledger.entry(name).seconds_limit for name in ("limited", "free")] == [60.0, 900.0]
    ledger.set_state("limited", "stopped", only_from=("queued",))
    ledger.reopen("limited")
    assert (ledger.entry("limited").seconds_limit, ledger.entry("limited").state) == (None, "queued")


def test_deletion_takes_repeats_outcomes_and_notices_and_nothing_else(ledger: Ledger) -> None:
    mine, other = battle("one"), battle("other")
    running(ledger, mine, replace(battle("again"), repeat_of="one"), other)
    for name in ("one", "again"):
        ledger.set_state(name, "running", only_from=("done",))
        ledger.append(name, "a", [right("sky/0")])
        ledger.add_notice(name, "told")
        ledger.set_state(name, "done", only_from=("running",))
    ledger.append("other", "a", [right("sky/0")])
    assert not ledger.delete("other")  # it runs
    ledger.set_state("again", "queued", only_from=("done",))
    assert not ledger.delete("one")  # it is being measured
    assert items(ledger) == ["sky/0"]
    ledger.set_state("again", "stopped", only_from=("queued",))
    assert ledger.delete("one")
    assert [entry.battle.id for entry in ledger.entries(measuring=True)] == ["other"]
    for table in ("outcomes", "notices"):
        with ledger.connection.begin():
            left = ledger.connection.exec_driver_sql(f"SELECT DISTINCT battle FROM {table}").scalars().all()
        assert left == (["other"] if table == "outcomes" else [])
    assert not ledger.append("one", "a", [right("sky/1")])
    ledger.add_notice("one", "too late"), ledger.set_phase("one", "late"), ledger.set_environment("one", {})
    assert ledger.notices("one") == [] and ledger.delete("one")


def test_battles_are_counted_by_owner_from_a_moment_on(ledger: Ledger) -> None:
    ledger.add(battle("old"), admission=Admission(owner="ann"))
    moment = time.time()
    ledger.add(battle("one"), battle("probe", probe=True), admission=Admission(owner="ann"))
    ledger.add(battle("two"))
    assert ledger.started_since(moment) == {"ann": 2, "": 1}
    assert [entry.battle.id for entry in ledger.entries(owner="ann")] == ["one", "old"]
