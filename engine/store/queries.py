"""What is asked of the ledger, as statements: built once, so that each is also compiled once.

Their parameters: `battle`, `side` and `owner` say whose, `model`, `task`, `shots` and `device` what is searched for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.store.tables import battles, notices, outcomes

Query = sa.Select[*tuple[Any, ...]]
Line = sa.Row[*tuple[Any, ...]]

_battle: sa.BindParameter[str] = sa.bindparam("battle")
_line = sa.select(
    *(battles.c[name] for name in ("id", "state", "phase", "message", "exit_code", "attempts")),
    *(battles.c[name] for name in ("created", "started", "finished", "owner", "name", "seconds_limit")),
    *(battles.c[name] for name in ("environment", "seal", "plan", "device", "task", "model_a", "model_b")),
)
"""A battle's line in the ledger; the last four repeat what its plan says, for when that cannot be read."""
_newest = _line.order_by(battles.c.created.desc()).limit(sa.bindparam("limit"))
_of_its_own = battles.c.repeats.is_(None)

ENTRY = _line.where(battles.c.id == _battle)
REPEATS = _line.where(battles.c.repeats == _battle).order_by(battles.c.created, battles.c.id)
NEXT = (
    sa.select(battles.c.id)
    .where(battles.c.device == sa.bindparam("device"), battles.c.state.in_(("queued", "running")))
    .order_by(battles.c.state == "queued", battles.c.created)
    .limit(1)
    .with_for_update()  # where a transaction that writes has not locked the whole database
)
AHEAD = (
    sa.select(sa.func.count())
    .select_from(battles)
    .where(
        battles.c.device == sa.bindparam("device"),
        sa.or_(
            battles.c.state == "running",
            sa.and_(battles.c.state == "queued", battles.c.created < sa.bindparam("created")),
        ),
        battles.c.id != _battle,
    )
)
OPEN = sa.select(
    sa.func.count(sa.case((battles.c.owner == sa.bindparam("owner"), 1))),
    sa.func.count(),
).where(battles.c.state.in_(("queued", "running")))
FAMILY = sa.select(battles.c.id, battles.c.state).where(sa.or_(battles.c.id == _battle, battles.c.repeats == _battle))
_of_owner = sa.select(battles.c.id).where(battles.c.owner == sa.bindparam("owner"))
OWNED = sa.select(battles.c.id).where(sa.or_(battles.c.id.in_(_of_owner), battles.c.repeats.in_(_of_owner)))
STARTED = (
    sa.select(battles.c.owner, sa.func.count())
    .where(battles.c.created >= sa.bindparam("since"))
    .group_by(battles.c.owner)
)
OUTCOMES = (
    sa.select(outcomes.c.item, outcomes.c.score, outcomes.c.body)
    .where(outcomes.c.battle == _battle, outcomes.c.side == sa.bindparam("side"))
    .order_by(outcomes.c.at, outcomes.c.item)
)
COUNTS = (
    sa.select(outcomes.c.side, sa.func.count(), sa.func.sum(outcomes.c.seconds))
    .where(outcomes.c.battle == _battle)
    .group_by(outcomes.c.side)
)
NOTICES = sa.select(notices.c.text).where(notices.c.battle == _battle).order_by(notices.c.at, notices.c.number)


def _pairs() -> Query:
    a, b = outcomes.alias("a"), outcomes.alias("b")
    both = a.join(b, sa.and_(b.c.battle == a.c.battle, b.c.item == a.c.item, b.c.side == "b"))
    return (
        sa.select(a.c.item, a.c.score, b.c.score.label("score_b"))
        .select_from(both)
        .where(a.c.battle == _battle, a.c.side == "a")
    )


PAIRS = _pairs()
PILOT = (
    sa.select(battles.c.id)
    .where(
        *(battles.c[f"model_{side}"].in_((sa.bindparam("model"), sa.bindparam("other_model"))) for side in ("a", "b")),
        *(battles.c[f"shots_{side}"] == sa.bindparam("shots") for side in ("a", "b")),
        battles.c.state == "done",
        battles.c.task == sa.bindparam("task"),
        ~battles.c.probe,
        _of_its_own,
    )
    .order_by(battles.c.created.desc())
    .limit(1)
)


def _seconds_an_item() -> Query:
    """The latest five battles are chosen first: history grows."""

    def measured(side: str) -> Query:
        return sa.select(battles.c.id, battles.c.created, sa.literal(side).label("side")).where(
            battles.c.device == sa.bindparam("device"),
            battles.c.task == sa.bindparam("task"),
            battles.c[f"model_{side}"] == sa.bindparam("model"),
            battles.c[f"shots_{side}"] == sa.bindparam("shots"),
            _of_its_own,
            sa.exists().where(outcomes.c.battle == battles.c.id, outcomes.c.side == side),
        )

    sides = sa.union_all(measured("a"), measured("b")).subquery("sides")
    latest = sa.select(sides.c.id, sides.c.side).order_by(sides.c.created.desc()).limit(5).subquery("latest")
    theirs = sa.and_(outcomes.c.battle == latest.c.id, outcomes.c.side == latest.c.side, outcomes.c.score.is_not(None))
    return sa.select(sa.func.avg(outcomes.c.seconds)).select_from(latest.join(outcomes, theirs))


SECONDS_AN_ITEM = _seconds_an_item()


def newest(states: Sequence[str], owner: str | None, *, measuring: bool) -> Query:
    """Battles in any of these states, in any at all where none is named; with those that only measure, or without.

    states     some of the ledger's
    owner      whose, None for everybody's
    measuring  with probes and repeats
    """
    chosen = _newest.where(battles.c.state.in_(states)) if states else _newest
    if owner is not None:
        chosen = chosen.where(battles.c.owner == owner)
    return chosen if measuring else chosen.where(~battles.c.probe, _of_its_own)


def forecasts(by: str | None) -> Query:
    """Battles with a forecast, anybody's or this person's."""
    sealed = _newest.where(battles.c.seal.is_not(None))
    return sealed if by is None else sealed.where(battles.c.forecaster == by)
