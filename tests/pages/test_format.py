"""Whatever comes from people, servers or files is shown and not obeyed."""

from __future__ import annotations

import re

from pages.format import plain
from tests.pages.driving import HOSTILE


def test_names_and_messages_are_shown_and_not_obeyed() -> None:
    shown = plain(HOSTILE)
    assert shown.replace("\\", "") == HOSTILE
    assert not re.search(r"(?<!\\)[!\[\](*<>$:`]", shown)
