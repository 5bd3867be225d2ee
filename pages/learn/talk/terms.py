"""Terms of a lab's glossary: a definition behind each use, those in use beside the talk, and all of them to search.

A use is a link to the term in the list beside the talk, with the definition as its title: a pointer shows it, Tab
reaches it, a screen reader reads it out, and a tap, which shows no titles, goes to the list.
"""

import re
from functools import cache, lru_cache

import streamlit as st

from labs import Case, Lab
from pages.format import plain
from tutor.journal import Talk


def defined(text: str, lab: Lab) -> str:
    """Text as Markdown that shows it and obeys nothing, and links the first use of each term to its definition."""
    shown, end, met = "", 0, set[str]()
    for term, start, after in _uses(text, _names(lab)):
        if term not in met:
            met.add(term)
            title = plain(" ".join(f"{_headed(term)}: {lab.glossary[term]}".split()))
            shown += f'{_plain_part(text, end, start)}[{plain(text[start:after])}](#{_anchor(term)} "{title}")'
            end = after
    return shown + _plain_part(text, end, len(text))


def show_used(lab: Lab, case: Case, now: Talk) -> None:
    """Folded away until somebody opens it or follows a term to it: the terms of the case and of what the tutor said."""
    said = [case.text, *(exchange.tutor for exchange in now.exchanges), now.question]
    used = sorted({term for text in said for term, _, _ in _uses(text, _names(lab))})
    if used:
        with st.expander(f"Words used here ({len(used)})", key=f"terms-{now.id}"):
            entries = (f"###### {plain(_headed(term))}\n{plain(lab.glossary[term])}" for term in used)
            st.markdown("\n\n".join(entries), anchors=False)


@st.fragment
def show_all(lab: Lab) -> None:
    """The whole glossary, and a field to search it by term, by another word for it or by what is said about it."""
    st.markdown("### Glossary", anchors=False)
    sought = st.text_input("Find a word", key=f"sought-{lab.slug}", max_chars=60, placeholder="A word, or part of one")
    found = [term for term in sorted(lab.glossary) if _speaks_of(lab, term, sought)]
    st.markdown("\n\n".join(f"**{plain(_headed(term))}**  \n{plain(lab.glossary[term])}" for term in found))
    if not found:
        st.caption(f"No entry has “{plain(sought)}” in it. Ask the tutor what it means here.")


def _plain_part(text: str, start: int, end: int) -> str:
    """A part of a text; what looks like an indent at the start of a later part is the space between two words."""
    part = text[start:end]
    space = part[: len(part) - len(part.lstrip(" "))] if start else ""
    return space + plain(part)


def _speaks_of(lab: Lab, term: str, sought: str) -> bool:
    words = " ".join([term, *lab.aliases.get(term, ()), lab.glossary[term]])
    return " ".join(sought.split()).casefold() in words.casefold()


def _headed(term: str) -> str:
    return f"{term[:1].upper()}{term[1:]}"


def _anchor(term: str) -> str:
    """The id that Streamlit's browser part gives to a heading of this text."""
    return "-".join(re.findall(r"[^\W_]+", term.lower()))


def _names(lab: Lab) -> tuple[tuple[str, str], ...]:
    """(a word or phrase, the term it stands for), the longest first."""
    names = {_even(name): term for term, others in lab.aliases.items() for name in others if term in lab.glossary}
    names |= {_even(term): term for term in lab.glossary}
    return tuple(sorted(names.items(), key=lambda pair: (-len(pair[0]), pair)))


@lru_cache(maxsize=4096)  # most of what is shown is the labs' own and the same for every learner
def _uses(text: str, names: tuple[tuple[str, str], ...]) -> tuple[tuple[str, int, int], ...]:
    """(term, where its use begins, where it ends) in the text."""
    if not names:
        return ()
    terms = dict(names)
    found = _pattern(tuple(terms)).finditer(text)
    return tuple((terms[_even(match[1])], match.start(), match.end()) for match in found)


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the names, in any case, with or without hyphens, in the plural too."""
    either = "|".join(re.escape(name).replace(r"\ ", "[ -]").replace("'", "['’]") for name in names)
    return re.compile(rf"(?<![\w-])({either})(?:e?s)?(?![\w-])", re.IGNORECASE)


def _even(name: str) -> str:
    return name.casefold().replace("-", " ").replace("’", "'")
