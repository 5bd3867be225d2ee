"""Which language a learner writes in: by script, else by the function words that give a language away."""

from __future__ import annotations

from tutor.text.words import tokens

_FUNCTION_WORDS = {
    "en": "the a an is are was i you it of to and not that this what how with if for would but be so they we no yes",
    "es": "el la los las un una es son que de y no por para con si pero como más yo del al porque está en qué muy sé",
    "pt": "o a os as um uma é são que de e não por para com se mas como mais eu isso do da no na então muito está você",
    "fr": "le la les un une est sont que de et pas pour avec si mais comme plus je il du des donc très ce cette",
    "de": "der die das ein eine ist sind dass und nicht für mit wenn aber wie mehr ich es von den dem also sehr auch",
    "hi": "hai hain kya nahi ka ki ke ko se mein aur toh bhi agar lekin par yeh woh kyunki matlab hota karna",
}
_KNOWN = {language: set(words.split()) for language, words in _FUNCTION_WORDS.items()}
_MARKS = {"es": "¿¡ñ", "pt": "ãõ", "fr": "œêû", "de": "ß"}  # letters and marks that only one of them has


def language_of(*texts: str) -> str:
    """The language code of the newest text that shows one: en, es, pt, fr, de, hi or zh; English when none does.

    >>> language_of("Creo que la diferencia es pequeña.", "MMLU?")
    'es'
    """
    for text in reversed(texts):
        if language := _language_shown(text):
            return language
    return "en"


def _language_shown(text: str) -> str | None:
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        return None
    if sum("\u0900" <= letter <= "\u097f" for letter in letters) > len(letters) / 4:
        return "hi"
    if sum("\u3400" <= letter <= "\u9fff" for letter in letters) > len(letters) / 4:
        return "zh"
    words = tokens(text)
    scores = {
        language: sum(word in known for word in words) + 2 * any(mark in text for mark in _MARKS.get(language, ""))
        for language, known in _KNOWN.items()
    }
    best = max(scores, key=lambda language: scores[language])  # English stands first, and wins a tie
    sure = 1 if len(words) <= 4 and best != "en" and scores["en"] == 0 else 2
    return best if scores[best] >= max(sure, len(words) // 12) else None
