"""Whether a reply that a model wrote may be shown: what it keeps to itself, what it counts with, how it sounds.

The reply is compared with what the labs' authors wrote, word by word; nothing here understands it. A wrong sentence in
words of its own passes, and of languages that no lab is written in the comparison sees numbers, names and tone alone.
tests/tutor/dialogue/replies.toml holds the replies by which it is measured; the word lists are in reply_words.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from labs import Case
from tutor.dialogue.reply_words import copied_share, numbers, pattern, said_share, sentences, stems
from tutor.text.languages import language_of
from tutor.text.words import tokens, word_count

SHORTEST, LONGEST = 20, 110  # words of a reply
_FAMILIAR = 0.25  # the weight of a word that case, question or learner brought in; a new one has 1
_ALONE = ((2, 0.65), (3, 0.5))  # a sentence gives an answer away by so many new words that are so much of it
_TOGETHER = ((3, 0.65),)  # and so do two
_REPEATED = 0.9  # or by so much of it when its words are all familiar, and nobody has put them together
_MARKED, _MANY = 2, 4  # or by so many words that mark it; a word of so many answers marks none
_SAID_WRONG = 0.6  # a wrong sentence is said by so much of it
_NEARER = 0.1  # and by so much more than of what is right
_SAID_AGAIN = 0.7  # a clause is said again by so much of it, and may then be turned round by a “not”
_COPIED = 0.8  # a remark is a copy when so much of it stands in one source, in runs of `_RUN` words
_QUESTION = 2  # words that a question shares with the one it stands for
_CLAUSE = re.compile(
    r"[,;:](?=\s)|[\u2014\u2013\uff0c\uff1b]|\s(?=(?:and|but|while|although|since|because|so|y|pero|und|aber)\s)"
)
_QUOTED = re.compile(r"[\u201c\u201e\"\u00ab][^\u201c\u201d\"\u00ab\u00bb]*[\u201d\"\u00bb\u201c]")
_MARKUP = re.compile(
    r"<[a-z/!|][^>]*>?|&#?\w+;|!?\[[^\]]*\]\s?[(\[:]|https?:|www\.|`|\*\S|_{2}|(?<!\w)_\w[^_]*_(?!\w)|~~|\$[^$]*[\\^_$]"
    r"|\\[a-z(\[]|^\s*(?:[#>|+*\u2022\u00b7-]|\d+[.)]|={3,}|-{3,})(?=\s|$|#)|:[a-z_]+(?:\[|:)|[{}]|\|\s*\w+[^|]*\|",
    re.I | re.M,
)
_ROLE = re.compile(
    r"(?:^|(?<=[.!?\"\u201d]\s)|\n)\W*(?:tutor|assistant|system|user|learner|student|pupil|human|ai|bot|model|teacher"
    r"|coach|reply|response|answer|question|draft|output|note|feedback|hint|profesor|alumno|professor|aluno|lehrer"
    r"|sch\u00fcler|\u5bfc\u5e08|\u8001\u5e08|\u5b66\u751f|they wrote|you had asked|case|true|still open"
    r"|your last sentence)\s*(?:\([^)]*\))?\s*[:\uff1a]|^\W*(?:inst|s|/s)\W*\]",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Ways to say something wrong, and the ways to say the opposite that are nearest to them."""

    wrong: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyBrief:
    """What a reply is made from and held against. Texts as authors, learner and tutor wrote them, oldest first.

    case      what is talked about
    learner   all that the learner wrote; the last message is answered
    shown     what the tutor said before
    facts     authored for this reply: what is right, how a belief fails, a definition, the answer when it is told
    question  the one to end with
    hints     authored texts on the way to the answer, which may be used
    withheld  answers that the learner is to find, each in the ways it can be said
    mistakes  beliefs and wrong answers that must not be said as if they were right
    earned    whether something right was found in the last message
    missing   what those answers are about, by name
    prompt    the model's instructions
    """

    case: Case
    learner: tuple[str, ...]
    shown: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    question: str = ""
    hints: tuple[str, ...] = ()
    withheld: tuple[tuple[str, ...], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    earned: bool = False
    missing: tuple[str, ...] = ()
    prompt: str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """Everything that a reply may speak of without giving anything away."""
        return (self.case.text, self.question, *self.facts, *self.hints, *self.learner)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a reply is not shown, and the sentence that decided it; the whole reply where no single one did."""

    reason: str
    sentence: str


def check_reply(reply: str, brief: ReplyBrief) -> Refusal | None:
    """The first reason not to show a reply, or None. It is dropped whole: what is left of one leans on what is not.

    reply  as the model wrote it
    brief  what it was written from
    """
    for reason, offence in REASONS.items():
        if (sentence := offence(reply, brief)) is not None:
            return Refusal(reason, sentence)
    return None


# ------------------------------------------------------------------------ its form


def _unreadable(reply: str, brief: ReplyBrief) -> str | None:
    """Control characters, invisible or unassigned ones, what a wrong decoding leaves, pictures, fractions."""
    bad = ("Cc", "Cf", "Co", "Cs", "Cn", "So", "Sk", "No", "Nl")
    joining = "\n^`\u200c\u200d"  # Hindi joins letters with some that are not seen
    return reply if any(unicodedata.category(one) in bad and one not in joining for one in reply) else None


def _length(reply: str, brief: ReplyBrief) -> str | None:
    return None if SHORTEST <= word_count(tokens(reply)) <= LONGEST else reply


def _markup(reply: str, brief: ReplyBrief) -> str | None:
    return reply if _MARKUP.search(reply) else None


def _role_label(reply: str, brief: ReplyBrief) -> str | None:
    return reply if _ROLE.search(reply) else None


def _questions(reply: str, brief: ReplyBrief) -> str | None:
    """Other than one question, at the end."""
    ends = [number for number, sentence in enumerate(sentences(reply)) if "?" in _even(_QUOTED.sub("", sentence))]
    last = sentences(reply)[-1]
    whole = _even(last).rstrip("\"\u201d\u2019')\u00bb ").endswith("?") and _even(_QUOTED.sub("", last)).count("?") == 1
    return None if ends == [len(sentences(reply)) - 1] and whole else reply


def _other_question(reply: str, brief: ReplyBrief) -> str | None:
    """A question that has little of the one it should be, its lead included. In another language nobody can tell."""
    asked, wanted = " ".join(sentences(reply)[-2:]), brief.question
    if len(stems(wanted)) < 3 or language_of(asked) != language_of(wanted):
        return None
    return None if len(stems(asked) & stems(wanted)) >= _QUESTION else asked


def _language(reply: str, brief: ReplyBrief) -> str | None:
    """A sentence in neither the learner's language nor English: in another script, or with another's function words."""
    allowed = {"en", language_of(*brief.learner)}
    scripts = {"LATIN", "GREEK"} | {_script(letter) for text in brief.learner for letter in text if letter.isalpha()}
    for sentence in sentences(reply):
        other = [letter for letter in sentence if letter.isalpha() and _script(letter) not in scripts]
        if other or (len(tokens(sentence)) >= 5 and language_of(sentence) not in allowed):
            return sentence
    return None


# ----------------------------------------------------------------------- its tone


def _meta(reply: str, brief: ReplyBrief) -> str | None:
    return _matching("meta", reply, brief)


def _verdict(reply: str, brief: ReplyBrief) -> str | None:
    return _matching("verdict", reply, brief, excused=False)


def _tone(reply: str, brief: ReplyBrief) -> str | None:
    shouts = next((sentence for sentence in sentences(reply) if re.search("[!\u00a1\uff01]", sentence)), None)
    return shouts or _matching("tone", _QUOTED.sub("", reply), brief)


def _unearned_approval(reply: str, brief: ReplyBrief) -> str | None:
    return None if brief.earned else _matching("approval", reply, brief, excused=False)


def _matching(name: str, reply: str, brief: ReplyBrief, *, excused: bool = True) -> str | None:
    """The first sentence with such words, those left out that the case, an author or the learner used as well."""
    given = " ".join(brief.given).casefold() if excused else ""
    for sentence in sentences(reply):
        if any(match[0].casefold().strip() not in given for match in pattern(name).finditer(sentence)):
            return sentence
    return None


# -------------------------------------------------------------------- its numbers


def _number(reply: str, brief: ReplyBrief) -> str | None:
    """A number that neither the case, the learner, an author nor the calculator gave."""
    facts = brief.case.facts
    known = [facts.n, facts.score_a, facts.score_b] if facts else []
    if facts and facts.score_a is not None and facts.score_b is not None:
        known.append(round(abs(facts.score_a - facts.score_b), 6))
    allowed = {f"{number:g}" for number in known if number is not None} if known else set()
    allowed |= {str(facts.n)} if facts and facts.n else set()
    allowed |= {value for text in (*brief.given, *brief.shown) for value, _ in numbers(text)}
    given = " ".join(brief.given).casefold()
    for sentence in sentences(reply):
        wrong = any(value not in allowed and not counts for value, counts in numbers(sentence))
        if wrong or any(match[0].casefold() not in given for match in pattern("quantity").finditer(sentence)):
            return sentence
    return None


def _swapped_scores(reply: str, brief: ReplyBrief) -> str | None:
    """A clause that gives one model the other's score, or calls the lower one the higher."""
    facts = brief.case.facts
    if facts is None or facts.score_a is None or facts.score_b is None or facts.score_a == facts.score_b:
        return None
    scores = {facts.a: f"{facts.score_a:g}", facts.b: f"{facts.score_b:g}"}
    behind = re.escape(facts.a if facts.score_a < facts.score_b else facts.b)
    for sentence in sentences(reply):
        for clause in _CLAUSE.split(sentence):
            named = [name for name in scores if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", clause)]
            values = [value for value, _ in numbers(clause) if value in scores.values()]
            if len(named) == len(values) == 1 and scores[named[0]] != values[0]:
                return sentence
            if re.search(rf"(?<!\w){behind} {pattern('leads').pattern}", clause):
                return sentence
    return None


# -------------------------------------------------------------------- what it says


def _answer(reply: str, brief: ReplyBrief) -> str | None:
    """A sentence, or two in a row, that says most of an answer the learner is to find, and says it first."""
    familiar = stems(*brief.given, *brief.shown)
    given = [sentence for text in (*brief.given, *brief.shown) for sentence in sentences(text)]
    alone = sentences(reply)
    for said, needed in [*((one, _ALONE) for one in alone), *((" ".join(two), _TOGETHER) for two in pairwise(alone))]:
        for way in (way for answer in brief.withheld for way in answer):
            whole = stems(way)
            both = whole & stems(said)
            share = _weight(both, familiar) / (_weight(whole, familiar) or 1)
            if any(len(both - familiar) >= new and share >= least for new, least in needed) and len(both) >= 4:
                return said
            if len(whole) >= 4 and said_share(way, said) >= _REPEATED > max(said_share(way, text) for text in given):
                return said
    return None


def _answers_words(reply: str, brief: ReplyBrief) -> str | None:
    """A statement in several of the words that mark one answer: an answer in words between its ways of being said."""
    familiar = stems(*brief.given, *brief.shown)
    words = [stems(*answer) - familiar for answer in brief.withheld]
    marks = [own - _shared_by_many(words) for own in words]
    stated = [sentence for sentence in sentences(reply) if "?" not in _even(sentence)]
    return next((one for one in stated if any(len(stems(one) & own) >= _MARKED for own in marks)), None)


def _shared_by_many(words: Sequence[frozenset[str]]) -> frozenset[str]:
    counts = Counter(stem for own in words for stem in own)
    return frozenset(stem for stem, count in counts.items() if count >= _MANY)


def _belief(reply: str, brief: ReplyBrief) -> str | None:
    """A sentence that says something wrong, nearer to it than to its opposite, and not as what somebody holds."""
    right = [*brief.facts, *brief.hints]
    for sentence in sentences(reply):
        if "?" in sentence or (pattern("reported").search(sentence) and not pattern("approval").search(sentence)):
            continue
        for mistake in brief.mistakes:
            wrong = max((said_share(text, sentence) for text in mistake.wrong), default=0.0)
            opposite = max((said_share(text, sentence) for text in (*mistake.right, *right)), default=0.0)
            if wrong >= _SAID_WRONG and wrong >= opposite + _NEARER:
                return sentence
    return None


def _negated_fact(reply: str, brief: ReplyBrief) -> str | None:
    """A clause that says a clause of the facts again, with a “not” too many or too few."""
    facts = [clause for fact in brief.facts for sentence in sentences(fact) for clause in _CLAUSE.split(sentence)]
    for sentence in sentences(reply):
        for clause in _CLAUSE.split(sentence):
            turned = bool(pattern("negation").search(clause))
            near = [fact for fact in facts if said_share(fact, clause) >= _SAID_AGAIN]
            if near and all(bool(pattern("negation").search(fact)) != turned for fact in near):
                return sentence
    return None


# ------------------------------------------------------------------ whose words


def _repetition(reply: str, brief: ReplyBrief) -> str | None:
    """A sentence the tutor said before; the question may come again."""
    before = {" ".join(tokens(sentence)) for text in brief.shown for sentence in sentences(text)}
    said = [" ".join(tokens(sentence)) for sentence in sentences(reply)]
    for number, sentence in enumerate(sentences(reply)[:-1]):
        if len(said[number].split()) >= 5 and (said[number] in before or said[number] in said[:number]):
            return sentence
    return None


def _instructions(reply: str, brief: ReplyBrief) -> str | None:
    told = [sentence for sentence in sentences(reply) if len(tokens(sentence)) >= 6]
    return next((sentence for sentence in told if copied_share(sentence, (brief.prompt,)) > 0.5), None)


def _learners_words(reply: str, brief: ReplyBrief) -> str | None:
    remark = " ".join(sentences(reply)[:-1])
    return reply if remark and copied_share(remark, brief.learner[-1:]) >= _COPIED else None


def _authored_words(reply: str, brief: ReplyBrief) -> str | None:
    """The authored words again: they are better said as such."""
    remark = " ".join(sentences(reply)[:-1])
    return reply if remark and copied_share(remark, (" ".join(brief.facts),)) >= _COPIED else None


REASONS: Mapping[str, Callable[[str, ReplyBrief], str | None]] = {
    "unreadable characters": _unreadable,
    "its length": _length,
    "markup": _markup,
    "a role label": _role_label,
    "talk about itself": _meta,
    "its instructions": _instructions,
    "a language nobody asked for": _language,
    "not one question at the end": _questions,
    "another question": _other_question,
    "a verdict on what counts": _verdict,
    "its tone": _tone,
    "a number from nowhere": _number,
    "scores mixed up": _swapped_scores,
    "praise that was not earned": _unearned_approval,
    "something wrong": _belief,
    "a fact turned round": _negated_fact,
    "an answer to be found": _answer,
    "words of an answer to be found": _answers_words,
    "said before": _repetition,
    "the learner's own words": _learners_words,
    "the authored words": _authored_words,
}
"""Each with the function that finds the sentence; the cheap and certain come first."""


# ------------------------------------------------------------------------ reading


def _weight(some: Iterable[str], familiar: frozenset[str]) -> float:
    return sum(_FAMILIAR if stem in familiar else 1.0 for stem in some)


def _even(text: str) -> str:
    """With one sign for every script's question mark."""
    return re.sub("[\uff1f\u061f\u037e]", "?", text)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]
