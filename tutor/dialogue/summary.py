"""What this learner showed and missed, read from the transcript. No praise that was not earned, no score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labs import Concept, Lab, Misconception
from tutor.dialogue.authored_voice import phrases
from tutor.dialogue.state import beliefs_held
from tutor.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the counted turns of a talk showed.

    shown     concepts of which an expectation was stated, each with the learner's words that state it
    missed    concepts of the lab that no counted turn touched
    repaired  beliefs that were surely held and later surely denied
    open      beliefs that were surely held and not denied after that
    """

    shown: tuple[tuple[Concept, str], ...]
    missed: tuple[Concept, ...]
    repaired: tuple[Misconception, ...]
    open: tuple[Misconception, ...]


def summarise(lab: Lab, exchanges: Sequence[Exchange]) -> Summary:
    """What the counted turns showed of the lab's list. A word that states nothing is neither shown nor missed."""
    quotes: dict[str, str] = {}
    touched: set[str] = set()
    for exchange in exchanges:
        if (given := exchange.assessment) is None or not given.substantive:
            continue
        touched.update(given.concepts)
        for evidence in given.stated:
            concept = lab.concept_of(exchange.case, evidence.question, evidence.expectation)
            if concept:
                quotes.setdefault(concept, evidence.quote)
    held = beliefs_held(exchanges)
    return Summary(
        shown=tuple((concept, quotes[concept.id]) for concept in lab.concepts if concept.id in quotes),
        missed=tuple(one for one in lab.concepts if one.id not in quotes and one.id not in touched),
        repaired=tuple(belief for belief in lab.misconceptions if held.get(belief.id) is False),
        open=tuple(belief for belief in lab.misconceptions if held.get(belief.id)),
    )


def closing_summary(lab: Lab, exchanges: Sequence[Exchange], language: str) -> str:
    """The summary in a few sentences, for the tutor's last reply.

    lab        whose concepts and beliefs it is about
    exchanges  the whole talk, oldest first
    language   code of the phrases around the lab's own English names, such as "es"
    """
    book, found = phrases(language)["close"], summarise(lab, exchanges)
    items = [book["shown_item"].format(concept=concept.name, quote=quote) for concept, quote in found.shown]
    sentences = [book["shown"].format(items="; ".join(items)) if items else book["none"]]
    sentences += [book["repaired"].format(belief=_in_brief(belief)) for belief in found.repaired]
    sentences += [book["open"].format(belief=_in_brief(belief)) for belief in found.open]
    sentences.append(book["missed"].format(concepts=_listed(found.missed)) if found.missed else book["whole"])
    return " ".join(sentences)


def _in_brief(belief: Misconception) -> str:
    return belief.belief.removeprefix("Believes that ").split(" (")[0].rstrip(".")


def _listed(concepts: Sequence[Concept]) -> str:
    return "; ".join(concept.name for concept in concepts)
