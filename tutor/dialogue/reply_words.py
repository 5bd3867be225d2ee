"""Reads a reply as words: its sentences, its numbers in digits and in letters, what it has in common with another text.

No decisions: reply_check.py makes them. The word lists are in reply_words.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path

from tutor.text.words import tokens

_RUN = 4  # so many words in a row are no accident
_COUNTING = 3  # up to here a number is a counting word: “two models”
_ENDS = re.compile(
    r"(?<=[.!?\u2026])\s+|(?<=[.!?\u2026][\"\u201d'\u2019)])\s+(?![a-z])|(?<=[\u3002\uff01\uff1f\u0964])|\n+"
)
_DIGITS = re.compile(r"(?<![^\W\d_])(?<![^\W\d_][-\u2011])\d+(?:[.,]\d+)*")  # that of the name Aster-2 is no number
_THOUSANDS = re.compile(r"(?<=\d)[,\u202f\u00a0](?=\d{3}(?!\d))")
_MEASURED = re.compile(r"\s?(?:%|per\s?cent|points?\b|pp\b|puntos|pontos|punkte|prozent)", re.I)
_POINT = {"point", "coma", "komma", "v\u00edrgula", "virgule", "punto", "\u70b9", "\u9ede", "दशमलव"}
_HAN = re.compile("[\u3007\u3400-\u9fff]")
_AND = {"and", "y", "e", "et", "und"}
_ENDINGS = (
    *("ingly", "ations", "ation", "ments", "ment", "ness", "ings", "ing", "ies", "ied", "ers", "est"),
    *("ed", "er", "es", "ly", "e", "s", "y"),
)


def sentences(text: str) -> list[str]:
    """Whole sentences, at least one.

    >>> sentences("It is 2.9 points. Why?")
    ['It is 2.9 points.', 'Why?']
    """
    return [sentence.strip() for sentence in _ENDS.split(text) if sentence and sentence.strip()] or [""]


def numbers(text: str) -> list[tuple[str, bool]]:
    """The numbers of a text, in digits or words, each written one way, and whether it may be a mere counting word.

    >>> numbers("two point nine of 14,042, and two models")
    [('2.9', False), ('14042', False), ('2', True)]
    """
    plain = "".join(str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text)
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFKC", plain).casefold())
    found = [(match.start(), *_counted(match[0].replace(",", "."), plain, match)) for match in _DIGITS.finditer(plain)]
    found += [(match.start(), *_counted(value, plain, match)) for value, match in _in_words(plain)]
    return [(value, counts) for _, value, counts in sorted(found)]


def _counted(value: str, plain: str, match: re.Match[str]) -> tuple[str, bool]:
    even = value.rstrip("0").rstrip(".") if "." in value else value.lstrip("0") or "0"
    signed = plain[: match.start()].rstrip().endswith(("\u00b1", "+", "-", "\u2212"))
    measured = signed or _MEASURED.match(plain, match.end())
    return even, even.isdigit() and int(even) <= _COUNTING and not measured


def _in_words(plain: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Runs of number words with what they come to."""
    for match in _word_run().finditer(plain):
        words = [word for word in _word().findall(match[0]) if word not in _AND]
        whole = list(takewhile(lambda word: word not in _POINT, words))
        decimals = "".join(str(_values()[word]) for word in words[len(whole) + 1 :])
        if len(words) > 1 or (not words[0].isascii() or _values()[words[0]] != 1):
            value = str(_composed([_values()[word] for word in whole], tens=match["han"] is not None))
            yield f"{value}.{decimals}" if decimals else value, match


def _composed(values: list[int], *, tens: bool) -> int:
    """What number words come to: 14, 1000, 42 are 14042. With `tens` ten multiplies, as in Chinese: 2, 10, 3 are 23."""
    total = section = digit = 0
    for value in values:
        if value >= 1000:
            total, section, digit = total + (section + digit or 1) * value, 0, 0
        elif value == 100 or (tens and value == 10):
            section, digit = section + (digit or 1) * value, 0
        else:
            section, digit = section + digit, value
    return total + section + digit


@cache
def _book() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def _values() -> dict[str, int]:
    return {word: int(value) for value, words in _book()["numbers"].items() for word in words.split("|")}


@cache
def _word() -> re.Pattern[str]:
    return re.compile("|".join(sorted({*_values(), *_POINT, *_AND}, key=len, reverse=True)))


@cache
def _word_run() -> re.Pattern[str]:
    words = "|".join(sorted((word for word in _values() if not _HAN.match(word)), key=len, reverse=True))
    more = rf"(?:(?:[\s-]*|\s(?:and|y|e|et)\s|und)(?:{words}))*"
    decimals = rf"(?:\s?(?:{'|'.join(_POINT)})(?:\s?(?:{words}))+)?"
    han = f"[{''.join(word for word in _values() if _HAN.match(word))}]"
    idioms = "(?!\u4e07\u4e00|\u5341\u5206)(?<!\u767e\u5206\u4e4b)"  # by chance; very; the “percent” before a number
    return re.compile(
        rf"(?<![^\W\d_])(?:{words}){more}{decimals}(?![^\W\d_])"
        rf"|(?P<han>{idioms}(?:{han}{{2,}}(?:[\u70b9\u9ede]{han}+)?|{han}[\u70b9\u9ede]{han}+))"
    )


@cache
def pattern(name: str) -> re.Pattern[str]:
    """One of the word lists; lines that begin with a Latin letter match whole words."""
    lines = _book()["patterns"][name].strip().splitlines()
    latin = "|".join(line for line in lines if ord(line.lstrip("^(?:")[0]) < 0x250)
    other = "".join(f"|(?:{line})" for line in lines if ord(line.lstrip("^(?:")[0]) >= 0x250)
    return re.compile(rf"(?<![^\W_])(?:{latin})(?![^\W_]){other}", re.I)


def stems(*texts: str) -> frozenset[str]:
    """The words that carry a text's meaning, without endings, so that “shrinks” and “shrink” are one."""
    return frozenset(stem for text in texts for stem in _stems(text))


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    words = (word.strip("%").removesuffix("'s").removesuffix("\u2019s") for word in tokens(text))
    return frozenset(_stem(word) for word in words if word not in _empty_words())


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


@cache
def _empty_words() -> frozenset[str]:
    return frozenset(_book()["words"]["empty"].split())


def said_share(text: str, sentence: str) -> float:
    """The share of a text's meaning that a sentence has; nothing where that is less than three words."""
    shared = len(stems(text) & stems(sentence))
    return shared / len(stems(text)) if shared >= 3 else 0.0


def copied_share(text: str, sources: Iterable[str]) -> float:
    """The share of a text's words that stand in one of the sources, in runs of `_RUN`."""
    words, most = tokens(text), 0.0
    for source in sources:
        there = tokens(source)
        runs = {tuple(there[i : i + _RUN]) for i in range(len(there) - _RUN + 1)}
        hit = [tuple(words[i : i + _RUN]) in runs for i in range(len(words) - _RUN + 1)]
        covered = sum(any(hit[max(0, i - _RUN + 1) : i + 1]) for i in range(len(words)))
        most = max(most, covered / len(words) if words else 0.0)
    return most
