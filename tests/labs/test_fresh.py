"""Fresh cases: the same number brings the same case, scores exist, names differ, and every slot is filled."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import CallerMistake
from labs import Case, Lab, case_of, fresh_case, read_lab
from labs.curriculum import OURS
from labs.lab import Template
from tests.labs.conftest import EXAMPLES

Rewrite = Callable[[str, str, str], None]
ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [*(file.parent for file in sorted(OURS.glob("*/lab.toml"))), EXAMPLES / "weather"]
LABS = [read_lab(folder) for folder in FOLDERS]

every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)


def drawn(template: Template, case: Case) -> dict[str, str]:
    """What stands in the slots of a case, read from its text; a slot that the text lacks is not in it."""
    seen: set[str] = set()

    def group(slot: re.Match[str]) -> str:
        name = slot[1]
        again, _ = name in seen, seen.add(name)
        return f"(?P={name})" if again else f"(?P<{name}>.+?)"

    shape = re.sub(r"\\\{(\w+)\\\}", group, re.escape(template.text))
    found = re.fullmatch(shape, case.text, re.S)
    assert found, f"{case.id} does not fit its template: {case.text}"
    return found.groupdict()


def template_of(lab: Lab, case: Case) -> Template:
    return next(one for one in lab.templates if one.id == case.id.rpartition("-")[0])


@cache
def possible(items: int) -> frozenset[float]:
    """The scores in percent, to a tenth, that some number of right answers among so many can have."""
    return frozenset(round(100 * right / items, 1) for right in range(items + 1))


def number(shown: str) -> float:
    return float(shown.replace(",", ""))


# ---- a function of lab, template and seed


@every_lab
def test_the_same_seed_brings_the_same_case(lab: Lab) -> None:
    again = read_lab(FOLDERS[LABS.index(lab)])
    assert [fresh_case(again, seed) for seed in range(40)] == [fresh_case(lab, seed) for seed in range(40)]


def test_the_same_case_in_another_process() -> None:
    """Python shuffles its hashes anew in each process; a case must not depend on them."""
    script = (
        "import json, pathlib, sys\nfrom labs import fresh_case, read_lab\n"
        "labs = [read_lab(pathlib.Path(folder)) for folder in sys.argv[1:]]\n"
        "print(json.dumps([fresh_case(lab, seed).text for lab in labs for seed in range(8)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, FOLDERS)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [fresh_case(lab, seed).text for lab in LABS for seed in range(8)]


@every_lab
def test_other_seeds_bring_other_cases(lab: Lab) -> None:
    assert len({fresh_case(lab, seed).text for seed in range(100)}) == 100


@every_lab
def test_templates_take_turns(lab: Lab) -> None:
    turns = [template_of(lab, fresh_case(lab, seed)).id for seed in range(2 * len(lab.templates))]
    assert turns == 2 * [template.id for template in lab.templates]


@given(seed=st.integers(0, 9_999))
def test_an_id_brings_its_case_back(seed: int) -> None:
    for lab in LABS:
        case = fresh_case(lab, seed)
        assert case.fresh and case.id.endswith(f"-{seed}")
        assert case_of(lab, case.id) == case


# ---- what is drawn


@every_lab
def test_drawn_values_keep_to_their_ranges(lab: Lab) -> None:
    """And a share is one that some whole number of right answers can have, rounded to a tenth."""
    checked = 0
    for seed in range(200):
        case = fresh_case(lab, seed)
        template = template_of(lab, case)
        slots = drawn(template, case)
        for name, draw in template.draw.items():
            if name not in slots:
                continue
            if draw.among:
                assert slots[name] in [f"{one:,}" if isinstance(one, int) else str(one) for one in draw.among]
                continue
            assert draw.low is not None and draw.high is not None
            value = number(slots[name])
            base = number(slots[draw.plus]) if draw.plus else 0.0
            slack = 0.0
            if draw.of is not None:
                items = int(number(slots[draw.of])) if draw.of in slots else case.facts.n  # type: ignore[union-attr]
                assert value in possible(items), f"{case.id}: {value}% of {items}"
                slack = 50 / items + 0.05
                checked += 1
            assert draw.low - slack <= value - base + 1e-9 and value - base - 1e-9 <= draw.high + slack, (
                f"{case.id}: {name}"
            )
    assert checked >= 100


@every_lab
def test_facts_are_the_numbers_of_the_text(lab: Lab) -> None:
    for seed in range(4 * len(lab.templates)):
        case = fresh_case(lab, seed)
        if case.facts is None:
            continue
        assert case.facts.a != case.facts.b
        figures = {number(one) for one in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", case.text)}
        assert {case.facts.score_a, case.facts.score_b} - {None} <= figures, case.text


@every_lab
def test_no_slot_is_left_open(lab: Lab) -> None:
    for seed in range(len(lab.templates)):
        case = fresh_case(lab, seed)
        assert not re.search(r"\{[a-z_]+\}", case.model_dump_json()), case.id


PAIR = '%s = { among = ["Sun", "Moon"] }'


def test_two_slots_never_take_one_name(weather: Path, rewrite: Rewrite) -> None:
    rewrite(
        "cases.toml", 'a = { among = ["Cirrus", "Puddle", "Weathercock", "Barometer Bill", "Sunday Sky"] }', PAIR % "a"
    )
    rewrite(
        "cases.toml", 'b = { among = ["Swallow", "Galosh", "Red Evening", "Mackerel", "Umbrella Ann"] }', PAIR % "b"
    )
    lab = read_lab(weather)
    pairs = {(case.facts.a, case.facts.b) for seed in range(50) if (case := fresh_case(lab, seed)).facts}
    assert pairs == {("Sun", "Moon"), ("Moon", "Sun")}


def test_numbers_are_written_for_people_and_kept_for_the_calculator(weather: Path, rewrite: Rewrite) -> None:
    rewrite("cases.toml", "n = { among = [40, 60, 80, 120] }", "n = { among = [14042] }")
    rewrite("cases.toml", "rain = { low = 6, high = 12 }", 'rain = { among = ["2024"] }')
    case = fresh_case(read_lab(weather), 3)
    assert "the same 14,042 days" in case.text and "on 2024 of" in case.text
    assert case.facts is not None and case.facts.n == 14042


def test_scores_stay_within_0_and_100(weather: Path, rewrite: Rewrite) -> None:
    rewrite("cases.toml", "score_a = { low = 3, high = 9", "score_a = { low = 60, high = 90")
    case = fresh_case(read_lab(weather), 0)
    assert case.facts is not None and case.facts.score_a == 100.0


def test_double_braces_are_braces(weather: Path, rewrite: Rewrite) -> None:
    rewrite("cases.toml", "Parish newsletter: “We", "Parish newsletter {{weekly}}: “We")
    assert fresh_case(read_lab(weather), 0).text.startswith("Parish newsletter {weekly}: “We")


# ---- what is refused


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("days in {town}. {a}", "days in {place}. {a}", "the slot 'place'"),
        ('ask = "{a} has', 'ask = "{who} has', "the slot 'who'"),
        ('rain = { low = 6, high = 12 }\n', "", "the slot 'rain'"),
        ('score_b = "{score_b}" }\n\n[templates', 'score_b = "{late}" }\n\n[templates', "the slot 'late'"),
    ],
)  # fmt: skip
def test_an_unknown_slot_is_named(weather: Path, rewrite: Rewrite, old: str, new: str, words: str) -> None:
    rewrite("cases.toml", old, new)
    with pytest.raises(CallerMistake) as caught:
        fresh_case(read_lab(weather), 0)
    message = str(caught.value)
    assert "template “same-town” of the lab “weather”" in message and words in message and "[templates.draw]" in message


def test_a_lab_without_templates_says_so(weather: Path) -> None:
    text = (weather / "cases.toml").read_text(encoding="utf-8")
    (weather / "cases.toml").write_text(text[: text.index("[[templates]]")], encoding="utf-8")
    lab = read_lab(weather)
    with pytest.raises(CallerMistake, match=r"lab “weather” has no templates in cases\.toml"):
        fresh_case(lab, 0)
    assert case_of(lab, "weather-a") == lab.cases[0]
    with pytest.raises(CallerMistake, match=r"no case “same-town-0”\. It has weather-a\.$"):
        case_of(lab, "same-town-0")


@every_lab
def test_a_written_case_is_found_by_its_id(lab: Lab) -> None:
    for case in lab.cases:
        assert case_of(lab, case.id) is case


@pytest.mark.parametrize(
    "id", ["", "weather-b", "same-town", "same-town-", "same-town-x", "same-town--1", "same-town-1.0", "same-town-01",
           "same-town-٣", "same-town-10000", "other-3", "SAME-TOWN-3"],
)  # fmt: skip
def test_no_other_id_is_taken(id: str) -> None:
    with pytest.raises(CallerMistake) as caught:
        case_of(LABS[-1], id)
    assert (
        str(caught.value)
        == f"The lab “weather” has no case “{id}”. It has weather-a, and fresh ones such as same-town-0."
    )


def test_a_seed_belongs_to_one_template() -> None:
    """Seed 1 is the second template's: the first one's id with that number is nobody's."""
    lab = LABS[0]
    wrong = f"{lab.templates[0].id}-1"
    assert fresh_case(lab, 1).id == f"{lab.templates[1].id}-1"
    with pytest.raises(CallerMistake, match=f"has no case “{wrong}”"):
        case_of(lab, wrong)
