"""Reads the numbers of a sentence: digits, words, Chinese and Hindi numerals, with unit, rounding and hedges.

It says what was written and not what it means: checks.py finds out which score, gap or count is meant.
The words are in quantities.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

Unit = Literal["", "points", "items", "other"]

_LETTER = "A-Za-z\u00c0-\u024f\u0900-\u0963"  # of a script that puts spaces between words
_DIGITS = re.compile(
    rf"(?<![{_LETTER}_@#\d])(?<![{_LETTER}]-)(?<!\d[.,:])"
    rf"(?:\d{{1,3}}(?:[,.'\u00a0\u202f]\d{{3}})+(?!\d)|\d{{1,3}}(?: \d{{3}})+(?![\d.,])|\d{{1,7}}(?:[.,]\d{{1,6}})?)"
    rf"(?![\d_]|[.,:]\d)(?P<thousand>k(?![{_LETTER}])| thousand)?",
    re.I,
)
_HAN_NUMBER = re.compile("(?:[二两兩三四五六七八九十]|一(?=[十百千万萬]))[一二三四五六七八九十百千万萬零〇]*")
_HAN_DIGIT = dict(zip("〇零一二两兩三四五六七八九", (0, 0, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_HAN_PLACE = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "萬": 10_000}
_BETWEEN = re.compile(r"\s*%?\s*(?:-|\u2013|\u2014|to|and|a|y|e|et|à|bis|und|se|से|到|至|~)\s*", re.I)
_OPENS_RANGE = re.compile(r"(?:from|between|de|entre|von|zwischen|从|從|在|within|range)\W*$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number as somebody wrote it.

    stated    the writing, without unit
    readings  what it may be: “1.319” is 1319 in one country and 1.319 in another; the first is the likelier
    step      the place of its last digit that counts: 0.1 for 2.9, 1000 for 14,000
    unit      what follows: percent and points, items of a test, something else, or nothing
    about     whether a word makes it approximate
    bound     whether it is a limit (“more than 3”), and not a value
    ranged    whether it is an end of a range such as “64 to 78”
    start     where it begins in the text; `end` is after its unit
    """

    stated: str
    readings: tuple[float, ...]
    step: float
    unit: Unit
    about: bool
    bound: bool
    ranged: bool
    start: int
    end: int

    @property
    def value(self) -> float:
        """Its likelier reading."""
        return self.readings[0]


@cache
def words_of(section: str, name: str) -> str:
    """A list of quantities.toml as one alternative of a regular expression; Latin words match whole."""
    latin: list[str] = []
    other: list[str] = []
    for word in book()[section][name].split("|") if "(?:" not in book()[section][name] else [book()[section][name]]:
        (latin if re.match(r"[a-z\u00c0-\u024f\u0900-\u097f'\u2019(]", word) else other).append(word)
    parts = [rf"(?<![{_LETTER}])(?:{'|'.join(latin)})(?![{_LETTER}])"] if latin else []
    return f"(?:{'|'.join([*parts, *other])})"


@cache
def book() -> dict[str, Any]:
    """The word lists."""
    return tomllib.loads(Path(__file__).with_name("quantities.toml").read_text(encoding="utf-8"))


def even(text: str) -> str:
    """The text with plain digits, signs and quotes, letter by letter, so that every position stays what it was.

    >>> even("१६४ − ８８．１％")
    '164 - 88.1%'
    """
    return "".join(_plain(letter) for letter in text)


def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers of a text that can stand for a quantity, in order.

    Left out are parts of names (Cobalt-7B, GPT-4), years, steps, list numbers, shots, runs, times and dates.

    >>> [(found.stated, found.unit) for found in quantities("GPT-4 in 2023: about 3 points on 1,319 questions, 5-shot")]
    [('3', 'points'), ('1,319', 'items')]
    """
    plain = even(text)
    found = sorted([*_in_digits(plain), *_in_words(plain), *_in_han(plain)], key=lambda one: one.start)
    kept = [one for one in found if one.unit != "other" and not _is_label(one, plain)]
    ends = _range_ends(kept, plain)
    return tuple(
        replace(one, ranged=one.start in ends, stated=text[one.start : one.start + len(one.stated)]) for one in kept
    )


def _plain(letter: str) -> str:
    if letter.isdecimal() or letter in "．％＋－＝（），：":
        return unicodedata.normalize("NFKC", str(unicodedata.digit(letter)) if letter.isdecimal() else letter)
    return {"\u2212": "-", "\u2019": "'", "\u2018": "'", "٫": "."}.get(letter, letter)


def _in_digits(plain: str) -> list[Quantity]:
    found = []
    for match in _DIGITS.finditer(plain):
        digits = match[0].removesuffix(match["thousand"] or "")
        readings, step = _read(digits)
        if match["thousand"]:
            readings, step = tuple(1000 * value for value in readings), 1000 * step
        found.append(_quantity(plain, match.start(), match.end(), readings, step))
    return found


def _read(digits: str) -> tuple[tuple[float, ...], float]:
    """The values that the digits may stand for, and the place of their last one."""
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:([,.' \u00a0\u202f])\d{3})+", digits)
    if grouped:
        whole = re.sub(r"\D", "", digits)
        decimal = re.fullmatch(r"\d+[.,]\d{3}", digits)
        readings = (float(whole),) + ((float(digits.replace(",", ".")),) if decimal else ())
        return readings, _place(whole)
    value = digits.replace(",", ".").replace(" ", "")
    decimals = len(value.partition(".")[2])
    return (float(value),), 10.0**-decimals if decimals else _place(value)


def _place(whole: str) -> float:
    """1000 for 14000 and 100 for 8000: two digits count. 1 for 10, 120 and 300: a nought alone is no rounding."""
    noughts = min(len(whole) - len(whole.rstrip("0")), len(whole) - 2)
    return float(10**noughts) if noughts >= 2 else 1.0


@cache
def _word_values() -> dict[str, int]:
    return {word: int(value) for value, words in book()["words"].items() for word in words.split("|")}


@cache
def _word_number() -> re.Pattern[str]:
    words = "|".join(sorted(_word_values(), key=len, reverse=True))
    word = rf"(?:{words}|(?:one|a)(?= (?:hundred|thousand))|half a(?=[ -](?:percent\w* )?point))"
    return re.compile(
        rf"(?<![{_LETTER}_-])(?:{word})(?:(?:[ -]|[ -]and[ -])(?:{words}|one|hundred|thousand)(?![{_LETTER}]))*"
        rf"(?: point (?:{words}|one)(?![{_LETTER}]))?(?![{_LETTER}])",
        re.I,
    )


def _in_words(plain: str) -> list[Quantity]:
    values, found = _word_values(), []
    for match in _word_number().finditer(plain.casefold() if len(plain.casefold()) == len(plain) else plain):
        said = match[0].casefold()
        if said == "half a":
            found.append(_quantity(plain, match.start(), match.end(), (0.5,), 0.1))
            continue
        whole, _, tenth = said.partition(" point ")
        total = 0
        for word in re.split(r"[ -]", whole):
            if word in ("hundred", "thousand"):
                total = max(total, 1) * (100 if word == "hundred" else 1000)
            elif word != "and":
                total += 1 if word in ("a", "one") else values.get(word, 0)
        if total > 1e9:
            continue
        value = total + (1 if tenth == "one" else values.get(tenth, 0)) / 10 if tenth else total
        found.append(_quantity(plain, match.start(), match.end(), (float(value),), 0.1 if tenth else 1.0))
    return found


def _in_han(plain: str) -> list[Quantity]:
    found = []
    for match in _HAN_NUMBER.finditer(plain):
        total = section = digit = 0
        for sign in match[0]:
            if sign in _HAN_DIGIT:
                digit = _HAN_DIGIT[sign]
            elif _HAN_PLACE[sign] == 10_000:
                total, section, digit = total + (section + digit) * 10_000, 0, 0
            else:
                section, digit = section + (digit or 1) * _HAN_PLACE[sign], 0
        one = _quantity(plain, match.start(), match.end(), (float(total + section + digit),), 1.0)
        if one.unit in ("points", "items"):  # without one the sign is mostly part of a word
            found.append(one)
    return found


@cache
def _units() -> tuple[tuple[Unit, re.Pattern[str]], ...]:
    kinds: tuple[Unit, ...] = ("items", "other", "points")
    small = r"(?:(?:more|tests?|small|python|coding|code|word|maths?|mmlu|humaneval|gsm8k|factual|of the)\s+){0,3}"
    return tuple(
        (kind, re.compile(rf"[\s-]{{0,2}}{small if kind == 'items' else ''}{words_of('units', kind)}", re.I))
        for kind in kinds
    )


def _quantity(plain: str, start: int, end: int, readings: tuple[float, ...], step: float) -> Quantity:
    unit: Unit = ""
    stop = end
    for kind, pattern in _units():
        match = pattern.match(plain, end)
        if match:
            unit, stop = kind, match.end()
            break
    before = plain[max(0, start - 24) : start]
    hedge = re.search(rf"{words_of('before', 'about')}\s*$", before, re.I)
    softened = re.match(rf"\s*{words_of('after', 'about')}", plain[end:], re.I)
    limit = re.search(rf"{words_of('before', 'bound')}\s*(?:{words_of('before', 'about')}\s*)?$", before, re.I)
    return Quantity(
        stated=plain[start:end],
        readings=readings,
        step=step,
        unit=unit,
        about=bool(hedge or softened),
        bound=bool(limit),
        ranged=False,
        start=start,
        end=stop,
    )


def _is_label(one: Quantity, plain: str) -> bool:
    """Whether the number names a thing (a year, step 3, list item 2, temperature 0.8) and measures nothing."""
    before, after = plain[max(0, one.start - 24) : one.start], plain[one.end : one.end + 3]
    if not one.unit and one.value == int(one.value) and 1950 <= one.value <= 2049 and "," not in one.stated:
        return True
    if re.match(rf"[{_LETTER}]|-[{_LETTER}]", after) and not one.unit:
        return True
    if re.search(r"[$€£₹¥]\s*$", before) or re.match(r"\s*[$€£₹¥]", after):
        return True
    listed = re.match(r"[.)]\s", after) and (not before.strip() or re.search(r"\n\s*$", before))
    named = re.search(rf"(?:{words_of('before', 'label')})\s*$", before, re.I)
    unlabelled = re.search(r"\b(?:of|over|at|questions?)\s*$", before, re.I)
    return bool(listed or (named and not unlabelled and one.unit != "items"))


def _range_ends(found: list[Quantity], plain: str) -> set[int]:
    """Where the numbers begin that are the two ends of a range."""
    ends = set()
    for low, high in pairwise(found):
        between = plain[low.end : high.start]
        if _BETWEEN.fullmatch(between) and low.value < high.value:
            joins_more = re.fullmatch(r"\W*(?:and|y|e|et|und|a)\W*", between, re.I)  # they join other things
            if not joins_more or _OPENS_RANGE.search(plain[: low.start]):
                ends |= {low.start, high.start}
    return ends
