"""Fresh cases from a lab's templates: other names, other numbers, the same kind of thinking.

A case is a function of its template and a seed, so its id brings it back after a reload. Scores are shares that some
count of right answers can have.
"""

from __future__ import annotations

import random
from typing import Any

from pydantic import ValidationError

from engine import CallerMistake
from labs.lab import Case, Draw, Lab, Template, check_options


def fresh_case(lab: Lab, seed: int) -> Case:
    """The case number `seed` of this lab: `seed` picks the template in turn, then draws the slots.

    Raises:
        CallerMistake: the lab has no templates, or a template's slots do not fit its texts.
    """
    if not lab.templates:
        raise CallerMistake(f"The lab “{lab.slug}” has no templates in cases.toml, so there are no fresh cases.")
    template = lab.templates[seed % len(lab.templates)]
    return _filled(lab, template, seed)


def case_of(lab: Lab, id: str) -> Case:
    """The case with this id, written or fresh.

    Raises:
        CallerMistake: no such case.
    """
    for case in lab.cases:
        if case.id == id:
            return case
    number = id.rpartition("-")[2]
    if number.isdecimal() and len(number) <= 4 and lab.templates:
        case = fresh_case(lab, int(number))
        if case.id == id:
            return case
    raise CallerMistake(
        f"The lab “{lab.slug}” has no case “{id}”. It has {', '.join(case.id for case in lab.cases)}"
        + (f", and fresh ones such as {fresh_case(lab, 0).id}." if lab.templates else ".")
    )


def _filled(lab: Lab, template: Template, seed: int) -> Case:
    rng = random.Random(f"{lab.slug}/{template.id}/{seed}")
    slots: dict[str, Any] = {}
    for name, draw in template.draw.items():
        if draw.by is not None and str(slots.get(draw.by)) not in draw.gives:
            raise CallerMistake(
                f"The template “{template.id}” of the lab “{lab.slug}” looks {name} up by {draw.by}, which is "
                f"{slots.get(draw.by)!r} here. Put {draw.by} first under [templates.draw], and the value into `gives`."
            )
        for other in (draw.plus, draw.of):
            if other is not None and not isinstance(slots.get(other), int | float):
                raise CallerMistake(
                    f"The template “{template.id}” of the lab “{lab.slug}” draws {name} from {other}, which is no "
                    f"number drawn before it. Put {other} first under [templates.draw]."
                )
        slots[name] = _drawn(draw, slots, rng)
    texts = {name: _text(value) for name, value in slots.items()}

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            if value.startswith("{") and value[1:-1] in slots:
                return slots[value[1:-1]]  # a slot by itself keeps its type: numbers for the calculator
            return value.format_map(texts)
        if isinstance(value, dict):
            return {key: fill(part) for key, part in value.items()}
        return [fill(part) for part in value] if isinstance(value, list | tuple) else value

    try:
        fields = fill(template.model_dump(exclude={"id", "draw"}, exclude_none=True))
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise CallerMistake(
            f"The template “{template.id}” of the lab “{lab.slug}” uses the slot {error}, which `draw` does not give. "
            "Add it under [templates.draw], or write {{ and }} for plain braces."
        ) from error
    try:
        case = Case(id=f"{template.id}-{seed}", fresh=True, **fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CallerMistake(
            f"The template “{template.id}” of the lab “{lab.slug}” drew {first['input']!r} for {field} with seed "
            f"{seed}: {first['msg']}. Narrow its `draw`."
        ) from error
    _check_keys(lab, case)
    return case


def _check_keys(lab: Lab, case: Case) -> None:
    """That what stands in for slots is offered by the form."""
    options = {row.id: row.options for row in lab.exercise.rows}
    for line, key in case.sheet.items():
        try:
            check_options(f"{case.id}.sheet.{line}", key, options.get(line, ()))
        except ValueError as error:
            raise CallerMistake(f"The lab “{lab.slug}”, cases.toml: {error}.") from error


def _drawn(draw: Draw, slots: dict[str, Any], rng: random.Random) -> str | int | float:
    used = set(slots.values())
    if draw.by is not None:
        return draw.gives[str(slots[draw.by])]
    if draw.among:
        free = [value for value in draw.among if value not in used] or list(draw.among)
        return rng.choice(free)
    assert draw.low is not None and draw.high is not None
    steps = int((draw.high - draw.low) / draw.step + 1e-9)
    value = draw.low + draw.step * rng.randint(0, steps)
    if draw.plus is not None:
        value += slots[draw.plus]
    if draw.of is not None:
        right = min(max(round(value / 100 * slots[draw.of]), 0), slots[draw.of])
        value = 100 * right / slots[draw.of]
    rounded = round(value, 1)
    return int(rounded) if draw.of is None and rounded == int(rounded) else rounded


def _text(value: str | int | float) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
