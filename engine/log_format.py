"""The program's own log, on standard error: lines to read, or with `NOISEFLOOR_LOG=json` a JSON object a line.

One set-up for the web process and for workers. Keys never get into it: values of settings that name a key, and
passwords in addresses, are blotted out of whatever is about to be written, tracebacks included.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import logging
import os
import re
import sys

SECRET_SETTING = re.compile(r"key|token|secret|password|operator_code", re.IGNORECASE)
PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/@]+@")
BLOT, SHORTEST = "[hidden]", 8
_subject: contextvars.ContextVar[tuple[tuple[str, str], ...]] = contextvars.ContextVar("subject", default=())
_hidden: set[str] = set()


def set_up() -> None:
    """Sends what is logged in this process to standard error in one form: warnings, and for machines more."""
    as_json = os.environ.get("NOISEFLOOR_LOG", "").strip().lower() == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.INFO if as_json else logging.WARNING)
    handler.setFormatter(JsonLines() if as_json else ReadableLines())
    logging.basicConfig(level=handler.level, handlers=[handler], force=True)


def hide(*secrets: str) -> None:
    """Blots these out of every line from now on, beside what settings with telling names hold."""
    _hidden.update(secret for secret in secrets if len(secret) >= SHORTEST)


def about(**subject: str) -> None:
    """Whatever this thread logs from now on says which battle or person it is about. Ids only, no names."""
    _subject.set((*{**dict(_subject.get()), **subject}.items(),))


def without_secrets(text: str) -> str:
    """The text with every secret we know of blotted out."""
    named = {value for name, value in os.environ.items() if SECRET_SETTING.search(name) and len(value) >= SHORTEST}
    for secret in sorted(named | _hidden, key=len, reverse=True):
        text = text.replace(secret, BLOT)
    return PASSWORD.sub(rf"\1{BLOT}@", text)


class ReadableLines(logging.Formatter):
    """`2026-11-30 19:54:01 WARNING engine.runs.worker: battle b1 failed [battle b1]`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        subject = " ".join(f"{what} {id}" for what, id in _subject.get())
        return without_secrets(super().format(record) + (f" [{subject}]" if subject else ""))


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message; battle or person where known; error, with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **dict(_subject.get()),
        }
        if record.exc_info:
            line["error"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
