"""What a ranking comes to, where what a model gave does not fit the item."""

from __future__ import annotations

import pytest

from engine import ItemFailure, ItemResult
from engine.battles.scoring import ranked_outcome
from engine.models.interface import Logliks
from engine.tasks.task import Item

ITEM = Item(id="i", index=0, contexts=("Q",), choices=(" a", " b", " c"), gold=1)


def test_as_many_numbers_as_choices_are_a_result() -> None:
    outcome = ranked_outcome(ITEM, Logliks(item_id="i", sums=(-3.0, -1.0, -2.0)), "sum")
    assert isinstance(outcome, ItemResult) and outcome.score == 1.0


@pytest.mark.parametrize(
    "given", [{"sums": (-1.0, -2.0)}, {"sums": (-1.0,) * 4}, {"sums": (-1.0,) * 3, "unconditional": (-1.0,) * 4}]
)
@pytest.mark.parametrize("normalisation", ["sum", "characters"])
def test_another_number_of_them_is_a_failure_and_no_answer(
    given: dict[str, tuple[float, ...]], normalisation: str
) -> None:
    """Failed before: a `ValueError`, which took the battle's page with it when a stored outcome was read again."""
    outcome = ranked_outcome(ITEM, Logliks(item_id="i", **given), normalisation)  # type: ignore[arg-type]
    assert isinstance(outcome, ItemFailure) and outcome.reason == "scoring"
    assert "for 3 choices" in outcome.message
