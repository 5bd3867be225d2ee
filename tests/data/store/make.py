"""Writes a small ledger or journal with the code of the release it is run in, and what that code reads from it.

    git worktree add /tmp/release COMMIT
    cd /tmp/release && PYTHONPATH=. python .../tests/data/store/make.py ledger 4 .../tests/data/store/ledger_4

It leaves NAME.db.gz and NAME.json.gz. Those that are kept here:

    ledger_1, ledger_2, ledger_3    247804e, the first release
    ledger_4_first                  38a1a05, which brought seals
    ledger_4                        2bb63db, the last release with format 4
    ledger_5                        5d4ef8b, the last release with format 5
    journal_0                       55974ac, the first journal; it named no format, and none after it did
    journal_1                       5d4ef8b, the last release with format 1, whose addresses were keys

The second word is the format to stop at. From format 5 on the nouns have other names, which `later` tells. The first release wrote format 3 at once, so its files of formats 1 and 2 are
made with its later migrations left out; no release left such a file on a disk.
"""

import gzip
import json
import os
import sys
import tempfile
from pathlib import Path

HOME = tempfile.mkdtemp()
os.environ["NOISEFLOOR_HOME"] = HOME


def later():
    """Whether the release is one with format 5 or later."""
    return Path("engine/store").is_dir()


def plan(name, **other):
    if later():
        from engine.battles.battle import Battle, Contender
        from engine.harness.config import Decoding, HarnessConfig
    else:
        from engine.battle import Battle, Contender, Decoding, HarnessConfig

    harness = HarnessConfig(shots=other.pop("shots", 0), decoding=Decoding(max_tokens=8, until=("\n", "Ende „so“")))
    sides = {side: Contender(model=model, harness=harness) for side, model in (("a", "ruby"), ("b", "jade"))}
    return Battle(
        id=name, **sides, task=other.pop("task", "toy"), item_ids=tuple(f"sky/{i}" for i in range(6)),
        items_digest="i1:0", seed=1, margin=0.02, level=0.95, device=other.pop("device", "cpu"), **other,
    )


def right(item, **other):
    if later():
        from engine.battles.battle import ItemResult
    else:
        from engine.battle import ItemResult

    return ItemResult(**{"item_id": item, "score": 1.0, "choice": 0, "logliks": (-0.125, -7.0), "seconds": 0.5} | other)


def plans(version):
    """What every release could plan, and forecasts and repeats where it knew them."""
    yield from (plan("done"), plan("stopped", shots=5), plan("failed"), plan("probe", probe=True))
    if version > 4:
        from engine.battles.forecast import Forecast, OutcomeProbabilities

        expected = OutcomeProbabilities(a=0.5, b=0.2, equal=0.1, undecided=0.2)
        why = "Größer ist besser 😀"
        yield plan("sealed", forecast=Forecast(probabilities=expected, hypothesis=why, by="f1:ann", nonce="n1"))
        forecast = Forecast(probabilities=expected, nonce="n2")
        yield plan("nameless", forecast=forecast, stop="adaptive", estimand="benchmark")
        yield plan("repeat", repeat_of="done")
    if version == 4:
        from engine.card import Card, Forecast

        forecast = Forecast(a=0.5, b=0.2, equal=0.1, undecided=0.2)
        yield plan("sealed", card=Card(forecast=forecast, hypothesis="Größer ist besser 😀", by="f1:ann", nonce="n1"))
        yield plan("nameless", card=Card(forecast=forecast, nonce="n2"), stop="adaptive", target="benchmark")
        yield plan("repeat", of="done")
    yield from (plan("running"), plan("queued", task="other"), plan("elsewhere", device="cuda"))


def outcomes(ledger, name):
    if later():
        from engine.battles.battle import ItemFailure
    else:
        from engine.battle import ItemFailure

    ledger.append(name, "a", [right("sky/1", text='so "7"\n\x00 😀', answer=None, score=0.0), right("sky/0")])
    failure = ItemFailure(item_id="sky/1", reason="truncated", message="cut off", text="and then", seconds=0.25)
    ledger.append(name, "b", [right("sky/0", score=0.5, seconds=2.0), failure])
    ledger.append(name, "a", [right("sky/2"), right("sky/3", score=0)])
    ledger.append(name, "b", [right("sky/2", choice=None, logliks=(), text="blue", tokens=3)])


def make_ledger(version):
    if later():
        from engine.store import ledger as release

        release.Ledger.describe, release.Ledger.note = release.Ledger.set_environment, release.Ledger.add_notice
        release.Ledger.settle, release.Ledger.say = release.Ledger.set_state, release.Ledger.set_phase
    else:
        from engine import ledger as release

        release.MIGRATIONS = release.MIGRATIONS[:version]
    with release.Ledger() as ledger:
        for battle in plans(version):
            ledger.add(battle)
        while (entry := ledger.claim("cpu")) and entry.battle.id != "running":
            name = entry.battle.id
            ledger.describe(name, {"a": {"weights": "ruby"}, "b": {"weights": "jade", "dtype": "float32"}})
            if version > 1:
                outcomes(ledger, name)
            if version > 2:
                ledger.note(name, "first notice")
                ledger.note(name, "zweiter Hinweis: größer")
            end = {"stopped": ("stopped", "", 0), "failed": ("failed", "The model is too large.", 2)}
            state, message, code = end.get(name, ("done", "", 0))
            ledger.settle(name, state, only_from=("running",), message=message, exit_code=code)
        ledger.claim("cpu")  # its first worker died
        ledger.say("running", "opening ruby")
        if version > 1:
            outcomes(ledger, "running")
        return {battle.id: read_battle(ledger, battle.id, version) for battle in plans(version)}


def text(value):
    """Plans up to format 3, and all outcomes, were written as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def read_battle(ledger, name, version):
    if later():
        import sqlite3

        db = sqlite3.connect(Path(HOME, "ledger.db"))
        db.row_factory = sqlite3.Row
    else:
        db = ledger.db

    def rows(query):
        return [[text(value) for value in row] for row in db.execute(query, (name,))]

    columns = [about["name"] for about in db.execute("PRAGMA table_info (battles)")]
    return {
        "row": dict(zip(columns, *rows("SELECT * FROM battles WHERE id = ?"))),
        "outcomes": rows("SELECT side, item, body, at FROM outcomes WHERE battle = ?") if version > 1 else [],
        "counts": ledger.counts(name) if version > 1 else {},
        "pairs": sorted(ledger.pairs(name)) if version > 3 else [],  # format 3 left out pairs with a failure
        "notices": ledger.notices(name) if version > 2 else [],
    }


def make_journal(version):
    from tutor import journal
    from tutor.exchange import Assessment, Point

    asked = Point(kind="question", id="a0")
    counts = Assessment(
        why="applies_concept", concepts=("evaluator",), misconception="number_is_objective", quote="quote", judge="toy",
        notice="by a toy",
    )
    for learner in ("ada", "eve", "q3Vb0-XyT7_kLm92RsWc4A")[: 2 + version]:
        now = journal.begin(learner, "lab1", "l1-a", asked, "Why?")
        for text in ("It depends on the prompt.", "😀 क्या\x00 'drop table'"):
            number = journal.record_message(now, text).number
            journal.record_assessment(now.id, number, counts)
            journal.record_reply(now.id, number, "And then?", "authored", ("l1-b", Point(kind="concept", id="evaluator"), "And then?"))
            now = journal.read(now.id)
        journal.save_sheet(now.id, {"verdict": "too early", "task_set": "größer"})
    journal.record_message(journal.begin("ada", "lab2", "l2-a", asked, "And here?"), "nobody has judged this", told=True)
    unreplied = journal.begin("ada", "lab3", "l3-a", asked, "And there?")
    journal.record_assessment(unreplied.id, journal.record_message(unreplied, "judged, not answered").number, counts)
    journal.save_note("endpoint", '{"mode": "TOOLS"}')
    if version:
        from tutor.journal import connection as opened, tables as held

        reading, metadata = opened.to_read, held.metadata
    else:
        reading, metadata = journal._reading, journal._meta
    with reading() as connection:
        tables = {name: table.select() for name, table in metadata.tables.items()}
        return {name: [list(row) for row in connection.execute(rows)] for name, rows in tables.items()}


if __name__ == "__main__":
    what, version, to = sys.argv[1:]
    read = {"ledger": make_ledger, "journal": make_journal}[what](int(version))
    file = Path(HOME, f"{what}.db")
    if Path(f"{file}-wal").exists():  # the journal keeps its connection
        import sqlite3

        sqlite3.connect(file).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    Path(f"{to}.db.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
    Path(f"{to}.json.gz").write_bytes(gzip.compress(json.dumps(read).encode(), 9, mtime=0))
