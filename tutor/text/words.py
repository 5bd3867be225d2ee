"""Words, sentences and word lists: the plain-text side of the judge. No weights, no decisions.

The lists (words.toml) hold what a reader of any subject looks for: signs of reasoning, of agreement, of asking for a
fact, of talking to the machine. They cover English, Spanish, Portuguese, French, German, Hindi (both scripts), Chinese.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_HAN = "\u3400-\u9fff"
_TOKEN = re.compile(rf"[{_HAN}]|\d+(?:[.,]\d+)*%?|[^\W\d_{_HAN}]+(?:['\u2019-][^\W\d_{_HAN}]+)*", re.UNICODE)
_SENTENCE = re.compile(r"(?<=[.!?\u2026])[\"\u201d'\u2019)*]*\s+|(?<=[\u3002\uff01\uff1f\u0964])|\n+|;\s+")


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers; a Han character is a word of its own; marks and quotes are dropped.

    >>> tokens("Aster-2 has 88.1%, “so what”? 分数")
    ['aster', '2', 'has', '88.1%', 'so', 'what', '分', '数']
    """
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold().replace("\u2212", "-"))


def sentences(text: str) -> list[str]:
    """The text in pieces that can be judged alone: sentences, lines, clauses after a semicolon."""
    return [piece.strip() for piece in _SENTENCE.split(text) if piece.strip()]


def word_count(words: Sequence[str]) -> float:
    """How many words these tokens make, where two Han characters make one.

    >>> word_count(tokens("two words 分数"))
    3.0
    """
    han = sum(len(word) == 1 and "\u3400" <= word <= "\u9fff" for word in words)
    return len(words) - han / 2


@cache
def list_pattern(name: str) -> re.Pattern[str]:
    """One of the word lists as a pattern. A line is an alternative; Latin ones match whole words."""
    latin: list[str] = []
    other: list[str] = []
    for line in WORD_LISTS[name].strip().splitlines():
        for word in (part.strip() for part in line.split("|")):
            (latin if word.isascii() or re.match(r"[a-z\u00c0-\u024f]", word) else other).append(word)
    parts = []
    if latin:
        parts.append(rf"(?<![^\W_])(?:{'|'.join(latin)})(?![^\W_])")
    if other:
        parts.append(f"(?:{'|'.join(other)})")
    return re.compile("|".join(parts), re.IGNORECASE)


def count_matches(name: str, text: str) -> int:
    """How often the words of the list `name` occur in the text."""
    return len(list_pattern(name).findall(text))


WORD_LISTS: dict[str, str] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
