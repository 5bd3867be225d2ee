"""What happens once a server: before it answers, and when it is told to end."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import FrameType
from typing import Any

import anyio.to_thread
import streamlit as st
import streamlit.logger

from engine import EngineError, access, log_format, runs
from engine.analysis import recordings
from pages.charts import noise_chart, score_bars
from pages.drawing.palette import DARK, LIGHT
from pages.server import uploads
from tutor import judge
from tutor.configuration import local_model_speaks, local_model_speed, measure_local_model

log = logging.getLogger(__name__)
LONGEST_END = 8.0
"""Seconds that what is under way has, once the server was told to end. All of it is written down before it counts."""


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Resumes what a crash left open, and computes what the first visitor would wait for."""
    _one_log()
    _end_in_time()
    await anyio.to_thread.run_sync(_start)
    yield


def _one_log() -> None:
    """Streamlit gives each of its loggers a handler of its own, those of the server too: theirs go where ours go."""
    log_format.set_up()
    log_format.hide(access.secret_key(), access.operator_sign_in().code)

    def without_handler(logger: logging.Logger) -> None:
        logger.handlers.clear()
        logger.propagate = True

    streamlit.logger.setup_formatter = without_handler
    for logger in [*logging.root.manager.loggerDict.values()]:
        if isinstance(logger, logging.Logger) and logger.name != "uvicorn.access":  # that one is switched off
            without_handler(logger)


def _end_in_time() -> None:
    """Told to end, the server lets what is under way finish, and ends then or after `LONGEST_END`.

    Without it a connection that is never closed, or a reply of a slow model, would keep it alive. Nothing is lost: a
    message is in the journal before it is answered, and workers are processes of their own.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # whoever runs us in a thread of theirs minds the signals
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def end(number: int, frame: FrameType | None, before: Any = before) -> None:
            timer = threading.Timer(LONGEST_END, os._exit, [0])
            timer.daemon = True
            timer.start()
            if callable(before):
                before(number, frame)

        signal.signal(number, end)


def _start() -> None:
    uploads.keep_on_disk()
    try:
        runs.resume_open()
    except EngineError as error:  # the pages say it as well, and those that need no ledger work
        log.error("%s", error)
    _warm_up()
    threading.Thread(target=_ready_the_tutor, daemon=True).start()  # nobody waits for it but the first learner
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


def _ready_the_tutor() -> None:
    with suppress(EngineError):  # the first message says what is wrong
        judge.local_judge().load()
    with suppress(EngineError):  # the page “Tutor” does
        if local_model_speaks(st.secrets) and local_model_speed() is None:
            measure_local_model()  # named by TUTOR_MODEL, so nobody pressed a button that would have done it


def _tell_who_may_do_what() -> None:
    """In the terminal, which visitors do not see. Not through the log: that may be kept, and sent elsewhere."""
    sign_in = access.operator_sign_in()
    listening = st.get_option("server.address")
    if access.is_public() or not access.is_loopback(listening):
        print(
            f"\n  Whoever reaches this server ({listening or 'on every address of this machine'}) is a visitor:\n"
            "  labs, logs, battles within limits. Nobody is its operator before signing in under /sign-in."
        )
        if not access.is_loopback(listening) and not os.environ.get("NOISEFLOOR_HOSTS", "").strip():
            print("  Set NOISEFLOOR_HOSTS to the names it is reached by, so that it answers to no others.")
    code = sign_in.code if sign_in.printed else "the one in NOISEFLOOR_OPERATOR_CODE"
    print(f"\n  Operator's start-up code: {code}\n", flush=True)
