"""Extracting an answer by a pattern, as lm-eval's regex filter does: which match counts, and which of its groups."""

from __future__ import annotations

import re
from collections.abc import Callable


def whole_text(text: str) -> str:
    """The extraction of a task whose answer is all that the model wrote."""
    return text


def regex_extractor(pattern: str, which: int = 0) -> Callable[[str], str | None]:
    """Extracts the first match of a pattern, or the last one (`which` -1), without the white space around it.

    Of several groups the first that holds anything counts. A match that holds nothing is no answer: lm-eval keeps the
    empty text and never finds it right.

    >>> last_number = regex_extractor(r"-?[0-9]+", -1)
    >>> last_number("3 boxes of 4 pens are 12")
    '12'
    >>> last_number("nobody knows") is None
    True
    """
    compiled = re.compile(pattern)

    def extract(text: str) -> str | None:
        matches = compiled.findall(text)
        if not matches:
            return None
        groups = matches[which] if isinstance(matches[which], tuple) else (matches[which],)
        return next((group.strip() for group in groups if group), None)

    return extract
