"""Which term of a lab's glossary somebody asks about, and what it means there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tutor.judge.words import tokens


def look_up_term(message: str, glossary: Mapping[str, str]) -> str | None:
    """“Term: its meaning” for the longest glossary term in the message, or None.

    >>> look_up_term("What are benchmarks?", {"benchmark": "A fixed set of questions."})
    'Benchmark: A fixed set of questions.'
    """
    asked = _even(message)
    for term in sorted(glossary, key=len, reverse=True):
        if re.search(rf"(?<!\S){re.escape(_even(term))}(?:s|es)?(?!\S)", asked):
            return f"{term[:1].upper()}{term[1:]}: {glossary[term]}"
    return None


def _even(text: str) -> str:
    """Words with one space between them, hyphens as spaces, so that “zero-shot” and “zero shot” are one term."""
    return " ".join(tokens(text.replace("\u2019", "'"))).replace("-", " ")
