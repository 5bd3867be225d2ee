"""GPQA: questions by experts that a search engine does not answer, in three sciences (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Answer: (B)

There are three sets: extended holds all questions collected, those that experts disagree on included; main lies in it,
and in main lies diamond, the questions that both experts got right and most others wrong. lm-eval 0.4.13 asks

- `gpqa_*_zeroshot` 2.2, each set alone, the letters ranked;
- group `leaderboard_gpqa`, subtasks 1.0, the three one after the other as the Open LLM Leaderboard v2 did. The prompt
  ends with a space, so a choice is scored after two, and tags in brackets are dropped. Its 1,192 items are 546
  questions, many asked two or three times, and tell less than their number says;
- `gpqa_*_cot_zeroshot` 2.2, each set alone, thought through in writing. strict-match wants the sentence "The answer is
  (B).", flexible-extract the last letter in brackets, else a quoted option, else a letter after a colon.

The questions are gated: the hub gives them to whoever accepts its terms, and nothing here keeps a copy. lm-eval
shuffles the four answers with a random state that depends on all that was loaded before, so its order cannot be had
again; here it follows from the question's own id. For the order of a certain run of lm-eval, its samples log takes the
place of the questions.
"""

from __future__ import annotations

import random
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Folder, Hub, Row
from engine.tasks.task import Item, Scorer, Task

SETS = ("diamond", "extended", "main")
LETTERS = ("(A)", "(B)", "(C)", "(D)")
OFFERED = ("choice1", "choice2", "choice3", "choice4")
ANSWERS = ("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3", "Correct Answer")
LICENCE = "CC BY 4.0 (Rein et al.), gated"


# ---- rows


def clean(text: str) -> str:
    """lm-eval's cleaning of an answer, in its order."""
    return text.strip().replace(" [title]", ". ").replace("  ", " ")


def clean_of_tags(text: str) -> str:
    """lm-eval's cleaning of an answer in its leaderboard group, in its order."""
    return re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". ")).replace("  ", " ")


def shuffled(row: Row, clean: Callable[[str], str] = clean) -> Row:
    """The answers cleaned and in an order of their own, in the columns of lm-eval's samples log."""
    answers = [" " if row[name] is None else clean(row[name]) for name in ANSWERS]
    right = answers[-1]
    random.Random(row["Record ID"]).shuffle(answers)
    return {**row, **dict(zip(OFFERED, answers, strict=True)), "answer": LETTERS[answers.index(right)]}


def with_set(row: Row) -> Row:
    """The row and its set, which its configuration or log is named after."""
    return {**row, "group": re.findall("|".join(SETS), row["__file__"])[0]}


def from_written_log(line: Row) -> list[Row]:
    """The question in a samples log that has a line for each filter."""
    return [line["doc"]] if line["filter"] == "strict-match" else []


def reverse(row: Row) -> Row:
    """The texts change places, the letters stay."""
    offered = dict(zip(OFFERED, [row[name] for name in reversed(OFFERED)], strict=True))
    return {**row, **offered, "answer": LETTERS[::-1][LETTERS.index(row["answer"])]}


# ---- items


def ranked_item(index: int, row: Row, ending: str = "Answer:") -> Item:
    """An item whose letters are ranked.

    index   row in the official split
    row     a question with its answers in their order
    ending  the last line of the prompt
    """
    options = [f"{letter} {row[name]}" for letter, name in zip(LETTERS, OFFERED, strict=True)]
    question = "\n".join(
        (f"What is the correct answer to this question:{row['Question']}", "Choices:", *options, ending)
    )
    return Item.ranked(index, question, LETTERS, LETTERS.index(row["answer"]), id=row["Record ID"], options=options)


def leaderboard_item(index: int, row: Row) -> Item:
    item = ranked_item(index, row, "Answer: ")
    return replace(item, id=f"{row['group']}/{item.id}", group=row["group"])


def written_item(index: int, row: Row) -> Item:
    return replace(ranked_item(index, row, "Let's think step by step: "), choices=(), gold=None)


# ---- scoring what was written

PUNCTUATION = str.maketrans("", "", string.punctuation)
last_bracketed_letter = regex_extractor(r"(\([A-Z]\))", -1)
last_letter_after_a_colon = regex_extractor(r":[\s]*(A|B|C|D)", -1)


def same_letter(answer: str, item: Item) -> float:
    return float(answer.lower().translate(PUNCTUATION) == item.expected.lower().translate(PUNCTUATION))


def bracketed_or_whole(text: str) -> str | None:
    """A letter in brackets, else the whole text, in which an option's words may stand."""
    return last_bracketed_letter(text) or (text if text.strip() else None)


def letter_without_brackets(text: str, options: Sequence[str]) -> str | None:
    """The letter that a text without any in brackets stands for, as lm-eval has it."""
    letters = {_without_punctuation(option[4:].strip()): option[:3] for option in options}
    longest_first = sorted(map(re.escape, letters), key=len, reverse=True)
    quoted = regex_extractor(f"({'|'.join(longest_first)})", -1)(_without_punctuation(text))
    if quoted:
        return letters.get(quoted, quoted)
    letter = last_letter_after_a_colon(text)
    return letter and f"({letter})"


def _without_punctuation(text: str) -> str:
    return "".join(sign for sign in text.lower() if not unicodedata.category(sign).startswith("P"))


def same_option(answer: str, item: Item) -> float:
    letter = answer if last_bracketed_letter(answer) else letter_without_brackets(answer, item.options)
    return 0.0 if letter is None else same_letter(letter, item)


# ---- the tasks


def ranked_task(part: str, size: int, what: str) -> Task:
    """One set with its letters ranked.

    part  its name
    size  its number of questions
    what  which questions these are, in words
    """
    return Task(
        name=f"gpqa_{part}_zeroshot",
        title=f"GPQA {part}",
        about=f"Graduate questions in biology, physics and chemistry: {what}. Options in an order of our own.",
        licence=LICENCE,
        size=size,
        chance=0.25,
        item=ranked_item,
        items_from=(
            Folder(f"gpqa/samples_gpqa_{part}_zeroshot_*.jsonl", lambda line: line["doc"]),
            Hub("Idavidrein/gpqa", f"gpqa_{part}", "train", shuffled, gated=True),
        ),
        reverse=reverse,
    )


def written_task(part: str, size: int, what: str) -> Task:
    """One set thought through in writing; the parameters are those of `ranked_task`."""
    return replace(
        ranked_task(part, size, what),
        name=f"gpqa_{part}_cot_zeroshot",
        title=f"GPQA {part}, in writing",
        about=f"Graduate questions in three sciences, thought through in writing: {what}.",
        item=written_item,
        items_from=(
            Folder(f"gpqa/samples_gpqa_{part}_cot_zeroshot_*.jsonl", from_written_log),
            Hub("Idavidrein/gpqa", f"gpqa_{part}", "train", shuffled, gated=True),
        ),
        reverse=None,
        decoding=Decoding(max_tokens=256, until=("</s>",)),
        extractions={
            "strict-match": Scorer(regex_extractor(r"(?<=The answer is )(.*)(?=.)"), same_letter),
            "flexible-extract": Scorer(bracketed_or_whole, same_option),
        },
    )


LEADERBOARD = replace(
    ranked_task("main", 448, ""),
    name="leaderboard_gpqa",
    title="GPQA (all three sets)",
    about="GPQA's three sets together, so most questions count more than once. Options in an order of our own.",
    size=1_192,
    item=leaderboard_item,
    items_from=(
        Folder(
            "gpqa/samples_leaderboard_gpqa_*.jsonl",
            lambda line: with_set({**line["doc"], "__file__": line["__file__"]}),
        ),
        Hub(
            "Idavidrein/gpqa",
            tuple(f"gpqa_{part}" for part in SETS),
            "train",
            lambda row: with_set(shuffled(row, clean_of_tags)),
            gated=True,
        ),
    ),
    normalisation="characters",
)
TASKS = (
    *(
        task(part, size, what)
        for task in (ranked_task, written_task)
        for part, size, what in (
            ("main", 448, "the main set"),
            ("diamond", 198, "the hardest and surest ones"),
            ("extended", 546, "all that were collected"),
        )
    ),
    LEADERBOARD,
)
