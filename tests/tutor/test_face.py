"""The tutor's face: what outsiders use, and that looking at it costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tutor
from tutor import dialogue, judge

ROOT = Path(__file__).resolve().parents[2]
HEAVY = "{'openai', 'instructor', 'torch', 'streamlit', 'sqlalchemy', 'scipy', 'numpy', 'tokenizers', 'safetensors'}"


def loaded(code: str) -> set[str]:
    """Which of the heavy libraries a fresh process holds after this."""
    line = f"import sys; {code}; print(*({HEAVY} & sys.modules.keys()))"
    return set(
        subprocess.run(
            [sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
    )


@pytest.mark.parametrize("face", [tutor, judge, dialogue], ids=lambda face: face.__name__)
def test_a_face_lists_what_it_has_in_order_and_has_what_it_lists(face):
    names = face.__all__
    assert names == sorted(names, key=lambda name: (name.lower() == name, not name.isupper(), name))
    assert len(names) == len(set(names)) <= 20
    assert all(hasattr(face, name) for name in names)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        face.nothing  # noqa: B018


def test_importing_the_tutor_and_the_judges_room_loads_nothing_heavy():
    assert loaded("import tutor; from tutor import judge; judge.lab_progress") == set()


def test_a_talk_without_a_message_loads_no_judge_and_no_endpoint():
    used = "from tutor import check, configured_tutor, dialogue, journal; dialogue.resume; journal.latest"
    assert loaded(used) <= {"numpy", "sqlalchemy"}
