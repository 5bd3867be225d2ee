"""The tutor's face: what outsiders use, and that looking at it costs nothing."""

from __future__ import annotations

import pytest

import tutor
from tests.loading import loaded
from tutor import dialogue, judge

HEAVY = {"openai", "instructor", "torch", "streamlit", "sqlalchemy", "scipy", "numpy", "tokenizers", "safetensors"}


@pytest.mark.parametrize("face", [tutor, judge, dialogue], ids=lambda face: face.__name__)
def test_a_face_lists_what_it_has_in_order_and_has_what_it_lists(face):
    names = face.__all__
    assert names == sorted(names, key=lambda name: (name.lower() == name, not name.isupper(), name))
    assert len(names) == len(set(names)) <= 20
    assert all(hasattr(face, name) for name in names)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        face.nothing  # noqa: B018


def test_importing_the_tutor_and_the_judges_room_loads_nothing_heavy():
    assert loaded(HEAVY, "import tutor; from tutor import judge; judge.lab_progress") == [set()]


def test_a_talk_without_a_message_loads_no_judge_and_no_endpoint():
    (held,) = loaded(
        HEAVY, "from tutor import check, configured_tutor, dialogue, journal; dialogue.resume; journal.latest"
    )
    assert held <= {"numpy", "sqlalchemy"}
