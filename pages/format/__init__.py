"""Text as the app shows it. Numbers are `engine.report.figures`."""

import re


def plain(text: str) -> str:
    """Text that comes from a person, a server or a file, so that Markdown shows it and does not obey it."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
