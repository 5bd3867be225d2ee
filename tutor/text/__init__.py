"""The plain-text side of reading a message: words and word lists, languages, copies, quotes, yes and no.

No weights and no decisions.
"""

from tutor.text.languages import language_of

__all__ = ["language_of"]
