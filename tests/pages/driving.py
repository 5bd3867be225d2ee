"""Drives a page through the real shell, without a browser, and reads off it what a person would."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from engine import battles
from pages.shared import person

Start, Work = Callable[..., str], Callable[[], None]
"""The fixtures `start` and `fight`, and `work`."""
APP = str(Path(__file__).resolve().parents[2] / "pages" / "shell.py")
DEFINED = re.compile(r"\[([^\]]+)\]\(#[\w-]+ \"(?:[^\"\\]|\\.)*\"\)")
"""A term of a lab's glossary in a text: a link with its definition as the title."""
HOSTILE = "![x](http://host/p.png) **b** <b>c</b> $d$ :red[e] `f`"
"""What Markdown, HTML or a formula would make of a text that nobody escaped."""


def open_page(path: str = "", *, learner: str = "ann", operator: bool = True, **query: str) -> AppTest:
    """The page of this file, or the first one, as somebody at the server's machine sees it, or as a visitor does.

    Home runs before: only then are the others known by their addresses.
    """
    app = AppTest.from_file(APP, default_timeout=20)
    app.session_state[person.DEVICE] = learner
    app.session_state[person.CONNECTION] = person.Connection(device=None, operator=operator)
    app.query_params.update(query)
    app.run()
    return app.switch_page(path.removeprefix("pages/")).run() if path else app


def open_lab(slug: str = "lab1", learner: str = "ann", tab: str = "Talk") -> AppTest:
    app = open_page("pages/learn/lab.py", lab=slug, learner=learner)
    assert not app.exception
    return app if tab == "Talk" else open_tab(app, slug, tab)


def open_tab(app: AppTest, slug: str, tab: str) -> AppTest:
    """Only the open tab of a lab is drawn."""
    app.session_state[f"tabs-{slug}"] = tab
    app.run()
    assert not app.exception
    return app


def say(app: AppTest, *messages: str) -> AppTest:
    for message in messages:
        app.chat_input[0].set_value(message).run()
        assert not app.exception
    return app


def labelled(elements: Iterable[Any], label: str) -> Any:
    return next(element for element in elements if element.label.replace("\\", "") == label)


def press(app: AppTest, label: str) -> AppTest:
    return labelled(app.button, label).click().run()


def run_button(app: AppTest) -> Any:
    return labelled(app.button, "Run the battle")


def shown(elements: Iterable[Any]) -> str:
    """What they say, without the escapes that keep Markdown out, and terms without the definitions behind them."""
    return DEFINED.sub(r"\1", "\n".join(str(element.value) for element in elements)).replace("\\", "")


def texts(app: AppTest) -> str:
    return shown(element for kind in ("title", "subheader", "markdown", "caption") for element in app.get(kind))


def raw(app: AppTest) -> str:
    """As it is handed to the browser, escapes and all."""
    return "\n".join(str(element.value) for kind in ("markdown", "caption") for element in app.get(kind))


def descriptions(app: AppTest) -> list[str]:
    """What the charts say to whoever cannot see them."""
    return [json.loads(chart.proto.spec)["description"] for chart in app.get("vega_lite_chart")]


def expecting(learner: str = "ann", hypothesis: str = "", **percent: int) -> battles.Forecast:
    given = percent or {"a": 10, "b": 20, "equal": 30, "undecided": 40}
    return battles.Forecast(
        probabilities=battles.OutcomeProbabilities.percent(**given), hypothesis=hypothesis, by=battles.author(learner)
    )
