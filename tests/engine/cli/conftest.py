"""Commands carry their battles out in the process of the test."""

from __future__ import annotations

import pytest

from tests.conftest import ToyModel


@pytest.fixture
def opened(opened: list[ToyModel], in_process: None) -> list[ToyModel]:
    """Toys are opened instead of weights, by a worker in this process."""
    return opened
