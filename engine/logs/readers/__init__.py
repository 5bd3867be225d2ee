"""Log formats, a module each; those of lm-eval are in `engine.logs.lm_eval`, where its files are also written."""

from __future__ import annotations

from typing import Any, Protocol

from engine.logs.files import LogFile
from engine.logs.log import Contents

__all__ = ["Reader"]


class Reader(Protocol):
    """A log format, which is a module that has these two functions."""

    def recognises(self, document: Any) -> bool:
        """Whether a file is in this format.

        document  its JSON value, or the first object of a file with an object a line
        """

    def contents(self, source: LogFile, document: Any) -> Contents:
        """All logs in a file that was recognised.

        source    the file, for names in messages, for the files beside it, and for what may still be read
        document  what was recognised

        Raises:
            CallerMistake: it is not as the format has it; the message names the file and the place in it.
        """
