"""Small acts of listening: which of the learner's words to quote, and which term was asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tutor.judge.words import length, tokens

_CLAUSE = re.compile(
    r"(?<=[.!?;:])\s+|\n+|(?<=[\u3002\uff01\uff1f\u0964\uff0c])|\s+[\u2013\u2014]\s+|,\s+(?=\S+\s\S+\s)"
)
LONGEST = 14  # words


def best_clause(own: str, cues: Sequence[str]) -> str:
    """The clause of the learner's own words that says most, cut to 14 words; "" when there are no words.

    Cues of the concept weigh most, then numbers, then length up to a dozen words; fewer than four say little.
    """
    clauses = [clause.strip(' \t,.;:\u3002\uff0c"\u201c\u201d') for clause in _CLAUSE.split(own)]
    clauses = [clause for clause in clauses if tokens(clause)]
    if not clauses:
        return ""

    def weight(clause: str) -> float:
        found = cues_in(clause, cues)
        numbers = sum(word[0].isdigit() for word in tokens(clause))
        words = length(clause)
        return 3 * min(found, 2) + min(numbers, 2) + min(words, 12) / 4 - (6 if words < 4 else 0)

    chosen = max(clauses, key=weight).split()
    if len(chosen) == 1 and len(chosen[0]) > 30:  # a script without spaces
        return chosen[0][:30] + "…"
    return " ".join(chosen[:LONGEST]) + ("…" if len(chosen) > LONGEST else "")


def cues_in(text: str, cues: Sequence[str]) -> int:
    """How many of the cues stand in the text, each at the start of a word."""
    low = re.sub(r"\s+", " ", text.casefold())
    return sum(re.search(rf"(?<![^\W_]){re.escape(cue.casefold())}", low) is not None for cue in cues)


def term_in(message: str, glossary: Mapping[str, str]) -> str | None:
    """“Term: its meaning” for the longest glossary term in the message, or None."""
    said = " ".join(tokens(message.replace("\u2019", "'"))).replace("-", " ")
    for term in sorted(glossary, key=len, reverse=True):
        words = " ".join(tokens(term.replace("\u2019", "'"))).replace("-", " ")
        if re.search(rf"(?<!\S){re.escape(words)}(?:s|es)?(?!\S)", said):
            return f"{term[:1].upper()}{term[1:]}: {glossary[term]}"
    return None
