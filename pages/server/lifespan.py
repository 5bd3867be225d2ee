"""What happens once a server: before it answers, and when it is told to end."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import streamlit as st

from engine import EngineError, access, runs
from engine.analysis import recordings
from pages.charts import noise_chart, score_bars
from pages.drawing.palette import DARK, LIGHT
from pages.shared import uploads

log = logging.getLogger(__name__)
LONGEST_END = 8.0
"""Seconds that what is under way has, once the server was told to end. All of it is written down before it counts."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Resumes what a crash left open, and computes what the first visitor would wait for."""
    await anyio.to_thread.run_sync(_start)
    yield


def _start() -> None:
    uploads.keep_on_disk()
    try:
        runs.resume_open()
    except EngineError as error:  # the pages say it as well, and those that need no ledger work
        log.error("%s", error)
    _warm_up()
    gc.collect()
    gc.freeze()  # keeps the collector off what the imports made
    _tell_who_may_do_what()


def _warm_up() -> None:
    battle = recordings.load("arc_easy")
    for n in noise_chart.checkpoints(100):
        recordings.verdict_after(battle, n)
    for colours in (LIGHT, DARK):
        noise_chart.draw(colours, len(battle.a), 40)
        score_bars.draw(colours)


def _tell_who_may_do_what() -> None:
    """In the terminal, which visitors do not see. Not through the log: that may be kept, and sent elsewhere."""
    sign_in = access.operator_sign_in()
    listening = st.get_option("server.address")
    if access.is_public() or not access.is_loopback(listening):
        print(
            f"\n  This server answers other machines ({listening or 'every address of this one'}). Whoever reaches it "
            "is a visitor:\n  labs, logs, battles within limits. Nobody is its operator before signing in (/sign-in)."
        )
        if not os.environ.get("NOISEFLOOR_HOSTS", "").strip():
            print("  Set NOISEFLOOR_HOSTS to the names it is reached by, so that it answers to no others.")
    code = sign_in.code if sign_in.printed else "the one in NOISEFLOOR_OPERATOR_CODE"
    print(f"\n  Operator's start-up code: {code}\n", flush=True)
