"""Reading a lab: the example is sound, and every mistake is named by file and field."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from engine import CallerMistake
from labs import read_lab
from labs.lab import (
    AnswerKey,
    Case,
    CheckOption,
    CheckQuestion,
    Concept,
    Draw,
    Exercise,
    Expectation,
    Facts,
    Lab,
    MeasuredBattle,
    Measurement,
    Misconception,
    Prediction,
    Question,
    SheetRow,
    Template,
    TransferQuestion,
)

Rewrite = Callable[[str, str, str], None]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "write-a-lab.md"


def mistake(folder: Path) -> str:
    with pytest.raises(CallerMistake) as caught:
        read_lab(folder)
    return str(caught.value)


# ---- what is read


def test_the_example_is_read_as_it_is_written(weather: Path) -> None:
    lab = read_lab(weather)
    assert (lab.slug, lab.minutes, lab.exercise.kind) == ("weather", 10, "checklist")
    assert [concept.id for concept in lab.concepts] == ["base_rate", "same_days", "number_of_days"]
    assert [belief.concept for belief in lab.misconceptions] == ["base_rate"]
    assert [len(case.questions) for case in lab.cases] == [3]
    assert lab.cases[0].facts is not None and lab.cases[0].facts.n == 50
    assert len(lab.templates) == 1 and len(lab.glossary) == 5
    assert lab.concept("same_days").name == "The same days"
    assert lab.misconception("high_rate_is_skill").belief == "A high hit rate shows skill by itself."
    assert lab.check is not None and lab.check.best.id == "beside_no_skill"


def test_the_reading_is_the_lesson_in_paragraphs(weather: Path) -> None:
    (weather / "lesson.md").write_text("# Rain\n\nIt rains.\nA lot.\n\n\n  \n\nThen it stops.\n", encoding="utf-8")
    assert read_lab(weather).reading == ("# Rain", "It rains.\nA lot.", "Then it stops.")


def test_what_was_read_stays_as_it_is(weather: Path) -> None:
    lab = read_lab(weather)
    with pytest.raises(ValidationError, match="frozen"):
        lab.cases[0].title = "Another"


def test_the_folder_gives_the_name(weather: Path) -> None:
    assert read_lab(weather.rename(weather.with_name("rain-2"))).slug == "rain-2"


def test_misconceptions_and_facts_may_be_missing(weather: Path, rewrite: Rewrite) -> None:
    text = (weather / "lab.toml").read_text(encoding="utf-8")
    without = re.sub(r"\[\[misconceptions\]\].*?(?=# -+ exercise)", "", text, flags=re.S)
    (weather / "lab.toml").write_text("misconceptions = []\n" + without, encoding="utf-8")
    rewrite("cases.toml", 'facts = { a = "Skylark"', '# facts = { a = "Skylark"')
    lab = read_lab(weather)
    assert lab.misconceptions == () and lab.cases[0].facts is None


# ---- what is refused, by the file spoilt and the file named: (passage, what stands there instead, words of the message)

SPOILT = {
    ("lab.toml", "lab.toml"): {
        "missing field": ("goal = ", "# goal = ", "field goal: Field required."),
        "missing inside": ('gist = "A hit', '# gist = "A hit', "field concepts.1.gist: Field required"),
        "empty text": ('label = "What may be said?"', 'label = " "', "field exercise.rows.4.label: "),
        "a word for a number": ("minutes = 10", 'minutes = "ten"', "field minutes: .*integer.*'ten'"),
        "too short": ("minutes = 10", "minutes = 4", "field minutes: .*greater than or equal to 5.*'4'"),
        "a number for a text": ('"skill" = "', '"skill" = 5 # "', "field glossary.skill: .*'5'"),
        "unknown kind": ('"checklist"', '"quiz"', "field exercise.kind: .*'protocol'.*'quiz'"),
        "unknown field": ("minutes = 10", "minutes = 10\ncolour = 'red'", "field colour: Extra"),
        "id with a space": ('id = "same_days"', 'id = "same days"', "field concepts.2.id: .*'same days'"),
        "concept of a belief": (
            'concept = "base_rate"\nbelief',
            'concept = "sun"\nbelief',
            "misconceptions.high_rate_is_skill names the concept “sun”; this lab has base_rate, number_of_days,",
        ),
        "concept of a row": (
            'concept = "number_of_days"\n\n[[exercise',
            'concept = "sun"\n\n[[exercise',
            "exercise.rows.number_of_days names the concept “sun”",
        ),
        "two right answers": (
            'id = "missed_all"',
            'id = "missed_all"\nright = true',
            "field check: say `right = true` of one option, the best one, and of no other",
        ),
        "two answers of one name": (
            'id = "missed_all"',
            'id = "high_is_good"',
            "field check: options: the id “high_is",
        ),
        "two concepts of one name": ('id = "same_days"', 'id = "base_rate"', "concepts: the id “base_rate” is used"),
    },
    ("cases.toml", "cases.toml"): {
        "missing in a case": ("hint = ", "# hint = ", "field cases.1.questions.1.hint: Field req"),
        "a text for a list": (
            'concepts = ["base_rate"]',
            'concepts = "base_rate"',
            "field cases.1.questions.2.concepts: .*'base_rate'",
        ),
        "no concept": (
            'concepts = ["base_rate"]',
            "concepts = []",
            "field cases.1.questions.2.concepts: .*at least 1 item",
        ),
        "a share above 100": ("score_a = 88.0", "score_a = 188.0", "field cases.1.facts.score_a: .*'188.0'"),
        "one item": ("n = 50", "n = 1", "field cases.1.facts.n: .*greater than or equal to 2"),
        "unknown form": ('"press"', '"tweet"', "field cases.1.form: .*'newsletter'.*'tweet'"),
        "unknown field inside": ('form = "press"', 'form = "press"\nfrom = "us"', "field cases.1.from: Extra .*'us'"),
        "unknown table": ("[[cases]]", "[[case]]", "unknown field “case”"),
        "a slot drawn from nowhere": (
            "rain = { low = 6, high = 12 }",
            "rain = { low = 6 }",
            "field templates.1.draw.rain: give either `among` .* or both `low` and `high`",
        ),
        "a slot drawn twice": (
            "rain = { low = 6, high = 12 }",
            "rain = { low = 6, high = 12, among = [7] }",
            "field templates.1.draw.rain: give either `among` .* or both",
        ),
        "low above high": (
            "rain = { low = 6, high = 12 }",
            "rain = { low = 12, high = 6 }",
            "field templates.1.draw.rain: low 12.* must not exceed high 6",
        ),
        "a step of nothing": (
            "rain = { low = 6, high = 12 }",
            "rain = { low = 6, high = 12, step = 0 }",
            "field templates.1.draw.rain: .*step 0.* must be above 0",
        ),
        "invalid TOML": ('title = "Two', 'title "Two', "is not valid TOML: .*line 5"),
    },
    ("cases.toml", "lab.toml"): {
        "concept of a question": (
            'concepts = ["base_rate"]',
            'concepts = ["base_rate", "sun"]',
            "weather-a.questions.a1 names the concept “sun”; this lab has",
        ),
        "concept of a template": (
            'concepts = ["same_days"]',
            'concepts = ["sun"]',
            "same-town.questions.q2 names the concept “sun”",
        ),
        "two questions of one name": ('id = "a1"', 'id = "a0"', "weather-a.questions: the id “a0” is used twice"),
    },
}


@pytest.mark.parametrize(
    ("files", "old", "new", "words"),
    [pytest.param(files, *spoilt, id=name) for files, mistakes in SPOILT.items() for name, spoilt in mistakes.items()],
)
def test_a_mistake_is_named(
    weather: Path, rewrite: Rewrite, files: tuple[str, str], old: str, new: str, words: str
) -> None:
    spoilt, named = files
    rewrite(spoilt, old, new)
    message = mistake(weather)
    assert re.search(f"{named}:? .*{words}", message), message
    assert str(weather) in message and "\n" not in message


def test_two_mistakes_are_counted(weather: Path, rewrite: Rewrite) -> None:
    rewrite("lab.toml", "goal = ", "# goal = ")
    rewrite("lab.toml", "minutes = 10", "minutes = 1")
    assert "field goal: Field required. And 1 more. See docs/write-a-lab.md." in mistake(weather)


@pytest.mark.parametrize("name", ["lab.toml", "cases.toml", "lesson.md"])
def test_a_missing_file_is_named(weather: Path, name: str) -> None:
    (weather / name).unlink()
    assert mistake(weather) == (
        f"{weather / name} cannot be read: No such file or directory. "
        "A lab is a folder with lab.toml, cases.toml, lesson.md."
    )


@pytest.mark.parametrize("name", ["lab.toml", "cases.toml", "lesson.md"])
def test_a_file_in_another_encoding_is_named(weather: Path, name: str) -> None:
    text = (weather / name).read_text(encoding="utf-8")
    (weather / name).write_bytes((text + "\n# déjà vu").encode("utf-16"))
    assert f"{weather / name} cannot be read: it is not UTF-8 text." in mistake(weather)


def test_an_empty_lesson_is_a_mistake(weather: Path) -> None:
    (weather / "lesson.md").write_text("  \n", encoding="utf-8")
    assert "lesson.md: field lesson: String should have at least 1 character" in mistake(weather)


def test_a_lab_needs_two_concepts(weather: Path) -> None:
    text = (weather / "lab.toml").read_text(encoding="utf-8")
    start, end = text.index('[[concepts]]\nid = "same_days"'), text.index("# -", text.index('id = "number_of_days"'))
    (weather / "lab.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    assert "lab.toml: field concepts: Tuple should have at least 2 items" in mistake(weather)


# ---- the guide


SECTIONS: dict[str, type[BaseModel]] = {
    "### The lab itself": Lab,
    "### `[[transfer]]`": TransferQuestion,
    "### `[[concepts]]`": Concept,
    "### `[check]`": CheckQuestion,
    "### Expectations": Expectation,
    "### `[[misconceptions]]`": Misconception,
    "### `[measurement]`": Measurement,
    "### `[[cases]]`": Case,
    "### `[[cases.questions]]`": Question,
    "### `[cases.sheet]`": AnswerKey,
    "### `[[templates]]`": Template,
}
NESTED: dict[str, list[type[BaseModel]]] = {
    "### `[check]`": [CheckOption],
    "### `[exercise]`": [Exercise, SheetRow],
    "### `[measurement]`": [MeasuredBattle, Prediction],
    "### `[[cases]]`": [Facts],
    "### `[[templates]]`": [Draw],
}
NOT_WRITTEN = {"slug", "fresh"}  # the folder's name, and what only a template makes


def section(heading: str) -> str:
    found = re.search(rf"^{re.escape(heading)}.*?(?=^##|\Z)", GUIDE.read_text(encoding="utf-8"), re.S | re.M)
    assert found, f"the guide has no section {heading}"
    return found[0]


@pytest.mark.parametrize(
    ("heading", "model"),
    [*SECTIONS.items(), *((heading, model) for heading, models in NESTED.items() for model in models)],
)
def test_the_guide_describes_every_field(heading: str, model: Any) -> None:
    described = section(heading)
    for name, field in model.model_fields.items():
        if name not in NOT_WRITTEN:
            assert f"`{name}`" in described, f"{heading} does not speak of {name}"
        row = re.search(rf"^\|[^|]*`{name}`( \*)?", described, re.M)
        if row:
            assert bool(row[1]) == field.is_required(), f"{heading}: the star at {name}"


def test_the_guide_names_no_field_that_is_not_there() -> None:
    for heading, model in SECTIONS.items():
        known = set(model.model_fields).union(*(nested.model_fields for nested in NESTED.get(heading, [])))
        named = {
            name for row in re.findall(r"^\|([^|]*)\|", section(heading), re.M) for name in re.findall(r"`(\w+)`", row)
        }
        assert named - known - {"draw", "facts"} == set()
