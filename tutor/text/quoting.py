"""Which of the learner's words to quote back: the clause that says most about a concept."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tutor.text.words import tokens, word_count

_CLAUSE = re.compile(
    r"(?<=[.!?;:])\s+|\n+|(?<=[\u3002\uff01\uff1f\u0964\uff0c])|\s{1,9}[\u2013\u2014]\s+|,\s+(?=\S+\s\S+\s)"
)
LONGEST = 14  # words


def best_clause(own: str, cues: Sequence[str]) -> str:
    """The clause of the learner's own words that says most, cut to 14 words; "" when there are no words.

    Cues of the concept weigh most, then numbers, then length up to a dozen words; fewer than four say little.

    >>> best_clause("Well, I am no expert. The shots may differ between the two.", ["shot"])
    'The shots may differ between the two'
    """
    clauses = clauses_of(own)
    if not clauses:
        return ""

    def weight(clause: str) -> float:
        words = tokens(clause)
        numbers, length = sum(word[0].isdigit() for word in words), word_count(words)
        return 3 * min(count_cues(clause, cues), 2) + min(numbers, 2) + min(length, 12) / 4 - (6 if length < 4 else 0)

    chosen = max(clauses, key=weight).split()
    if len(chosen) == 1 and len(chosen[0]) > 30:  # a script without spaces
        return chosen[0][:30] + "…"
    return " ".join(chosen[:LONGEST]) + ("…" if len(chosen) > LONGEST else "")


def clauses_of(text: str) -> list[str]:
    """The clauses of a text as they stand there, without the marks around them.

    >>> clauses_of("S wobbles too, so the gap is small.")
    ['S wobbles too', 'so the gap is small']
    """
    clauses = [clause.strip(' \t,.;:\u3002\uff0c"\u201c\u201d') for clause in _CLAUSE.split(text)]
    return [clause for clause in clauses if tokens(clause)]


def count_cues(text: str, cues: Sequence[str]) -> int:
    """How many of the cues stand in the text, each at the start of a word.

    >>> count_cues("Few-shot  prompts", ["shot", "prompt", "rompt"])
    2
    """
    low = re.sub(r"\s+", " ", text.casefold())
    return sum(re.search(rf"(?<![^\W_]){re.escape(cue.casefold())}", low) is not None for cue in cues)
