"""Scores over groups of items, as JSON."""

from __future__ import annotations

import json

import pytest

from engine.report.battle import ASSUMED, aggregates_json
from engine.stats.groups import aggregates


def test_the_numbers_of_each_group_and_of_all_together() -> None:
    """Both are right on half of each group; on the same items in `sky`, on opposite ones in `sea`."""
    found = aggregates({"sky": [(1, 1), (0, 0), (1, 1), (0, 0)], "sea": [(1, 0), (0, 1), (1, 0), (0, 1)]})
    told = json.loads(json.dumps(aggregates_json(found)))
    assert told["groups"][1]["gap"] == {"score": 0.0, "error": pytest.approx((1 / 3) ** 0.5)}
    assert told["macro"]["a"]["score"] == told["micro"]["b"]["score"] == 0.5
    assert told["assumed"] == ASSUMED and "take the groups as given" in ASSUMED
