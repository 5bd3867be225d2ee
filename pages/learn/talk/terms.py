"""Terms of a lab's glossary: a definition behind each use, those in use beside the talk, and all of them to search.

A use is a link to the term in the list beside the talk, with the definition as its title: a pointer shows it, Tab
reaches it, a screen reader reads it out, and a tap, which shows no titles, goes to the list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import streamlit as st

from labs import Case, Lab
from pages.format import plain
from tutor.dialogue import TermSpan, terms_in
from tutor.journal import Talk


@dataclass(frozen=True, slots=True)
class Glossary:
    """A lab's terms as something to remember results by: a page is drawn often, and its words are mostly the same.

    lab       whose they are
    meanings  (term, definition)
    aliases   (term, other words for it)
    texts     the lab's own, in which a term may be written with capitals
    """

    lab: Lab = field(compare=False)
    meanings: tuple[tuple[str, str], ...]
    aliases: tuple[tuple[str, tuple[str, ...]], ...]
    texts: tuple[str, ...]


def defined(text: str, lab: Lab) -> str:
    """Text as Markdown that shows it and obeys nothing, and links the first use of each term to its definition."""
    return _defined(text, _glossary(lab))


def show_used(lab: Lab, case: Case, now: Talk) -> None:
    """Folded away until somebody opens it or follows a term to it: the terms of the case and of what the tutor said."""
    glossary = _glossary(lab)
    said = [case.text, *(exchange.tutor for exchange in now.exchanges), now.question]
    used = sorted({use.term for text in said for use in _uses(text, glossary)})
    if used:
        with st.expander(f"Words used here ({len(used)})", key=f"terms-{now.id}"):
            entries = (f"###### {plain(_headings(glossary)[term])}\n{plain(lab.glossary[term])}" for term in used)
            st.markdown("\n\n".join(entries), anchors=False)


@st.fragment
def show_all(lab: Lab) -> None:
    """The whole glossary, and a field to search it by term, by another word for it or by what is said about it."""
    st.markdown("### Glossary", anchors=False)
    sought = st.text_input("Find a word", key=f"sought-{lab.slug}", max_chars=60, placeholder="A word, or part of one")
    headings = _headings(_glossary(lab))
    found = [term for term in sorted(lab.glossary) if _speaks_of(lab, term, sought)]
    st.markdown("\n\n".join(f"**{plain(headings[term])}**  \n{plain(lab.glossary[term])}" for term in found))
    if not found:
        st.caption(f"No entry has “{plain(sought)}” in it. Ask the tutor what it means here.")


def _glossary(lab: Lab) -> Glossary:
    cases = (text for case in lab.cases for text in (case.text, *(question.tell for question in case.questions)))
    return Glossary(lab, tuple(lab.glossary.items()), tuple(lab.aliases.items()), (lab.lesson, *cases))


@lru_cache(maxsize=4096)
def _defined(text: str, glossary: Glossary) -> str:
    meanings, headings = dict(glossary.meanings), _headings(glossary)
    shown, end = "", 0
    for use in _uses(text, glossary):
        title = plain(" ".join(f"{headings[use.term]}: {meanings[use.term]}".split()))
        shown += (
            f'{_plain_part(text, end, use.start)}[{plain(text[use.start : use.end])}](#{_anchor(use.term)} "{title}")'
        )
        end = use.end
    return shown + _plain_part(text, end, len(text))


def _plain_part(text: str, start: int, end: int) -> str:
    """A part of a text; what looks like an indent at the start of a later part is the space between two words."""
    part = text[start:end]
    space = part[: len(part) - len(part.lstrip(" "))] if start else ""
    return space + plain(part)


def _speaks_of(lab: Lab, term: str, sought: str) -> bool:
    words = " ".join([term, *lab.aliases.get(term, ()), lab.glossary[term]])
    return " ".join(sought.split()).casefold() in words.casefold()


def _anchor(term: str) -> str:
    """The id that Streamlit's browser part gives to a heading of this text."""
    return "-".join(re.findall(r"[^\W_]+", term.lower()))


@lru_cache(maxsize=64)
def _headings(glossary: Glossary) -> Mapping[str, str]:
    """Terms as headings: with the capitals that the lab writes somewhere, as in MMLU, and one at the front."""
    texts = "\n".join([*glossary.texts, *(meaning for _, meaning in glossary.meanings)])
    headings = {}
    for term, _ in glossary.meanings:
        spellings = re.findall(rf"(?<!\w){re.escape(term)}(?!\w)", texts, re.IGNORECASE)
        spelt = next((one for one in spellings if one[1:] != one[1:].lower()), term)
        headings[term] = spelt[:1].upper() + spelt[1:] if spelt.isascii() else spelt  # no τ becomes a T
    return headings


@lru_cache(maxsize=4096)
def _uses(text: str, glossary: Glossary) -> tuple[TermSpan, ...]:
    return terms_in(text, glossary.lab) if glossary.meanings else ()
