"""The 25 kinds of instruction that IFEval gives, and whether a text follows one (Zhou et al. 2023, arXiv:2311.07911).

A check is a few lines of code over the text, never a model; each follows lm-eval 0.4.13 with NLTK 3.10.4, in time in
proportion to the text. Three things are not as there, because there they are not one answer but several:

- lm-eval draws a letter at random where the letter to be counted is not one of a to z (`#` in prompt 1122 and `!` in
  1129). Here that character is counted.
- lm-eval guesses a language with `langdetect` unseeded, so that a close call comes out one way or the other. Here
  its seed is 0 and its profiles are read in the order of their names.
- lm-eval stops with an error at JSON nested more than about a thousand deep. Here that does not count as JSON.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import CallerMistake
from engine.tasks.scoring.sentences import count_capitals, count_words, sentences

if TYPE_CHECKING:
    from langdetect.detector_factory import DetectorFactory

Instruction = tuple[str, Mapping[str, Any]]
"""A kind, and what it asks for: `("length_constraints:number_words", {"relation": "at least", "num_words": 300})`."""

_PLAIN_ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def instructions_of(kinds: Sequence[str], arguments: Sequence[Mapping[str, Any]]) -> tuple[Instruction, ...]:
    """The instructions of a row of IFEval; arguments that are null say nothing (the hub has all of them everywhere).

    Raises:
        KeyError, TypeError, ValueError: a kind or an argument that is none of IFEval's.
    """
    stated = [{name: value for name, value in each.items() if value is not None} for each in arguments]
    for kind, each in zip(kinds, stated, strict=True):
        inspect.signature(CHECKS[kind]).bind("", **each)
    return tuple(zip(kinds, stated, strict=True))


def followed_strictly(text: str, instructions: Sequence[Instruction]) -> tuple[bool, ...]:
    """Which instructions the text follows as it is. A blank text follows none."""
    return tuple(_follows(text, kind, arguments) for kind, arguments in instructions)


def followed_loosely(text: str, instructions: Sequence[Instruction]) -> tuple[bool, ...]:
    """Which instructions it follows as it is, or without its first line, its last line, its asterisks."""
    lines = text.split("\n")
    shortened = [text, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    versions = dict.fromkeys([*shortened, *(version.replace("*", "") for version in shortened)])
    return tuple(any(_follows(version, kind, arguments) for version in versions) for kind, arguments in instructions)


def _follows(text: str, kind: str, arguments: Mapping[str, Any]) -> bool:
    return bool(text.strip()) and CHECKS[kind](text, **arguments)


# ---- the language of a text


@functools.cache
def _languages() -> DetectorFactory:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.seed = 0
    factory.load_json_profile([file.read_text("utf-8") for file in sorted(Path(PROFILES_DIRECTORY).iterdir())])
    return factory


def _is_possibly(language: str, text: str) -> bool:
    """Whether a text is in a language, as far as can be told: one without letters gets the benefit of the doubt."""
    from langdetect.lang_detect_exception import LangDetectException

    detector = _languages().create()
    detector.append(text)
    try:
        return bool(detector.detect() == language)
    except LangDetectException:
        return True


# ---- counting


def _meets(count: int, relation: str, number: int) -> bool:
    match relation:
        case "less than":
            return count < number
        case "at least":
            return count >= number
    raise CallerMistake(f"An instruction compares with {relation!r}; IFEval knows 'less than' and 'at least'.")


def _has_words(text: str, relation: str, num_words: int) -> bool:
    return _meets(count_words(text), relation, num_words)


def _has_sentences(text: str, relation: str, num_sentences: int) -> bool:
    return _meets(len(sentences(text)), relation, num_sentences)


def _has_capital_words(text: str, capital_relation: str, capital_frequency: int) -> bool:
    return _meets(count_capitals(text), capital_relation, capital_frequency)


def _has_letter(text: str, letter: str, let_relation: str, let_frequency: int) -> bool:
    return _meets(text.lower().count(letter.strip().lower()), let_relation, let_frequency)


def _has_keyword(text: str, keyword: str, relation: str, frequency: int) -> bool:
    return _meets(len(_occurrences(keyword.strip(), text)), relation, frequency)


def _has_no_word(text: str, forbidden_words: Sequence[str]) -> bool:
    return not any(_occurrences(word, text, edge=r"\b") for word in forbidden_words)


def _occurrences(word: str, text: str, edge: str = "") -> list[str]:
    return re.findall(edge + re.escape(word) + edge, text, re.IGNORECASE)


def _has_paragraphs(text: str, num_paragraphs: int) -> bool:
    return _all_filled(paragraphs := re.split(r"\s?\*\*\*\s?", text)) and len(_filled(paragraphs)) == num_paragraphs


def _has_two_responses(text: str) -> bool:
    answers = text.split("******")
    return _all_filled(answers) and len(_filled(answers)) == len(set(_filled(answers))) == 2


def _all_filled(parts: Sequence[str]) -> bool:
    """Whether no part is blank, but for what stands before the first divider and after the last."""
    return all(part.strip() for part in parts[1:-1])


def _filled(parts: Sequence[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]


def _nth_paragraph_begins(text: str, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    """Blank paragraphs are left out of the number of them, but not in finding the nth."""
    paragraphs = text.split("\n\n")
    if not len(_filled(paragraphs)) == num_paragraphs >= nth_paragraph:
        return False
    words = paragraphs[nth_paragraph - 1].split()
    return bool(words) and re.split(r"[.,?!'\"]", words[0].lstrip("'").lstrip('"'))[0].lower() == first_word.lower()


# ---- marks in the text, found line by line so that no unclosed bracket is looked for twice


def _has_placeholders(text: str, num_placeholders: int) -> bool:
    count = 0
    for line in text.split("\n"):
        end = 0
        while (start := line.find("[", end)) >= 0 and (end := line.find("]", start)) >= 0:
            count += 1
    return count >= num_placeholders


def _has_title(text: str) -> bool:
    for line in text.split("\n"):
        start, end = line.find("<<"), line.rfind(">>")
        if 0 <= start < end - 2 and line[start : end + 2].lstrip("<").rstrip(">").strip():
            return True
    return False


def _has_bullets(text: str, num_bullets: int) -> bool:
    stars = re.findall(r"^[^\S\n]*\*[^*].*$", text, re.MULTILINE)
    dashes = re.findall(r"^[^\S\n]*-", text, re.MULTILINE)
    return len(stars) + len(dashes) == num_bullets


def _has_highlights(text: str, num_highlights: int) -> bool:
    """`*so*` is one, `**so**` is one more; two empty pairs of asterisks are none."""
    single = [mark for mark in re.findall(r"\*[^\n*]*\*", text) if mark.strip("*").strip()]
    double = [mark for mark in re.findall(r"\*\*[^\n*]*\*\*", text) if mark[2:-2].strip()]
    return len(single) + len(double) >= num_highlights


def _has_sections(text: str, section_spliter: str, num_sections: int) -> bool:
    return len(re.findall(re.escape(section_spliter.strip()) + r"\s?\d+", text)) >= num_sections


def _has_postscript(text: str, postscript_marker: str) -> bool:
    marker = postscript_marker.strip()
    spaced = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    return re.search(spaced.get(marker, re.escape(marker.lower())), text.lower()) is not None


# ---- the whole text


def _is_json(text: str) -> bool:
    text = text.strip()
    for fence in ("```json", "```Json", "```JSON", "```"):
        text = text.removeprefix(fence)
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _ends_with(text: str, end_phrase: str) -> bool:
    return text.strip().strip('"').lower().endswith(end_phrase.strip().lower())


def _begins_with(text: str, prompt_to_repeat: str) -> bool:
    return text.strip().lower().startswith(prompt_to_repeat.strip().lower())


def _is_quoted(text: str) -> bool:
    text = text.strip()
    return len(text) > 1 and text[0] == text[-1] == '"'


CHECKS: Mapping[str, Callable[..., bool]] = {
    "change_case:capital_word_frequency": _has_capital_words,
    "change_case:english_capital": lambda text: text.isupper() and _is_possibly("en", text),
    "change_case:english_lowercase": lambda text: text.islower() and _is_possibly("en", text),
    "combination:repeat_prompt": _begins_with,
    "combination:two_responses": _has_two_responses,
    "detectable_content:number_placeholders": _has_placeholders,
    "detectable_content:postscript": _has_postscript,
    "detectable_format:constrained_response": lambda text: any(answer in text for answer in _PLAIN_ANSWERS),
    "detectable_format:json_format": _is_json,
    "detectable_format:multiple_sections": _has_sections,
    "detectable_format:number_bullet_lists": _has_bullets,
    "detectable_format:number_highlighted_sections": _has_highlights,
    "detectable_format:title": _has_title,
    "keywords:existence": lambda text, keywords: all(_occurrences(word, text) for word in keywords),
    "keywords:forbidden_words": _has_no_word,
    "keywords:frequency": _has_keyword,
    "keywords:letter_frequency": _has_letter,
    "language:response_language": lambda text, language: _is_possibly(language, text),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph_begins,
    "length_constraints:number_paragraphs": _has_paragraphs,
    "length_constraints:number_sentences": _has_sentences,
    "length_constraints:number_words": _has_words,
    "punctuation:no_comma": lambda text: "," not in text,
    "startend:end_checker": _ends_with,
    "startend:quotation": _is_quoted,
}
"""A check for each kind of instruction; its arguments have the names they have in the data."""
