"""What of a message is no copy: text taken from the lab, the case, the tutor or earlier messages is removed.

Works on words, so punctuation, capitals and small edits do not hide a copy. It does not see paraphrase or translation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tutor.text.words import sentences, tokens

CopySource = Literal["reading", "case", "tutor", "own"]
_RUN = 4  # so many words in a row are no accident
_MOSTLY = 0.6  # a sentence is a copy when this share of its words stands in the source in that order
_EDITED, _LONG = 0.7, 8  # an edited copy: so much of so many words stands in pairs that are near each other there


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """A message without its copies. `shares`: the share of all its words that each source accounts for."""

    text: str
    shares: dict[CopySource, float]

    @property
    def copied(self) -> float:
        """The share of the message that is copied from anywhere."""
        return min(1.0, sum(self.shares.values()))

    @property
    def source(self) -> CopySource | None:
        """Where most of the copied words come from."""
        if not self.copied:
            return None
        return max(self.shares, key=lambda source: self.shares[source])


def remainder(message: str, sources: Mapping[CopySource, Sequence[str]]) -> Remainder:
    """The sentences of a message that are not copies; of half-copied ones the words outside the copied runs.

    >>> remainder("A score is one number. So what hides in it?", {"reading": ("A score is one number, no more.",)}).text
    'So what hides in it?'
    """
    kept: list[str] = []
    counts: dict[CopySource, float] = dict.fromkeys(sources, 0.0)
    total = 0
    indexed = {source: [_indexed(text) for text in texts] for source, texts in sources.items()}
    for sentence in sentences(message):
        words = tokens(sentence)
        total += len(words)
        covered, source = _most_covered(words, indexed)
        share = sum(covered) / len(words) if words else 0.0
        if source is None or share == 0.0:
            kept.append(sentence)
        elif share >= _MOSTLY and covered.count(False) <= 6:
            counts[source] += len(words)
        else:
            counts[source] += sum(covered)
            kept.append(" ".join(word for word, copied in zip(words, covered, strict=True) if not copied))
    return Remainder(
        text="\n".join(kept), shares={source: count / total if total else 0.0 for source, count in counts.items()}
    )


class _IndexedText:
    """A source, by its words, its runs, and the pairs of words that stand near each other."""

    def __init__(self, text: str) -> None:
        self.words = tokens(text)
        self.runs = {tuple(self.words[i : i + _RUN]) for i in range(len(self.words) - _RUN + 1)}
        self.pairs = {
            (self.words[i], self.words[j])
            for i in range(len(self.words))
            for j in range(i + 1, min(i + 4, len(self.words)))
            if max(len(self.words[i]), len(self.words[j])) > 3
        }

    def covered(self, words: list[str]) -> list[bool]:
        """Which words of a sentence are taken from here."""
        if len(words) < _RUN:
            runs = (tuple(self.words[i : i + len(words)]) for i in range(len(self.words) - len(words) + 1))
            return [len(words) >= 2 and tuple(words) in runs] * len(words)
        run = [False] * len(words)
        for i in range(len(words) - _RUN + 1):
            if tuple(words[i : i + _RUN]) in self.runs:
                run[i : i + _RUN] = [True] * _RUN
        near = [False] * len(words)
        for i in range(len(words) - 1):
            if (words[i], words[i + 1]) in self.pairs:
                near[i] = near[i + 1] = True
        return near if sum(near) >= _EDITED * len(words) and len(words) >= _LONG else run


@lru_cache(maxsize=512)
def _indexed(text: str) -> _IndexedText:
    """Lessons and cases come again with every message."""
    return _IndexedText(text)


def _most_covered(
    words: list[str], indexed: dict[CopySource, list[_IndexedText]]
) -> tuple[list[bool], CopySource | None]:
    best: tuple[list[bool], CopySource | None] = ([False] * len(words), None)
    for source, texts in indexed.items():
        for text in texts:
            covered = text.covered(words)
            if sum(covered) > sum(best[0]):
                best = (covered, source)
    return best


def is_repeat(words: Iterable[str], earlier: Iterable[str]) -> bool:
    """Whether every content word among the tokens `words` stands in one of the earlier messages already.

    >>> is_repeat(["the", "vendor", "picked", "settings"], ["Settings that the vendor picked"])
    True
    """
    content = {word for word in words if len(word) > 3 or not word.isascii() or word[0].isdigit()}
    return bool(content) and any(len(content - set(tokens(text))) <= len(content) // 6 for text in earlier)
