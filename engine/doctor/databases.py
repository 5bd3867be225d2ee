"""Whether ledger and journal are whole, of a format this release knows, and readable to the last row."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engine import runs
from engine.battles.battle import SIDES
from engine.doctor.finding import Finding
from engine.errors import Unreadable
from engine.home import home
from engine.store import beginning
from engine.store.database import complaints, format_of
from engine.store.ledger import Entry, Ledger, UnreadableEntry
from engine.store.tables import LEDGER

RECOVER = (
    "Stop the app, keep a copy, and try `sqlite3 {name} .recover | sqlite3 mended.db`; or put a backup in its place."
)
EVERYTHING = 1 << 40


def ledger() -> Iterator[Finding]:
    """The file: there, whole, of this format."""
    file = home() / "ledger.db"
    beginning.check(file)
    if not file.exists():
        yield Finding(subject="ledger", state="ok", says="There is none yet; the first battle begins it.")
        return
    yield from _file("ledger")
    written = format_of(file, LEDGER.name)
    if written is not None and written > LEDGER.format:
        yield Finding(
            subject="ledger",
            state="broken",
            says=f"A newer Noise Floor wrote it (format {written}, this one knows {LEDGER.format}).",
            mend=f"Update, or {LEDGER.elsewhere}.",
        )
    elif written != LEDGER.format:
        yield Finding(
            subject="ledger", state="ok", says="An earlier release wrote it; it is brought over when it is next opened."
        )


def battles() -> Iterator[Finding]:
    """Every line and every answer of a ledger of this format, read as a report would read it."""
    if format_of(home() / "ledger.db", LEDGER.name) != LEDGER.format:
        return
    bad = 0
    with Ledger() as opened:
        lines = opened.lines(measuring=True, limit=EVERYTHING)
        for line in lines:
            reason = line.reason if isinstance(line, UnreadableEntry) else _unreadable_answer(opened, line)
            if reason:
                bad += 1
                yield Finding(
                    subject=f"battle {line.id if isinstance(line, UnreadableEntry) else line.battle.id}",
                    state="warning",
                    says=reason,
                    mend="Nothing needs to be done for the others. A copy of the ledger from before may have it whole.",
                )
    if not bad:
        yield Finding(subject="battles", state="ok", says=f"All {len(lines):,} can be read, with all their answers.")


def journal() -> Iterator[Finding]:
    """The file with what learners wrote; whole or not, and nothing of what is in it."""
    if os.environ.get("NOISEFLOOR_JOURNAL_URL", "").strip():
        yield Finding(subject="journal", state="ok", says="It is in another database (NOISEFLOOR_JOURNAL_URL).")
    elif not (home() / "journal.db").exists():
        yield Finding(subject="journal", state="ok", says="There is none yet; the first talk begins it.")
    else:
        yield from _file("journal")


def _file(name: str) -> Iterator[Finding]:
    file = home() / f"{name}.db"
    found = complaints(file)
    if found:
        yield Finding(
            subject=name,
            state="broken",
            says=f"{file.name} is damaged ({found[0]}).",
            mend=RECOVER.format(name=file.name),
        )
    else:
        yield Finding(subject=name, state="ok", says=f"{file.name} is whole, {file.stat().st_size / 1e6:,.1f} MB.")


def _unreadable_answer(opened: Ledger, entry: Entry) -> str:
    try:
        a, b = ({each.item_id: each for each in opened.outcomes(entry.battle.id, side)} for side in SIDES)
        runs.check_whole(entry, a, b)
    except Unreadable as error:
        return str(error)
    return ""
