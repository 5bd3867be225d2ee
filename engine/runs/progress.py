"""A battle under way, counted from what is written down."""

from __future__ import annotations

from dataclasses import dataclass

from engine.battles.battle import SIDES, Battle
from engine.runs.executor import Delay
from engine.store.ledger import OPEN_STATES, Entry, Ledger, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A battle as a watcher may see it at this moment."""

    battle: Battle
    state: State
    phase: str
    message: str
    exit_code: int
    ahead: int
    """Battles of the same device that come first."""
    done: int
    """Outcomes written down, both sides together; 2n when it is finished."""
    pairs: tuple[tuple[str, float, float], ...]
    """(item, score of A, score of B), in the battle's order, as far as both have answered all that came before."""
    items_a_second: float | None
    seconds_left: float | None
    notices: tuple[str, ...]
    name: str
    """What its owner calls it, untrusted."""
    owner: str
    """The id of the person on whose behalf it runs; empty for the command line."""
    short_of_disk: bool
    """Nothing runs until there is space again; then it goes on by itself as soon as somebody watches."""

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES


def progress_of(ledger: Ledger, entry: Entry, delay: Delay | None) -> Progress:
    """How far a battle has come.

    ledger  where its outcomes are
    entry   the battle's entry as it stands now
    delay   why nobody works on it yet, if so: said in place of what a worker did last
    """
    counts = ledger.counts(entry.battle.id)
    items_a_second = seconds_left = None
    if counts.keys() == set(SIDES) and all(seconds > 0 for _, seconds in counts.values()):
        seconds_an_item = {side: seconds / count for side, (count, seconds) in counts.items()}
        items_a_second = 1 / sum(seconds_an_item.values())
        seconds_left = sum((entry.battle.n - counts[side][0]) * seconds_an_item[side] for side in SIDES)
    scores = entry.battle.complete_scores(ledger.pairs(entry.battle.id))
    return Progress(
        battle=entry.battle,
        state=entry.state,
        phase=delay.reason if delay else entry.phase,
        message=entry.message,
        exit_code=entry.exit_code,
        ahead=ledger.ahead(entry) if entry.state == "queued" else 0,
        done=sum(count for count, _ in counts.values()),
        pairs=tuple((item, a, b) for item, (a, b) in scores.items()),
        items_a_second=items_a_second,
        seconds_left=seconds_left,
        notices=tuple(ledger.notices(entry.battle.id)),
        name=entry.name,
        owner=entry.owner,
        short_of_disk=delay is not None and delay.short_of_disk,
    )
