"""Operator sign-in: the start-up code, and nothing else, makes a visitor the operator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from engine import access
from tests.pages.driving import APP, open_page, press, texts

PAGE = "pages/start/sign_in.py"
CODE = "a code of many letters"


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", CODE)
    access.operator_sign_in.cache_clear()
    yield
    access.operator_sign_in.cache_clear()


def enter(app: AppTest, code: str) -> AppTest:
    app.text_input[0].set_value(code)
    return press(app, "Sign in")


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def test_the_code_signs_one_browser_in_until_it_signs_out() -> None:
    app = enter(open_page(PAGE, operator=False), CODE)
    assert "signed in" in texts(app)
    assert "Operator sign-in" not in links(open_page(operator=False))
    assert "Operator sign-in" in links(open_page(learner="eve", operator=False))
    press(app, "Sign out")
    assert "Operator sign-in" in links(open_page(operator=False))


def test_a_wrong_code_signs_nobody_in_and_the_sixth_is_not_looked_at() -> None:
    app = open_page(PAGE, operator=False)
    for _ in range(5):
        enter(app, CODE[:-1])
        assert "not the code" in app.error[0].value
    enter(app, CODE)
    assert "Too many wrong codes" in "".join(each.value for each in (*app.error, *app.warning))
    assert access.operator_sign_in().devices == set()
    assert CODE not in texts(app)


def test_whoever_sits_at_the_server_has_nothing_to_sign_in_to() -> None:
    assert "nothing to sign in to" in texts(open_page(PAGE))
    assert "Operator sign-in" not in links(open_page())


def test_a_session_without_a_request_is_nobodys() -> None:
    app = AppTest.from_file(APP, default_timeout=20).run()
    assert not app.exception
    assert "Operator sign-in" in links(app)
