"""What the rules know without any model: copies, repetitions, orders to the app, and nothing at all.

They settle a message only when nothing else is left of it, and they may veto what a judge let pass. They never let a
message pass.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from tutor.exchange import Assessment, Message, Why
from tutor.judge.copying import CopySource, is_repeat, remainder
from tutor.judge.words import hits, length, pattern, sentences, tokens

_CODED = re.compile(r"^[A-Za-z0-9+/=_\-\s]{16,}$")
_TURNS = re.compile(r"\b(?:but|pero|mas|aber|mais|lekin|actual(?:ly)?|my point)\b|但|लेकिन", re.I)
_ORDERS = re.compile(  # in English the nouns of grading are words of the subject as well; a verb must order something
    r"\b(?:mark|count|pass|tick|complete|set|ignore|disregard|forget|override|pretend|act as|let me|give me|approve|"
    r"award|accept|skip|unlock|bypass|move on|authori[sz]e|decode|you are now|from now on|system\s*:|"
    r"your (?:rules|instructions|prompt)|i am (?:the|your|a|an)|i'm (?:the|your)|"
    r"as (?:the|your|an?) (?:developer|teacher|instructor|admin)|marca|marque|cuenta|conte|aprueba|aprov[ae]|ignora|"
    r"olvida|completa|valide|ignorier\w*|(?:pass|mark|complete|ignore) kar\w*)",
    re.I,
)
_LEFT_OF_A_COPY = 3  # so few words beside a copy say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The learner's own words: `text` without copies and orders, and how much of the message they were."""

    text: str
    copied: float
    source: CopySource | None
    orders: int


def own_words(message: Message) -> Own:
    """The message without what was copied and without sentences that only address the grader."""
    left = remainder(message.learner, sources_of(message))
    kept, orders = [], 0
    for sentence in sentences(left.text):
        if is_order(sentence):
            orders += 1
        else:
            kept.append(sentence)
    return Own(text="\n".join(kept), copied=left.copied, source=left.source, orders=orders)


def sources_of(message: Message) -> dict[CopySource, tuple[str, ...]]:
    """Where a learner could have taken words from."""
    return {
        "reading": message.lab.reading,
        "case": (message.case.text,),
        "tutor": (message.tutor,),
        "own": message.earlier,
    }


def is_order(sentence: str) -> bool:
    """Whether a sentence does nothing but talk to the app: several signs of it, no number, no reason, no “but”."""
    signs = hits("grader", sentence)
    if (
        signs == 0
        or ("".join(filter(str.isalpha, sentence)).isascii() and not _ORDERS.search(sentence))
        or _TURNS.search(sentence)
        or hits("reason", sentence)
        or _numbers(sentence)
    ):
        return False
    return length(sentence) <= 14 * (signs - 1) or (length(sentence) <= 6 and signs * 3 >= length(sentence))


def settled(message: Message, own: Own) -> Assessment | None:
    """The verdict when the rules alone can give it, else None."""
    text = message.learner.strip()
    if is_coded(text):
        return _by_rules("injection")
    if not tokens(text):
        return _by_rules("gibberish" if text else "too_short")
    if length(own.text) <= _LEFT_OF_A_COPY and own.copied >= 0.5:
        return _by_rules("repetition" if own.source in ("own", "tutor") else "copy_paste")
    if length(own.text) <= _LEFT_OF_A_COPY and own.orders:
        return _by_rules("injection")
    if is_repeat(own.text, message.earlier):
        return _by_rules("repetition")
    return None


def veto(message: Message, own: Own, given: Assessment) -> Assessment:
    """The judge's assessment, refused where the rules know better."""
    if not given.substantive:
        return replace(given, concepts=(), misconception=None)
    why: Why | None = None
    if own.copied >= 0.7 and length(own.text) < 6:
        why = "repetition" if own.source in ("own", "tutor") else "copy_paste"
    elif length(own.text) < 2:
        why = "too_short"
    if why is None:
        return given
    said = f"{given.judge} would have counted it; the rules found no words of the learner's own."
    return Assessment(why=why, judge="rules", notice=f"{given.notice} {said}".strip())


def is_coded(text: str) -> bool:
    """Base64 and the like: readable only by a machine."""
    if not _CODED.match(text) or " " in text.strip() or not re.search(r"[A-Z]", text) or not re.search(r"[a-z]", text):
        return False
    packed = re.sub(r"\s", "", text)
    try:
        plain = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    return plain.isprintable()


def _numbers(sentence: str) -> bool:
    return any(word[0].isdigit() for word in tokens(pattern("grader").sub(" ", sentence)))


def _by_rules(why: Why) -> Assessment:
    return Assessment(why=why, judge="rules")
