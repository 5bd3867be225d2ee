"""What battles stand on here: versions, device, disk, workers, endpoints."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
from collections.abc import Iterator

from engine.device import resolve
from engine.doctor.finding import Finding
from engine.home import PROJECT, home
from engine.models.configured import read_endpoints
from engine.runs.executor import SPACE_NEEDED
from engine.runs.lock import busy
from engine.store import beginning
from engine.store.ledger import OPEN_STATES, Entry, Ledger

ROOMY = 2 << 30
"""Bytes that the first use of a packaged model may want: the converted weights, and a copy while they are made."""
TOLD = ("torch", "transformers", "streamlit")


def versions() -> Iterator[Finding]:
    """Whether what is installed is what the release was tried with."""
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE))
    other, missing = [], []
    for name, wanted in pinned.items():
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
        else:
            if here.partition("+")[0] != wanted.partition("+")[0]:
                other.append(f"{name} {here} instead of {wanted}")
    system = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    again = "Install what the release was tried with: pip install -r requirements.txt"
    if missing:
        yield Finding(subject="versions", state="broken", says=f"Not installed: {', '.join(missing)}.", mend=again)
    if other:
        yield Finding(subject="versions", state="warning", says=f"{system}; {', '.join(other)}.", mend=again)
    if not missing and not other:
        known = ", ".join(f"{name} {pinned[name]}" for name in TOLD if name in pinned)
        yield Finding(subject="versions", state="ok", says=f"{system}; {known}; all as pinned.")


def device() -> Iterator[Finding]:
    """What `--device auto` comes to."""
    chosen = resolve("auto")
    slow = " Battles take minutes to hours on it." if chosen == "cpu" else ""
    yield Finding(subject="device", state="ok", says=f"Battles run on {chosen}.{slow}")


def disk() -> Iterator[Finding]:
    """Whether there is space for what battles write."""
    free = shutil.disk_usage(home()).free
    says = f"{free / 1e9:,.1f} GB are free at {home()}."
    if free < SPACE_NEEDED:
        yield Finding(subject="disk", state="broken", says=says, mend="Free some space: no battle runs before.")
    elif free < ROOMY:
        yield Finding(
            subject="disk", state="warning", says=says, mend="The first use of a model may want 2 GB: free some space."
        )
    else:
        yield Finding(subject="disk", state="ok", says=says)


def workers() -> Iterator[Finding]:
    """Whether somebody is at the battles that are open."""
    if not beginning.begun(home() / "ledger.db"):
        yield Finding(subject="workers", state="ok", says="No battle was ever begun.")
        return
    with Ledger() as ledger:
        lines = ledger.lines(states=OPEN_STATES, measuring=True, limit=10_000)
    devices = [line.battle.device if isinstance(line, Entry) else line.device for line in lines]
    if not devices:
        yield Finding(subject="workers", state="ok", says="No battle is open.")
    for name in sorted({*devices}):
        open_, alive = devices.count(name), busy(name)
        yield Finding(
            subject=f"worker {name}",
            state="ok" if alive else "warning",
            says=f"Open battles: {open_:,}. {'A worker is at them.' if alive else 'Nobody is at them.'}",
            mend="" if alive else "Open the app, or look at one: python -m engine battle --resume ID",
        )


def endpoints() -> Iterator[Finding]:
    """The endpoints that are configured, by name, and what is wrong with others; none is asked, no key is told."""
    known, wrong = read_endpoints()
    for name, mistake in wrong.items():
        yield Finding(
            subject=f"endpoint {name}" if name else "endpoints",
            state="broken" if not name else "warning",
            says=mistake,
            mend="Mend that place; docs/endpoints.md has an example.",
        )
    for name, endpoint in known.items():
        missing = endpoint.key_variable and not os.environ.get(endpoint.key_variable)
        yield Finding(
            subject=f"endpoint {name}",
            state="warning" if missing else "ok",
            says=f"Its key is not in {endpoint.key_variable}." if missing else "Configured; it was not asked.",
            mend=f"Set {endpoint.key_variable} where the app starts." if missing else "",
        )
    if not known and not wrong:
        yield Finding(subject="endpoints", state="ok", says="None is configured.")
