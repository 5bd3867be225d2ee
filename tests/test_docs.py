"""The documents under test: what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli import parser
from engine.tasks.registry import TASKS
from tests.test_architecture import ROOMS
from tutor.__main__ import parser as tutor_parser

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_named_tests_and_files_exist(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    for file, name in re.findall(r"`((?:tests|engine|labs|tutor|pages|scripts)/[\w/.-]+\.\w+)(?:::(\w+))?`", text):
        assert (ROOT / file).is_file(), f"{doc.name} names {file}"
        if name:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{doc.name} names {file}::{name}"


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_links_lead_somewhere(doc: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", doc.read_text(encoding="utf-8")):
        assert (doc.parent / target).exists(), f"{doc.name} links to {target}"


def test_readme_commands_parse() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"python -m engine (.+)", readme)
    assert len(commands) >= 4
    for command in commands:
        parser().parse_args(command.partition("#")[0].split())


def test_readme_commands_of_the_tutor_parse() -> None:
    commands = re.findall(r"python -m tutor (.+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(commands) >= 3
    for command in commands:
        tutor_parser().parse_args(re.split(r"[#<>]", command)[0].split())


def test_every_room_is_on_the_map() -> None:
    described = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [room for rooms in ROOMS.values() for room in rooms if f"`{room}" not in described] == []


def test_every_task_names_its_licence_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    spoken = {"arc_easy": "arc-easy", "arc_challenge": "arc-challenge"}
    for task in TASKS:
        assert spoken.get(task, task) in readme


def test_the_two_commands_come_first() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.index("make run") < readme.index("make test") < readme.index("## ")
