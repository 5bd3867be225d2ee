"""Which learner sits at a device, and the code that brings a learner to another one.

A device is its own learner until it is told to be another's: only then is there a row, so that whoever merely looks
leaves none. Ids of devices and learners are random and never shown; a code is shown once and kept as a hash.
"""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa

from tutor.journal.codes import digest, new_code
from tutor.journal.connection import to_read, to_write
from tutor.journal.tables import codes, devices, sheets, talks, turns
from tutor.journal.transcripts import now

DEVICE = "d:"


def device_id(token: str) -> str:
    """The id of the device that has this secret token; the token cannot be read from it."""
    return DEVICE + hashlib.sha256(f"Noise Floor device {token}".encode()).hexdigest()[:40]


def new_learner() -> str:
    """A name nobody can guess."""
    return secrets.token_urlsafe(16)


def learner_of(device: str) -> str:
    """Who sits at this device: whoever it was handed to, else a learner of its own."""
    with to_read() as connection:
        return connection.scalar(sa.select(devices.c.learner).where(devices.c.device == device)) or device


def has_written(learner: str) -> bool:
    """Whether there is anything of this learner that a code would bring back."""
    with to_read() as connection:
        return connection.scalar(sa.select(talks.c.id).where(talks.c.learner == learner).limit(1)) is not None


def new_resume_code(learner: str) -> str:
    """A code that brings this learner to another device; the one before it is void from now on. It is told once."""
    code = new_code()
    with to_write() as connection:
        connection.execute(sa.delete(codes).where(codes.c.learner == learner))
        connection.execute(sa.insert(codes).values(learner=learner, digest=digest(code), created=now()))
    return code


def has_code(learner: str) -> bool:
    """Whether a code of this learner is out, which a new one would make void."""
    with to_read() as connection:
        return connection.scalar(sa.select(codes.c.learner).where(codes.c.learner == learner)) is not None


def resume(device: str, code: str) -> str | None:
    """Hands the device to the learner of a code; returns who that is, None where no learner has this code."""
    with to_write() as connection:
        learner = connection.scalar(sa.select(codes.c.learner).where(codes.c.digest == digest(code)))
        if learner is not None:
            _hand_over(connection, device, learner)
        return learner


def delete(device: str) -> int:
    """Removes everything that the learner at this device wrote; returns how many talks there were.

    Their code is void, and nobody is this learner any more: the device, and the one that was this learner by itself,
    begin anew.
    """
    learner = learner_of(device)
    mine = sa.select(talks.c.id).where(talks.c.learner == learner)
    with to_write() as connection:
        for table in (turns, sheets):
            connection.execute(sa.delete(table).where(table.c.talk.in_(mine)))
        count = connection.execute(sa.delete(talks).where(talks.c.learner == learner)).rowcount
        connection.execute(sa.delete(codes).where(codes.c.learner == learner))
        connection.execute(sa.delete(devices).where(devices.c.learner == learner))
        for each in {device, learner} if learner.startswith(DEVICE) else {device}:
            _hand_over(connection, each, new_learner())
        return count


def _hand_over(connection: sa.Connection, device: str, learner: str) -> None:
    connection.execute(sa.delete(devices).where(devices.c.device == device))
    if learner != device:
        connection.execute(sa.insert(devices).values(device=device, learner=learner, since=now()))
