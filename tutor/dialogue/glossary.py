"""Which words of a lab somebody asks about, and what they mean there: from the glossary, the lesson, or the case.

A word is asked about when a sentence is a question for its meaning (“what does 5-shot mean?”, “MMLU kya hai”) and the
thing asked about is the word and nothing more: “what is the answer?”, “is the gap noise?” and “what is the temperature
they used?” are no look-ups. How learners ask is in lookups.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from labs import Case, Lab
from tutor.text.words import sentences, tokens

_MOST = 2  # terms that one reply can explain
_SHOTS = re.compile(r"(\d+|n|k|zero|one|two|three|four|five|six|eight|ten)[\s-]?shots?", re.I)
_GENERAL = (
    (r"(pass|maj|best-of-?)@?\d+", r"\1@k"),
    (
        r"(?:\d+\s?)?±(?:\s?\d+(?:[.,]\d+)?)?(?: (?:behind|after|in|next to|with)\b.*| (?:sign|thing|number))?",
        "± margin",
    ),
    (r"\d+b|(?:the |la |das |o )?b (?:in|de|em|bei) \d+b", "parameters"),
)  # one example of a notation stands for all
_ANOTHER = re.compile(
    r"(?:,|;|\s-|\u2014)\s|，|\b(?=btw\b)|\bbtw\b|\bby the way\b|\b(?:and|y|e|et|und|aur|but) (?=(?:"
    r"what|how|who|where|is|are|which|why|when|can|could|does|q|qué|quién|cómo|dónde|cuánt\w+|quem|como|onde"
    r"|wo|wer|wie|où|qui|combien|ça)\b)"
)  # where another question may begin within a sentence
_COUNTING = r"^\W*(?:how many|cu[aá]nt[ao]s|quant[ao]s|combien|wie viele)\b"
_LONG = 7  # letters from which a typo still leaves a word recognisable


@dataclass(frozen=True, slots=True)
class Definition:
    """What a term means here, and where that is written: `text` is the author's, in the lab's language."""

    term: str
    text: str
    source: Literal["glossary", "lesson", "case"]


@dataclass(frozen=True, slots=True)
class TermSpan:
    """Where a text uses a term of the glossary."""

    term: str
    start: int
    end: int


def asked_terms(message: str, lab: Lab) -> tuple[Definition, ...]:
    """The terms a message asks about, in order, at most two; terms that it merely uses are not among them.

    >>> from labs import load_lab
    >>> [found.term for found in asked_terms("Votes change the method. btw what's 5-shot?", load_lab("lab1"))]
    ['few-shot']
    """
    names = _names(lab)
    found: dict[str, Definition] = {}
    for definite, phrase in _asked_phrases(message):
        terms = _terms_of(phrase, names)
        if re.search(_COUNTING, message, re.I):  # the number must stand in the glossary
            terms = [term for term in terms if re.search(r"\d", lab.glossary[term])]
        for term in terms:
            if not (definite and term in _book()["values"].split("|")):
                found.setdefault(term, Definition(term, lab.glossary[term], "glossary"))
        if not terms and (explained := _explained(phrase, lab)):
            found[explained.term] = explained
    return tuple(found.values())[:_MOST]


def asked_facts(message: str, case: Case) -> tuple[Definition, ...]:
    """What the case itself says to a question of fact: how many items, who ran it, shots, temperature.

    The text is the case's own sentence, or “n = 164”; nothing is found where the case does not say.
    """
    said, book = _even(message), _book()
    found = []
    facts, counts = case.facts, book["counts"]
    if (
        facts
        and facts.n
        and facts.benchmark
        and re.search(counts["asked"], said)
        and not re.search(counts["design"], said)
    ):
        other = re.search(r"mmlu|gsm8k|humaneval|arc|hellaswag", said)
        if other is None or other[0] in facts.benchmark.casefold():
            found.append(Definition(facts.benchmark, f"n = {facts.n:,}", "case"))
    for fact in book["facts"].values():
        if re.search(fact["asked"], said):
            told = [one for one in sentences(case.text) if re.search(fact["found"], one, re.I)]
            if told:
                found.append(Definition(case.subject, " ".join(told), "case"))
    return tuple(found)[:_MOST]


def terms_in(text: str, lab: Lab) -> tuple[TermSpan, ...]:
    """Where the text first uses each term of the glossary, in order; of two that overlap the longer one.

    >>> from labs import load_lab
    >>> [text for text in terms_in("A greedy run, then majority voting.", load_lab("lab1"))]
    [TermSpan(term='greedy decoding', start=2, end=12), TermSpan(term='majority vote', start=19, end=34)]
    """
    forms = {_even(form): term for term, written in _written_forms(lab).items() for form in written}
    first: dict[str, TermSpan] = {}
    for match in _any_of(tuple(sorted(forms, key=lambda form: (-len(form), form)))).finditer(text):
        form = _even(match[0])
        term = forms.get(form) or forms.get(form.removesuffix("s")) or forms.get(form.removesuffix("es"))
        short = len(match[0]) <= 3 and not match[0].isupper()  # “se” and “ci” are words too
        if term and term not in first and not short:
            first[term] = TermSpan(term, match.start(), match.end())
    return tuple(sorted(first.values(), key=lambda span: span.start))


def look_up_term(message: str, glossary: Mapping[str, str]) -> str | None:
    """“Term: its meaning” for the longest glossary term in the message, or None.

    >>> look_up_term("What are benchmarks?", {"benchmark": "A fixed set of questions."})
    'Benchmark: A fixed set of questions.'
    """
    asked = " ".join(tokens(message.replace("\u2019", "'"))).replace("-", " ")
    for term in sorted(glossary, key=len, reverse=True):
        if re.search(rf"(?<!\S){re.escape(' '.join(tokens(term)).replace('-', ' '))}(?:s|es)?(?!\S)", asked):
            return f"{term[:1].upper()}{term[1:]}: {glossary[term]}"
    return None


def written_form(term: str, lab: Lab) -> str:
    """A term of the glossary with the capitals that the lab's own texts give it; as it is where no text has it.

    >>> from labs import load_lab
    >>> [written_form(term, load_lab("lab1")) for term in ("mmlu", "few-shot")]
    ['MMLU', 'few-shot']
    """
    texts = f"{lab.model_dump(exclude={'glossary'})} {lab.glossary.values()}"
    written = re.findall(rf"(?<!\w){re.escape(term)}(?!\w)", texts, re.I)
    return Counter(written).most_common(1)[0][0] if written else term


# ------------------------------------------------------------------ what is asked


def _asked_phrases(message: str) -> Iterator[tuple[bool, str]]:
    """What stands in the place of the thing asked about, and whether “the” stood before it."""
    whole = _even(message)
    for piece in sentences(whole):
        for part in _ANOTHER.split(piece):
            asked = part.strip(" \t\"'“”„«»()¿¡?!.。？！।,:…*")
            phrase = _framed(asked) or (_framed(piece.strip(" ¿?!.。？！।")) if part == piece else None)
            if phrase is not None:
                yield re.match(r"(?:the|el|la|der|die|das|le)\s", phrase) is not None, phrase
        if _framed(whole) is None and "," in piece and (phrase := _framed(piece.strip(" ¿?!.。？！।"))):
            yield False, phrase
    if re.fullmatch(r"[^?？]{2,40}[?？]+", whole.strip()) and len(whole.split()) <= 3:
        yield False, whole.strip(" ?？")


def _framed(part: str) -> str | None:
    """The thing asked about, when the part is a question for a meaning."""
    for frame in _frames():
        if match := frame.match(part):
            return match["np"].strip()
    return None


@cache
def _frames() -> tuple[re.Pattern[str], ...]:
    lead = (
        r"(?:(?:ok|okay|so|and|but|also|hi|hey|hello|well|wait|sorry|sry|yo|oi|hm+|uh|um|please|then|or|first|btw|oh|y|pero|e|mas|et"
        r"|mais|und|aber|also|aur|lekin|toh|那|请问|我)[\s,]+)*"
    )
    frames = (frame.replace("NP", r"(?P<np>[^?？!！。\n]{1,60}?)") for frame in _book()["frames"])
    trail = rf"(?:[\s,]+(?:{_book()['fillers']}))*"
    return tuple(re.compile(rf"{lead}(?:{frame}){trail}\s*$", re.I) for frame in frames)


def _terms_of(phrase: str, names: Mapping[str, str]) -> list[str]:
    """The terms that a phrase consists of, one or two; none when it says more."""
    for parts in (
        [phrase],
        re.split(r"\s*(?:,|&|\band\b|\bor\b|\by\b|\be\b|\bet\b|\bund\b|\bvs\.?(?=\s)|和|与|跟|aur)\s*", phrase),
    ):
        found = [_term_of(part, names) for part in parts]
        if len(parts) == 2 and found[1] and not found[0]:  # “micro and macro average”
            found[0] = _term_of(f"{parts[0]} {parts[1].split()[-1]}", names)
        if all(found) and found:
            return [term for term in found if term]
    return []


def _term_of(phrase: str, names: Mapping[str, str]) -> str | None:
    """The term that the phrase is, whatever its spelling."""
    quoted = re.findall(r"[\"“«„]\s*([^\"”»“]{2,30}?)\s*[\"”»“]", phrase)
    core = _core(quoted[0] if len(quoted) == 1 else phrase)
    if not core or len(core.split()) > 6:
        return None
    if shots := _SHOTS.fullmatch(core):
        bare = "zero-shot" if shots[1] in ("0", "zero") else "few-shot"
        return names.get(_key(bare)) or names.get("shot")
    for pattern, general in _GENERAL:
        if re.fullmatch(pattern, core):
            core = re.sub(f"^(?:{pattern})$", general, core)
    unnumbered = re.sub(r"(?<=[^\W\d]{3})\s+\d+(?:[.,]\d+)?$", "", core)  # “temperature 0.8”
    trimmed = re.sub(rf"\s+(?:{_book()['companions']})$", "", core)
    for way in dict.fromkeys((core, unnumbered, trimmed)):
        for key in _inflections(_key(way)):
            if key in names:
                return names[key]
    near = [term for key, term in names.items() if _is_typo(_key(core), key)]
    return near[0] if len(set(near)) == 1 else None


def _core(phrase: str) -> str:
    """The phrase without quotes, articles and words that change nothing."""
    core = phrase.strip(" \t\"'“”„«»()*:,.")
    fillers = _book()["fillers"]
    before = None
    while core != before:
        before = core
        core = re.sub(rf"^(?:{fillers})(?:\s+|(?<='))|\s+(?:{fillers})$|[呀呢啊吗]$|^l'", "", core, flags=re.I).strip(
            " \"'“”„«»,"
        )
    return core


# ------------------------------------------------------------------ how terms are written


def _written_forms(lab: Lab) -> dict[str, tuple[str, ...]]:
    return {term: (term, *lab.aliases.get(term, ())) for term in lab.glossary}


def _names(lab: Lab) -> dict[str, str]:
    """Every key by which a term is known, to the term; where two terms share one, the first in the glossary has it."""
    known: dict[str, str] = {}
    forms = _written_forms(lab)
    for term in forms:
        known.setdefault(_key(term), term)
    for term, written in forms.items():
        for form in (*written, *_book()["translations"].get(term, "").split("|")):
            if form:
                known.setdefault(_key(form), term)
    for term in forms:
        words = re.findall(r"[^\W_]+", _even(term))
        if len(words) > 1:
            known.setdefault("".join(word[0] for word in words), term)
    return _with_heads(known, forms)


def _with_heads(known: dict[str, str], forms: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The names, and every word that belongs to one term alone: “harness”, “arena”, “Wilson”."""
    owners: dict[str, set[str]] = {}
    for term in forms:
        for word in re.findall(r"[^\W\d_]{4,}", _even(term)):
            owners.setdefault(word, set()).add(term)
    generic = _book()["generic"].split("|")
    heads = {_key(word): next(iter(terms)) for word, terms in owners.items() if len(terms) == 1 and word not in generic}
    return {**heads, **known}


def _even(text: str) -> str:
    return unicodedata.normalize("NFKC", text.replace("\u2019", "'").replace("\u2018", "'")).casefold()


def _key(text: str) -> str:
    """The letters and digits of a word or phrase: hyphens, spaces, dots and apostrophes make no difference."""
    return re.sub(r"[\s\-\u2010-\u2015_'.@]+", "", _even(text).replace("τ", "tau").replace("isation", "ization"))


def _inflections(key: str) -> tuple[str, ...]:
    return (key, key.removesuffix("s"), key.removesuffix("es"), f"{key}s")


def _is_typo(said: str, key: str) -> bool:
    """Whether one letter of a long word is wrong, missing, too many or swapped with its neighbour."""
    if min(len(said), len(key)) < _LONG or abs(len(said) - len(key)) > 1 or said == key:
        return False
    start = next((at for at, (a, b) in enumerate(zip(said, key, strict=False)) if a != b), min(len(said), len(key)))
    a, b = said[start:], key[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


@cache
def _any_of(forms: tuple[str, ...]) -> re.Pattern[str]:
    ways = "|".join(
        re.sub(r"\\?[ -]", r"[\\s-]", re.escape(form)).replace("'", "['\u2019]") for form in forms if len(form) > 1
    )
    return re.compile(rf"(?<![\w@±-])(?:{ways})(?:s|es)?(?![\w@])", re.I)


# ------------------------------------------------------------------ the lesson


def _explained(phrase: str, lab: Lab) -> Definition | None:
    """The sentence of the lesson that introduces the phrase: “(the phrase)”, “the phrase is …”, “called the phrase”."""
    core = _core(phrase)
    if (
        not 4 <= len(core) <= 40
        or len(core.split()) > 3
        or core in _book()["closed"].split("|")
        or not core[0].isalpha()
    ):
        return None
    word = rf"\*?{re.escape(core)}s?\*?"
    for paragraph in lab.reading:
        if paragraph.startswith(("|", "#")):
            continue
        for sentence in sentences(paragraph):
            plain = _even(sentence)
            if re.search(
                rf"\((?:an? |the )?{word}\)|"
                rf"^(?:an? |the )?{word} (?:is|are|means|asks?|says?) (?!not\b|only\b|larger\b)|"
                rf"(?:called|calls?|known as)(?: an?| the)? {word}(?!\w)|(?<!\w)\*{re.escape(core)}s?\*(?!\w)",
                plain,
            ):  # fmt: skip
                return Definition(core, sentence.replace("*", ""), "lesson")
    return None


@cache
def _book() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("lookups.toml").read_text(encoding="utf-8"))
