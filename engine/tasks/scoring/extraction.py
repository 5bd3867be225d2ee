"""Reading an answer by a pattern, as lm-eval's regex filter does: which match counts, and which of its groups."""

from __future__ import annotations

import re
from collections.abc import Callable


def matching(pattern: str, which: int = 0) -> Callable[[str], str | None]:
    """Finds the first match of a pattern, or the last one (`which` -1), without the white space around it.

    Of several groups the first that holds anything counts. A match that holds nothing is no answer: lm-eval keeps the
    empty text and never finds it right.
    """
    compiled = re.compile(pattern)

    def find(text: str) -> str | None:
        matches = compiled.findall(text)
        if not matches:
            return None
        groups = matches[which] if isinstance(matches[which], tuple) else (matches[which],)
        return next((group.strip() for group in groups if group), None)

    return find
