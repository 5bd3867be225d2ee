"""What this learner showed and missed, read from the transcript. No praise that was not earned, no score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labs import Concept, Lab, Misconception
from tutor.dialogue.authored_voice import phrases
from tutor.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Concepts with the learner's words that used them; beliefs met, and whether the learner got past them."""

    shown: tuple[tuple[Concept, str], ...]
    missed: tuple[Concept, ...]
    repaired: tuple[Misconception, ...]
    open: tuple[Misconception, ...]


def summarise(lab: Lab, exchanges: Sequence[Exchange]) -> Summary:
    """What the counted turns showed of the lab's list.

    A belief is repaired when a later counted turn on its concept does not show it again.
    """
    quotes: dict[str, str] = {}
    beliefs: dict[str, bool] = {}
    for exchange in exchanges:
        if (given := exchange.assessment) is None or not given.substantive:
            continue
        for belief in lab.misconceptions:
            about = belief.concept in given.concepts or exchange.point.id == belief.id
            if belief.id in beliefs and about and given.misconception != belief.id:
                beliefs[belief.id] = True
        if given.misconception:
            beliefs[given.misconception] = False
        else:
            quotes |= {concept: given.quote for concept in given.concepts if concept not in quotes}
    return Summary(
        shown=tuple((concept, quotes[concept.id]) for concept in lab.concepts if concept.id in quotes),
        missed=tuple(concept for concept in lab.concepts if concept.id not in quotes),
        repaired=tuple(belief for belief in lab.misconceptions if beliefs.get(belief.id) is True),
        open=tuple(belief for belief in lab.misconceptions if beliefs.get(belief.id) is False),
    )


def closing_summary(lab: Lab, exchanges: Sequence[Exchange], language: str) -> str:
    """The summary in a few sentences, for the tutor's last reply.

    lab        whose concepts and beliefs it is about
    exchanges  the whole talk, oldest first
    language   code of the phrases around the lab's own English names, such as "es"
    """
    book, found = phrases(language)["close"], summarise(lab, exchanges)
    shown = [concept for concept, _ in found.shown]
    sentences = [book["shown"].format(concepts=_listed(shown))] if shown else []
    sentences += [book["repaired"].format(belief=_in_brief(belief)) for belief in found.repaired]
    sentences += [book["open"].format(belief=_in_brief(belief)) for belief in found.open]
    sentences.append(book["missed"].format(concepts=_listed(found.missed)) if found.missed else book["whole"])
    return " ".join(sentences)


def _in_brief(belief: Misconception) -> str:
    return belief.belief.removeprefix("Believes that ").split(" (")[0].rstrip(".")


def _listed(concepts: Sequence[Concept]) -> str:
    return "; ".join(concept.name for concept in concepts)
