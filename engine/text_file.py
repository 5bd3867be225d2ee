"""Plain text to keep: readable in any editor, and nobody's words in it pass for a heading or for somebody else's turn.

Nothing is escaped, since nothing obeys a text file. What a person wrote stands behind a bar in each of its lines, and
whatever goes on over several lines is indented; headings begin at the margin and are underlined.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
BAR = "  | "
NOBODY = "a learner"
"""Whose file it is where no name was given."""

# Controls, surrogates, what turns the rest of a line round, and what takes no room and makes lines look alike.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Text in which every character can be shown; line breaks stay."""
    return _UNPRINTABLE.sub("\ufffd", text)


def line(text: str) -> str:
    """Text on one line, however it was broken."""
    return " ".join(printable(text).split())


def title(text: str) -> str:
    """The heading of the file, underlined as long as it is."""
    return f"{line(text)}\n{'=' * len(line(text))}"


def heading(text: str) -> str:
    """The heading of a part."""
    return f"{line(text)}\n{'-' * len(line(text))}"


def paragraph(text: str) -> str:
    """The file's own words. After the first line they are indented, so that what they name cannot make a heading."""
    return "\n".join(_wrapped(line(text), "", "  "))


def quoted(text: str) -> str:
    """Somebody's words, each line of them behind a bar; blank lines are left out."""
    lines = [line(part) for part in printable(text).splitlines()]
    return "\n".join(row for part in lines if part for row in _wrapped(part, BAR, BAR))


def listed(label: str, text: str) -> str:
    """A line of a list: the label, and what belongs to it if anything does, which goes on indented."""
    return "\n".join(_wrapped(f"{line(label)}: {line(text)}" if text else line(label), "- ", "    "))


def said(label: str, text: str) -> str:
    """What the file says to the line above it."""
    return "\n".join(_wrapped(f"{line(label)}: {line(text)}", "    ", "    "))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as lists by the names of their columns: cells are sentences, and columns of sentences cannot be read."""
    entries = []
    for row in rows:
        first, *others = zip(columns, row, strict=True)
        entries.append("\n".join([listed(*first), *(said(*other) for other in others)]))
    return "\n".join(entries)


def document(parts: Iterable[str]) -> str:
    """The parts with a blank line between them."""
    return "\n\n".join(part for part in parts if part) + "\n"


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False) or [first]
