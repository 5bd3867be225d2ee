"""`endpoints.toml`: what can stand in it, and what is said of what cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import CallerMistake, Unknown
from engine.models.configured import FILE
from engine.models.registry import PACKAGED, find, listed, mistakes

WHOLE = """
[qwen]
url = "https://llm.example.org/v1"
model = "qwen3-8b"
key_env = "QWEN_KEY"
visitors = true
title = "Qwen3 8B"
licence = "Apache-2.0"

[plain]
url = "http://10.0.0.7:8000/v1"
model = "org/m"
"""


@pytest.fixture
def file(own_home: Path) -> Path:
    own_home.mkdir()
    return own_home / FILE


def test_without_a_file_there_are_the_packaged_models(own_home: Path) -> None:
    assert listed() == PACKAGED
    assert mistakes() == ()
    with pytest.raises(Unknown, match="no endpoint is configured"):
        find("endpoint:qwen")


def test_a_table_is_an_endpoint(file: Path) -> None:
    file.write_text(WHOLE, encoding="utf-8")
    qwen, plain = find("endpoint:qwen"), find("endpoint:plain")
    assert listed() == PACKAGED | {"endpoint:qwen": qwen, "endpoint:plain": plain}
    assert (qwen.kind, qwen.title, qwen.served, qwen.location) == (
        "endpoint", "Qwen3 8B", "qwen3-8b", "https://llm.example.org/v1",
    )  # fmt: skip
    assert (qwen.key_variable, qwen.visitors, qwen.licence, qwen.trusted) == ("QWEN_KEY", True, "Apache-2.0", True)
    assert (plain.title, plain.key_variable, plain.visitors) == ("plain", "", False)
    assert qwen.stands_for == "openai:qwen3-8b@https://llm.example.org/v1"
    assert find(qwen.stands_for).key_variable == ""


def test_only_what_is_said_to_be_is_open_to_visitors(file: Path) -> None:
    file.write_text(WHOLE, encoding="utf-8")
    assert [address for address, card in listed().items() if card.visitors] == [*PACKAGED, "endpoint:qwen"]
    assert not find("openai:m@https://h.example/v1").visitors and not find("hf:a/b").visitors


def test_a_name_nobody_has_is_offered_the_nearest(file: Path) -> None:
    file.write_text(WHOLE, encoding="utf-8")
    with pytest.raises(Unknown, match=r"no endpoint called 'qwem'. Did you mean 'qwen'"):
        find("endpoint:qwem")


SOUND = '[sound]\nurl = "https://h.example/v1"\nmodel = "m"\n'


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('model = "m"', "[bad]: 'url' is missing. Add it"),
        ('url = "https://h.example/v1"', "[bad]: 'model' is missing"),
        ('url = "ftp://h/v1"\nmodel = "m"', "[bad]: url ('ftp://h/v1') must be a bare address"),
        ('url = "http://[bad"\nmodel = "m"', "[bad]: url ('http://[bad') must be"),
        ('url = 7\nmodel = "m"', "[bad]: url is 7, of type int. Write a text."),
        ('url = "https://h.example/v1"\nmodel = ""', "[bad]: model is ''. Give the name"),
        ('url = "https://h.example/v1"\nmodel = "m\\u0007"', "[bad]: model is no single line"),
        (
            'url = "https://h.example/v1"\nmodel = "m"\nvisitors = "yes"',
            "visitors is 'yes', of type str. Write true or",
        ),
        ('url = "https://h.example/v1"\nmodel = "m"\nvisitors = 1', "visitors is 1, of type int. Write true or false"),
        (
            'url = "https://h.example/v1"\nmodel = "m"\nmodle = "n"',
            "there is no 'modle' (value not shown). There are: url",
        ),
    ],
)
def test_a_mistake_costs_its_table_and_no_other(file: Path, lines: str, says: str) -> None:
    file.write_text(f"{SOUND}[bad]\n{lines}\n", encoding="utf-8")
    assert "endpoint:sound" in listed() and "endpoint:bad" not in listed()
    (mistake,) = mistakes()
    assert says in mistake
    assert str(file.parent) not in mistake  # no server's paths
    with pytest.raises(CallerMistake) as caught:
        find("endpoint:bad")
    assert str(caught.value) == mistake
    assert find("endpoint:sound").served == "m"


@pytest.mark.parametrize(
    "line", ['key = "sk-hunter2"', 'api_key = "sk-hunter2"', 'key_env = "sk-hunter2"', 'key_env = ["sk-hunter2"]',
             'url = "https://me:sk-hunter2@h.example/v1"', 'url = "https://h.example/v1?key=sk-hunter2"'],
)  # fmt: skip
def test_a_key_in_the_file_is_refused_and_not_shown(file: Path, line: str) -> None:
    url = "" if line.startswith("url") else 'url = "https://h.example/v1"\n'
    file.write_text(f'[bad]\nmodel = "m"\n{url}{line}\n', encoding="utf-8")
    (mistake,) = mistakes()
    assert "hunter2" not in mistake


@pytest.mark.parametrize("name", ["UPPER", '"a b"', '"a@b"', '"ü"', '"../x"', '""', "a" * 65])
def test_a_name_of_another_form(file: Path, name: str) -> None:
    file.write_text(f'[{name}]\nurl = "https://h.example/v1"\nmodel = "m"\n', encoding="utf-8")
    assert listed() == PACKAGED
    assert "Rename the table" in mistakes()[0]


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (b"[qwen\n", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"x = 1\n", "stands outside of any table"),
        (b"#" * (1 << 20) + b"#", "is larger than"),
        (b"x = " + b"[" * 100_000, "is not TOML"),
    ],
)
def test_a_file_that_is_none_is_a_sentence(file: Path, held: bytes, says: str) -> None:
    file.write_bytes(held)
    assert listed() == PACKAGED
    assert says in mistakes()[0]
    with pytest.raises(CallerMistake):
        find("endpoint:qwen")


def test_a_folder_in_its_place(file: Path) -> None:
    file.mkdir()
    assert "cannot be read" in mistakes()[0]
