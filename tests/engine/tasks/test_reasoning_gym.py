"""Reasoning Gym: the same puzzles wherever they are made, right answers right however they are put, hostile ones harmless.

Expected answers are worked out here from the questions' text, never taken from the library.
"""

from __future__ import annotations

import json
import math
import re
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import BattleRequest, Item, load_items, runs
from engine.harness.config import Decoding
from engine.models.interface import Completion, Prompt
from engine.runs.lock import device_lock
from engine.runs.worker import work
from engine.store.ledger import Ledger
from engine.tasks.catalogue.reasoning_gym import DATASETS, final_answer, full_credit, last_line, partial_credit
from engine.tasks.catalogue.reasoning_gym import REASONING_GYM as TASK
from engine.tasks.items import digest
from engine.tasks.sampling import draw
from tests.conftest import ToyModel
from tests.engine.tasks.conftest import score

pytestmark = pytest.mark.skipif(not TASK.present, reason="reasoning-gym 0.1.25 is not installed (requirements-gym.txt)")

# python -c "from engine.tasks.items import digest; from engine.tasks.sampling import draw; from engine import load_task; print(digest(draw(load_task('reasoning_gym'), 96, 11)))"
# with PYTHONHASHSEED=7 TZ=Pacific/Apia LC_ALL=C, CPython 3.11 on Linux. What a hash seed, a day, a place or another
# library version does to any question or answer, it does to this.
DIGEST = "i1:13d292eeb7c336e7"


def item_of(item_id: str) -> Item:
    return load_items(TASK.with_items([item_id]))[0]


def several(kind: str, n: int = 20) -> tuple[Item, ...]:
    return load_items(TASK.with_items(f"{kind}/{number}" for number in range(100, 100 + n)))


@pytest.fixture
def no_hanging() -> Iterator[None]:
    """Turns a scorer that does not come back into a failure of the test."""

    def ring(*_: object) -> None:
        raise TimeoutError("an answer took longer than 20 seconds to read and score")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# ---- the items


def test_items_are_the_same_in_every_process() -> None:
    assert digest(draw(TASK, 96, 11)) == DIGEST


def test_every_dataset_has_its_share_and_every_question_an_answer() -> None:
    items = draw(TASK, 10 * len(DATASETS), 5)
    assert Counter(item.group for item in items) == dict.fromkeys(DATASETS, 10)
    for item in items:
        assert re.fullmatch(r"Question: \S.*\S\nAnswer:", item.contexts[0], re.DOTALL)
        assert item.answer.strip() and "\n" not in item.answer and len(item.answer) <= 150


def worked(kind: str, question: str) -> str:
    """The answer, from the question's own text."""
    text = question.removesuffix("\nAnswer:")
    numbers = [int(n) for n in re.findall(r"-?\d+", text)]
    words = text.rpartition(": ")[2].split(", ")
    match kind:
        case "lcm":
            return str(math.lcm(*numbers))
        case "products":
            return str(math.prod(numbers))
        case "chain_sum":
            return str(sum(int(n.replace(" ", "")) for n in re.findall(r"(?:[-+] )?\d+", text)))
        case "count_bits":
            return str(f"{numbers[-1]:b}".count("1"))
        case "spell_backward":
            return words[-1][::-1]
        case "word_sequence_reversal":
            return ", ".join(reversed(words))
        case "word_sorting":
            return ", ".join(sorted(words, reverse="descending order" in text.replace("ascending or descending", "")))
        case _:
            return "7"


WORKED = ("lcm", "products", "chain_sum", "count_bits", "spell_backward", "word_sequence_reversal", "word_sorting")


@pytest.mark.parametrize("kind", WORKED)
def test_what_can_be_worked_out_here_comes_out_right(kind: str) -> None:
    for item in several(kind):
        assert worked(kind, item.contexts[0]) == item.answer


# ---- reading and scoring


@pytest.mark.parametrize("kind", DATASETS)
@pytest.mark.parametrize(
    "put",
    [
        " {}",
        " {}.\n\nQuestion",
        "\n**{}**\n",
        "First this: 1 + 1 = 2.\nSo the answer is: {}.",
        "Let me think.\n\n**Answer:** {}",
        "Thus\n### Answer:\n\n`{}`",
        "<answer>0</answer> no, <answer>\n{}\n</answer>",
        r"Hence $\boxed{{{}}}$.",
    ],
)
def test_a_right_answer_is_right_however_it_is_put(kind: str, put: str) -> None:
    for item in several(kind, 5):
        answer = final_answer(put.format(item.answer))
        assert answer is not None and full_credit(answer, item) == partial_credit(answer, item) == 1.0


@pytest.mark.parametrize(
    ("text", "answers"),  # final-answer and last-line
    [
        (" 42", ("42", "42")),
        ("42\n\nBecause 40 + 2.", ("42", "Because 40 + 2")),
        ("The answer is 41.\nWait.\nThe answer is 42.\nBye", ("42", "Bye")),
        ("I say \\boxed{\\frac{1}{2}}", ("\\frac{1}{2}", "I say \\boxed{\\frac{1}{2}}")),
        ("Answer: **42**.", ("42", "Answer: **42")),
        ("'.5'", (".5", ".5")),
        ("Answer:", ("Answer:", "Answer:")),
        (" \n ** \n", (None, None)),
        ("", (None, None)),
    ],
)
def test_where_an_answer_is_extracted(text: str, answers: tuple[str | None, str | None]) -> None:
    assert (final_answer(text), last_line(text)) == answers


def test_any_palindrome_of_the_letters_is_right() -> None:
    item = item_of("palindrome_generation/20")  # d, q, g, q, g
    assert full_credit("qgdgq", item) == full_credit("gqdqg", item) == 1.0
    assert full_credit("qgdqg", item) == full_credit("qdq", item) == 0.0


def test_part_of_the_credit_counts_under_its_own_scorer_alone() -> None:
    item = item_of("knights_knaves/20")  # Joseph is a knave, and Elizabeth is a knave.
    half = "Joseph is a knave, and Elizabeth is a knight."
    assert partial_credit(half, item) == pytest.approx(
        0.3 + 0.7 / 2
    )  # the README of the dataset's scorer: 0.3 and a share of 0.7
    assert full_credit(half, item) == 0.0
    scores = {name: score(TASK, name, half, item) for name in TASK.extractions}
    assert scores == {"final-answer": 0.0, "last-line": 0.0, "partial-credit": pytest.approx(0.65)}


HOSTILE = (
    *(
        "nan",
        "NaN",
        "sNaN",
        "inf",
        "-Infinity",
        "1e999999999",
        "-1E-999999999",
        "9" * 300,
        "9" * 100_000,
        "0x" + "f" * 290,
    ),
    *("[NaN]", "[" * 290, "(" * 290 + ")" * 5, "{}", "null", "True", "1/0", "\\frac{1}{0}", "$", "=", "A=", "A=1,A=1"),
    *(
        "__import__('os').abort()",
        "exit()",
        "\x00",
        "\ud800",
        "\u0663",
        "²",
        "×" * 290,
        "," * 290,
        "is a " * 58,
        "-",
        "\n",
    ),
)


@pytest.mark.parametrize("kind", DATASETS)
def test_hostile_answers_are_wrong_and_harmless(kind: str, no_hanging: None) -> None:
    item = several(kind, 1)[0]
    for answer in HOSTILE:
        assert full_credit(answer, item) == 0.0
        assert 0.0 <= partial_credit(answer, item) < 1.0


@given(text=st.text(max_size=400), kind=st.sampled_from(DATASETS), number=st.integers(20, 10**9))
@settings(max_examples=150)
def test_whatever_a_model_writes_has_a_score(text: str, kind: str, number: int) -> None:
    item = item_of(f"{kind}/{number}")
    for scorer in TASK.extractions.values():
        answer = scorer.extract(text)
        assert answer is None or (answer and 0.0 <= scorer.score(answer, item) <= 1.0)


@pytest.mark.parametrize(
    "part", ["<answer>", "<answer> ", r"\boxed{", r"\boxed{{a}", "{a}", "Answer:", "Answer:\n", " ", "\n*"]
)
def test_long_texts_are_read_in_no_time(part: str, no_hanging: None) -> None:
    text = r"\boxed{" + part * (200_000 // len(part))
    assert final_answer(text) and last_line(text)


# ---- a battle


class Solver(ToyModel):
    """Works out what can be worked out here, and says 7 to everything else."""

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion]]:
        def answer(item: Prompt) -> Completion:
            question = str(item.text).rpartition("Question: ")[2]
            said = f" {worked(item.item_id.partition('/')[0], question)}\n"
            return Completion(item_id=item.item_id, text=said, truncated=False, tokens=5, seconds=0.5)

        yield from self._batches(items, skip, answer)


def test_a_battle_over_new_puzzles(contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    toys: dict[str, Callable[[str], ToyModel]] = {"ruby": Solver, "jade": lambda name: ToyModel(name, says=" 7")}
    monkeypatch.setattr(
        "engine.runs.worker.open_model", lambda address, *_: toys[Path(address).name](Path(address).name)
    )
    n = 4 * len(DATASETS)
    challenge = BattleRequest(a=contenders[0], b=contenders[1], task=TASK.name, limit=n, seed=2, shots=1, device="cpu")
    with device_lock("cpu") as mine:
        assert mine
        battle_id = runs.start(runs.plan(challenge))
    work("cpu")
    result = runs.result(battle_id)
    assert (result.state, len(result.pairs), result.failures) == ("done", n, [])
    solved = {i for i, a, _ in result.pairs if a.score == 1.0}
    assert {i for i in result.battle.item_ids if i.partition("/")[0] in WORKED} <= solved
    verdict = result.verdict
    assert verdict is not None and verdict.winner == "a" and verdict.population is None
    assert verdict.a_score == len(solved) / n


def test_the_rest_of_a_battle_is_fought_over_the_same_puzzles(contenders: tuple[str, str]) -> None:
    challenge = BattleRequest(a=contenders[0], b=contenders[1], task=TASK.name, limit=30, seed=2, device="cpu")
    battle = runs.plan(challenge)
    with Ledger() as ledger:
        ledger.add(battle)
        kept = ledger.entry(battle.id).battle
    assert digest(load_items(TASK.with_items(kept.item_ids))) == battle.items_digest
    assert runs.plan(replace(challenge, seed=3)).items_digest != battle.items_digest
    assert json.dumps(kept.item_ids) == json.dumps(runs.plan(challenge).item_ids)
