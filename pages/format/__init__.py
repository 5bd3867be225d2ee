"""Text as the app shows it. Numbers are `engine.report.figures`."""

import re

_HIDDEN = re.compile("[\u200b\u2060\ufeff\U000e0000-\U000e007f]")  # they take no room, and names that differ look alike
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_ADDRESS = re.compile(r"(?i)(?<=http)(?=s?\\:\\/)|(?<=www)(?=\\\.)|(?<=[\w.+-])(?=\\@)")
JOINER = "\u2060"


def printable(text: str) -> str:
    """Text that comes from a person, a server or a file, for a place that obeys nothing: a cell, a chart, a field.

    Characters that no screen can show, or that turn the rest of the line round, become �; hidden ones go.
    """
    return _UNPRINTABLE.sub("\ufffd", _HIDDEN.sub("", text))


def plain(text: str) -> str:
    """The same for a place that reads Markdown, which shows it and does not obey it: no mark, no link, no code.

    An address would be made a link however it is escaped, so a joiner that takes no room stands in it.
    """
    return _ADDRESS.sub(JOINER, _MARKUP.sub(r"\\\1", _INDENT.sub("", printable(text))))
