"""What can be counted about a message, and its words by hash: the half of the local judge that works in any language.

Deterministic; knows no labels. The other half reads meaning (encoder.py), best in English.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tutor.exchange import Message
from tutor.judge.rules import OwnWords
from tutor.text.words import count_matches, sentences, tokens

Floats = NDArray[np.float32]
BUCKETS = 1 << 13
SIGNS = ("reason", "condition", "contrast", "compare", "decide", "agree", "lookup", "grader", "unsure")  # word lists


def count_features(message: Message, own: OwnWords) -> Floats:
    """Counts and shares of the learner's own words, each around 0 to 3."""
    text, words, n = own.text, own.words, own.length
    asked = set(tokens(message.tutor))
    shown = asked | set(tokens(message.case.text))
    known = shown.union(*(tokens(earlier) for earlier in message.earlier))
    different, total = set(words), len(words) or 1
    numbers = [word for word in words if word[0].isdigit()]
    given = {word for word in shown if word[0].isdigit()}
    matches = [count_matches(name, text) for name in SIGNS]
    row = [
        np.log1p(n),
        n <= 3,
        n <= 6,
        n > 40,
        np.log1p(len(sentences(text))),
        own.copied,
        own.copied > 0.5,
        min(own.instructions, 2),
        len(different & asked) / (len(different) or 1),
        len(different & shown) / (len(different) or 1),
        len(different - known) / (len(different) or 1),
        np.log1p(len({word for word in words if len(word) > 4} - known)),
        len(different) / total,
        np.log1p(len(numbers)),
        any(word in given for word in numbers),
        any(word not in given for word in numbers),
        "?" in text or "\uff1f" in text,
        text.rstrip().endswith(("?", "\uff1f")),
        text.count(",") / total,
        "**" in message.learner or "\n-" in message.learner,
        any(mark in text for mark in "=<>\u00b1\u00d7/\u221a"),
        sum(map(len, words)) / total / 5,
        sum(not word.isascii() for word in words) / total,
        *(np.log1p(count) for count in matches),
        *(min(3.0, 8 * count / (n + 4)) for count in matches),
    ]
    return np.asarray(row, np.float32)


def hash_words(words: Sequence[str]) -> Floats:
    """Tokens, pairs and pieces of them by hash bucket, shape (8192,); unit length, so that long texts do not shout."""
    pieces = [f"w {word}" for word in words]
    pieces += [f"p {first} {second}" for first, second in pairwise(words)]
    pieces += [f"s {word[:2]} {word[-2:]}" for word in words if len(word) > 4]
    pieces += [f"c {word[i : i + 4]}" for word in words if len(word) > 3 for i in range(len(word) - 3)]
    row = np.zeros(BUCKETS, np.float32)
    for piece in pieces:
        row[zlib.crc32(piece.encode()) % BUCKETS] += 1
    row = np.log1p(row)
    norm = float(np.linalg.norm(row))
    return row / norm if norm else row
