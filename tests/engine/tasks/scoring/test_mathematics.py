"""Final answers: how they are found, written the same way and compared, and what no text can do to the comparison.

Expected values are lm-eval 0.4.13's own, whose functions were run over these texts (math-verify 0.9.0, sympy 1.14.0,
antlr4 4.11.0): `normalize_final_answer` and `process_results` of tasks/minerva_math/utils.py, and for the frozen edition
of tasks/leaderboard/math/utils.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import Item, ItemFailure, load_task
from engine.battles.scoring import written_outcome
from engine.errors import BattleFailed, LimitExceeded
from engine.isolation import Pool
from engine.models.interface import Completion
from engine.tasks.scoring import algebra
from engine.tasks.scoring.mathematics import (
    LONGEST,
    LONGEST_ANSWER,
    MINERVA,
    MINERVA_FROZEN,
    VERIFIED,
    VERIFIED_FROZEN,
    boxed,
    normalised,
)
from tests.loading import loaded

# ---- extracting


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"So $x = \boxed{4}$.", "4"),
        (r"First $\boxed{1}$, and then $\boxed{2}$.", "2"),
        (r"It is $\boxed{\frac{1}{\sqrt{2}}}$ in all.", r"\frac{1}{\sqrt{2}}"),
        (r"There are $\boxed 9$ of them.", "9"),
        (r"There are $\boxed{5}$, no, $\boxed 9 + 1$ of them.", "9 + 1"),
    ],
)
def test_the_last_box_counts(solution: str, answer: str) -> None:
    assert boxed(solution) == answer


@pytest.mark.parametrize("solution", ["It is 4.", r"It is $\boxed{4$.", r"It is $\fbox{4}$.", r"\boxed\frac{1}{2}", ""])
def test_a_solution_without_a_box_is_none(solution: str) -> None:
    with pytest.raises(ValueError, match="boxed"):
        boxed(solution)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2+2=4\nFinal Answer: The final answer is $4$. I hope it is correct.", "$4$"),
        ("Final Answer: The final answer is $4$. ", "$4$"),  # the end is put there, but not the space before it
        ("Final Answer: The final answer is $4$.", None),
        ("Final Answer: The final answer is $4$! I hope it is correct.", "$4$"),  # any character stands for the stop
        ("Final Answer: The final answer is\n$4$. I hope it is correct.", None),
        ("Final Answer: The final answer is 1\nFinal Answer: The final answer is 2. I hope it is correct.", "2"),
        ("Final Answer: The final answer is 1. I hope it is correct. Final Answer: The final answer is 2. ", "1"),
        ("The final answer is $4$. I hope it is correct.", None),
        ("", None),
    ],
)
def test_minervas_last_line(text: str, answer: str | None) -> None:
    assert MINERVA.extract(text) == MINERVA_FROZEN.extract(text) == answer


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (r"Half of it, so $\frac{1}{2}$.", r"$\frac{1}{2}$"),
        ("The answer is 1/2.", "1/2."),
        (r"That makes \boxed{4}, as $x=3$ showed.", "$4$"),
        ("Nobody knows.", None),
        ("", None),
        ("\0\ud800 $3$", "$3$"),
        (r"\boxed{\sqrt[3]8} and $17$", r"\boxed{\sqrt[3]8} and $17$"),  # no shorter text stands for the very same
    ],
)
def test_what_math_verify_reads(text: str, expression: str | None) -> None:
    assert VERIFIED.extract(text) == expression


# ---- writing alike


@pytest.mark.parametrize(
    ("answer", "mended", "frozen"),
    [
        ("x = 4", "4", "4"),
        (r"$\frac12$", r"\frac{1}{2}", r"\frac{1}{2}"),
        (r"\dfrac12", r"\dfrac{1}{2}", r"\dfrac{1}{2}"),
        (r"$\sqrt2$", r"\sqrt{2}", r"\sqrt{2}"),
        (r"\sqrt[3]8", r"\sqrt[3]{8}", r"\sqrt{[}3]8"),
        (r"\sqrt[3]{8}", r"\sqrt[3]{8}", r"\sqrt{[}3]{8}"),
        ("12 inches", "12", "12"),
        (r"2\pi cm", r"2\pi", r"2\pi"),
        (r"\picm", r"\picm", r"\pi"),
        (r"5\text{ feet}", "5", "5"),
        (r"\left(3, 4\right)", r"\left(3,4\right)", r"\le(3,4\right)"),
        ("3 points left", "3le", "3le"),
        ("1,000,000", "1000000", "1000000"),
        ("-1,250", "-1250", "-1,250"),
        ("0,1", "0,1", "01"),
        ("$3{,}600$", "3600", "3600"),
        (r"90^{\circ} and 45", "90and45", "90and45"),
        (r"\$7.50", "7.50", "7.50"),
        (r"\text{(A)}", "(A)", "(A)"),
        (r"\boxed{9}", "9", "9"),
        ("a square", "", ""),
        ("an apple", "apple", "apple"),
        (r"5 \text{ and } 6", "5,6", "56"),
        ("4 dollars.$", "4", "4"),
        ("$2$ or $3$", "2", "2"),
        (r"50\%", r"50\%", r"50\%"),
        (r"10,\!000", "10000", "10000"),
        (r"8^{\mathrm{th}}", "8^{}", "8^{}"),
        ("", "", ""),
    ],
)
def test_minervas_normalisation(answer: str, mended: str, frozen: str) -> None:
    assert normalised(answer) == mended
    assert normalised(answer, frozen=True) == frozen


# ---- comparing

HALF = r"Half of it is left, so the share is $\boxed{\frac{1}{2}}$."
HOURS = r"They meet after $3 + 4 = \boxed{7}$ hours."
FROM_TWO = r"It is defined on $\boxed{[2,5)}$."
TOTAL = r"The total is $\boxed{1,250}$ dollars."
PAIR = r"The pair is $\boxed{(3, -1)}$ since $3-1=2$."
SQUARE = r"So $x=\boxed{x^2+2x+1}$."
NINE = r"Hence $\boxed 9$ of 12 are left."


def said(answer: str) -> str:
    return f"Final Answer: The final answer is {answer}. I hope it is correct."


@pytest.mark.parametrize(
    ("solution", "text", "scores"),  # exact_match and math_verify; exact_match_original and exact_match, frozen
    [
        (HALF, said(r"$\frac{1}{2}$"), (1, 1, 1, 1)),
        (HALF, said(r"$\frac12$"), (1, 1, 1, 1)),
        (HALF, said("$0.5$"), (1, 1, 1, 1)),
        (HALF, said(r"$50\%$"), (0, 0, 0, 0)),
        (HALF, r"So it is $\boxed{\frac{1}{2}}$.", (0, 1, 0, 1)),
        (HALF, "The answer is 1/2.", (0, 1, 0, 1)),
        (HALF, said(r"$\frac{1}{3}$"), (0, 0, 0, 0)),
        (HOURS, said("$7$ hours"), (1, 1, 1, 1)),
        (HOURS, said("$3+4$"), (1, 1, 1, 1)),
        (HOURS, "After 7 hours.", (0, 1, 0, 1)),
        (HOURS, "Nobody knows.", (0, 0, 0, 0)),
        (FROM_TWO, said("$[2, 5)$"), (1, 1, 1, 1)),  # which sympy cannot read: equal as text
        (FROM_TWO, said("$[2,5]$"), (0, 0, 0, 0)),
        (TOTAL, said("1,250 dollars"), (1, 1, 1, 1)),
        (TOTAL, said("$125$"), (0, 0, 0, 0)),
        (PAIR, said("$(3,-1)$"), (1, 1, 1, 1)),
        (PAIR, said(r"$\left(3,-1\right)$"), (0, 1, 0, 1)),
        (PAIR, said("$(-1,3)$"), (0, 0, 0, 0)),
        (SQUARE, said("$(x+1)^2$"), (1, 1, 1, 1)),
        (SQUARE, said("$x^2+1$"), (0, 0, 0, 0)),
        (NINE, said("$9$"), (1, 0, 1, 1)),  # a box without braces: bare numbers come first, but not where LaTeX must be
    ],
)
def test_right_or_wrong(solution: str, text: str, scores: tuple[int, int, int, int]) -> None:
    item = Item(id="0", index=0, contexts=("",), answer=solution, reference=boxed(solution))
    for scorer, score in zip((MINERVA, VERIFIED, MINERVA_FROZEN, VERIFIED_FROZEN), scores, strict=True):
        answer = scorer.extract(text)
        assert (0.0 if answer is None else scorer.score(answer, item)) == score


# ---- whatever a text holds


TOWER = "9^{9^{8}}"


def test_a_screens_thread_may_ask() -> None:
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(algebra.equal(f"{n}+{n}", f"2*{n}", seconds=5)))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 4


def test_what_takes_for_ever_is_not_equal() -> None:
    begun = time.process_time()
    assert not algebra.equal("9^{9^{9^{9}}}", "5", seconds=1)
    assert time.process_time() - begun < 1  # of our own time, whatever the child needed
    assert algebra.equal("2", "1+1", seconds=5)  # the same child


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fewer seconds than it has, to wait less."""
    tight = {
        name: replace(function, limits=replace(function.limits, computing=1))
        for name, function in (("EQUAL", algebra.EQUAL), ("PARSED", algebra.PARSED))
    }
    pool = Pool(size=1, functions=list(tight.values()))
    for name, value in {**tight, "_pool": pool}.items():
        monkeypatch.setattr(algebra, name, value)
    yield
    pool.close()


@pytest.mark.usefixtures("hurried")
def test_what_no_signal_reaches_is_an_error_and_no_wrong_answer() -> None:
    """A power tower took 31 s, and counted as wrong."""
    with pytest.raises(LimitExceeded, match=r"took more than 1 s .* It counts as neither right nor wrong\.$"):
        algebra.equal(TOWER, "5", seconds=5)
    assert algebra.equal("2", "1+1", seconds=5)


@pytest.mark.usefixtures("hurried")
def test_an_answer_nobody_can_compare_is_a_failure_of_its_item() -> None:
    task = load_task("minerva_math")
    item = Item(id="0", index=0, contexts=("",), answer="$\\boxed{5}$", reference="5")
    told = written_outcome(
        task, item, Completion(item_id="0", text=said(f"${TOWER}$"), truncated=False), task.harness()
    )
    assert isinstance(told, ItemFailure)
    assert (told.reason, told.text) == ("scoring", said(f"${TOWER}$"))
    assert "took more than" in told.message


def test_equal_texts_need_no_algebra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algebra, "_ask", lambda *_: pytest.fail("it was asked"))
    item = Item(id="0", index=0, contexts=("",), answer="", reference="\\frac{1}{2}")
    for scorer in (MINERVA, MINERVA_FROZEN):
        assert scorer.score("\\frac12", item) == 1.0


def test_a_missing_library_is_an_error_and_no_wrong_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "math_verify.py").write_text('raise ImportError("No module named math_verify")', encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(algebra, "_pool", Pool(size=1, functions=(algebra.PARSED,)))
    with pytest.raises(BattleFailed, match=r"No module named math_verify\. Run pip install -r requirements\.txt\."):
        algebra.parsed("2")
    algebra._pool.close()


def test_long_texts_are_no_answers() -> None:
    assert VERIFIED.extract("1 " * LONGEST) is None
    assert MINERVA.extract(said("1" * LONGEST_ANSWER)) is None
    begun = time.monotonic()
    MINERVA.extract("Final Answer: The final answer is" * 30_000)
    normalised("\\text{" * (LONGEST_ANSWER // 6))
    assert time.monotonic() - begun < 2


def test_a_text_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for text in (f"$__import__('os').mkdir('{mark}')$", f"__import__('os').mkdir('{mark}') = 4", "(1).__class__ = 4"):
        VERIFIED.extract(text)
        algebra.equal(text, "4", seconds=5)
    assert not mark.exists()


def test_the_libraries_stay_in_the_child() -> None:
    each = "from engine import TASKS, load_task; [load_task(name) for name in TASKS]"
    assert loaded({"sympy", "math_verify", "antlr4"}, each) == [set()]
