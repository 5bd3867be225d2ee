"""The final answer of a worked mathematical solution, and whether two of them are the same.

The normalisation is that of Minerva (Lewkowycz et al. 2022, appendix D), in two editions that lm-eval 0.4.13 keeps: the
one of `minerva_math`, mended over the years, and the one of the Open LLM Leaderboard 2, frozen with its faults so that
scores stay comparable. What is left to algebra goes to a process of its own (`algebra.py`).
"""

from __future__ import annotations

import re

from engine.tasks.scoring import algebra
from engine.tasks.task import Item, Scorer

LONGEST, LONGEST_ANSWER = 100_000, 1_000
"""Characters of a text for math-verify, and of a final answer for Minerva's scorer. Longer ones are no answers: some of
the patterns below take a time that grows with the square of the length."""
BEGINNING, END = "Final Answer: The final answer is", "I hope it is correct."
ENDED = re.compile(rf"(.*?). {END}")

REPLACEMENTS = (
    ("an ", ""),
    ("a ", ""),
    (".$", "$"),
    ("\\$", ""),
    (r"\ ", ""),
    (" ", ""),
    ("mbox", "text"),
    (",\\text{and}", ","),
    ("\\text{and}", ","),
    ("\\text{m}", "\\text{}"),
)
DROPPED = (
    *("square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "\\ldots", "sue"),
    *("points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges"),
    *("students", "childrentickets", "multiples", "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2"),
    *("\\text{}^3", "\\text{\n}", "\\text{}", r"\mathrm{th}", r"^\circ", r"^{\circ}", r"\;", r",\!", "{,}", '"'),
    "\\dots",
)
WORDS = re.compile(rf"(?<!\\)\b(?:{'|'.join(filter(str.isalpha, DROPPED))})\b")
COMMAND = re.compile(r"(\\[a-zA-Z]+)")
UNWRAPPED = (
    (re.compile(r"(.*?)(\$)(.*?)(\$)(.*)"), r"$\3$"),
    (re.compile(r"(\\text\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\textbf\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\overline\{)(.*?)(\})"), r"\2"),
    (re.compile(r"(\\boxed\{)(.*)(\})"), r"\2"),
    (re.compile(r"(frac)([^{])(.)"), r"frac{\2}{\3}"),
)
ROOTS = ((re.compile(r"(sqrt)(\[[^\]]*\])(\w)"), r"\1\2{\3}"), (re.compile(r"(sqrt)(?!\[)([^{])"), r"sqrt{\2}"))
FROZEN_ROOTS = ((re.compile(r"(sqrt)([^{])"), r"sqrt{\2}"),)
THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+")


def boxed(solution: str) -> str:
    r"""What the last `\boxed` of an official solution holds.

    Raises:
        ValueError: there is none, or its braces do not close.
    """
    _, unbraced, rest = solution.rpartition("\\boxed ")
    if unbraced:
        return rest.split("$")[0]
    start = solution.rfind("\\boxed{")
    depth = 0
    for at, sign in enumerate(solution[start:], start) if start >= 0 else ():
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            return solution[start + len("\\boxed{") : at]
    raise ValueError("a solution without a boxed answer")


def final_answer(text: str) -> str | None:
    """The answer where the worked examples put it: in "Final Answer: The final answer is … I hope it is correct."."""
    for line in f"{text}{END}".split("\n"):
        _, begun, rest = line.partition(BEGINNING)
        match = ENDED.match(rest) if begun else None
        if match:
            return match[1].strip() if len(match[1]) <= LONGEST_ANSWER else None
    return None


def normalised(answer: str, *, frozen: bool = False) -> str:
    """An answer without units, mark-up and white space, its short forms of fractions and roots written out."""
    answer = answer.rpartition("=")[2]
    if not frozen:
        answer = WORDS.sub("", answer)
    for written, replacement in REPLACEMENTS:
        answer = answer.replace(written, replacement)
    for dropped in DROPPED:
        if frozen or not dropped.isalpha():
            answer = answer.replace(dropped, "")
        else:  # but not inside the name of a command: `\left` holds a foot
            parts = COMMAND.split(answer)
            parts[::2] = [part.replace(dropped, "") for part in parts[::2]]
            answer = "".join(parts)
    for pattern, replacement in (*UNWRAPPED, *(FROZEN_ROOTS if frozen else ROOTS)):
        answer = pattern.sub(replacement, answer)
    answer = answer.replace("$", "")
    grouped = answer.replace(",", "").isdigit() if frozen else THOUSANDS.fullmatch(answer)
    return answer.replace(",", "") if grouped else answer


def parsed_expression(text: str) -> str | None:
    """The expression that math-verify reads anywhere in a text, in the place of the likeliest answer first."""
    return algebra.parsed(text) if len(text) <= LONGEST else None


def _minerva(answer: str, item: Item) -> float:
    answer, reference = normalised(answer), normalised(item.reference)
    return float((answer == reference != "") or algebra.equal(answer, reference, seconds=5))


def _minerva_frozen(answer: str, item: Item) -> float:
    answer, reference = normalised(answer, frozen=True), normalised(item.reference, frozen=True)
    return float(answer.strip() == reference.strip() or algebra.equal(answer, reference, seconds=1))


def _verified(answer: str, item: Item) -> float:
    return float(algebra.verified(answer, item.answer, latex_only=False))


def _verified_frozen(answer: str, item: Item) -> float:
    return float(algebra.verified(answer, item.answer, latex_only=True))


MINERVA, MINERVA_FROZEN = Scorer(final_answer, _minerva), Scorer(final_answer, _minerva_frozen)
"""The answer in its place, equal to the reference as text or by algebra."""
VERIFIED, VERIFIED_FROZEN = Scorer(parsed_expression, _verified), Scorer(parsed_expression, _verified_frozen)
"""The answer wherever it stands, equal to that of the whole official solution; frozen: to the LaTeX in it."""
