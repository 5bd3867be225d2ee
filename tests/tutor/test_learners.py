"""Which learner sits at a device: its own until a code says otherwise; and nothing in the journal opens anything."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.tutor.test_journal import answered, begun
from tutor import journal
from tutor.journal import codes

LAPTOP, PHONE = journal.device_id("laptop"), journal.device_id("phone")


def held(own_home: Path) -> str:
    with sqlite3.connect(own_home / "journal.db") as file:
        tables = [name for (name,) in file.execute("select name from sqlite_master where type = 'table'")]
        everything = {table: file.execute(f"select * from {table}").fetchall() for table in tables}
    file.close()
    return repr(everything)


def test_devices_that_only_look_leave_no_rows(own_home: Path):
    for number in range(200):
        device = journal.device_id(str(number))
        assert journal.learner_of(device) == device
        assert not journal.has_written(device)
    assert "d:" not in held(own_home)


def test_a_code_brings_a_learner_to_another_device_and_back():
    talk = answered(begun(LAPTOP))
    code = journal.new_resume_code(LAPTOP)
    assert journal.resume(PHONE, code) == LAPTOP
    assert journal.talks(journal.learner_of(PHONE)) == (talk,)
    own = journal.new_resume_code(PHONE)  # of whoever sat at the phone before
    assert journal.resume(PHONE, own) == PHONE == journal.learner_of(PHONE)
    assert journal.learner_of(LAPTOP) == LAPTOP


@pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", " "), lambda code: f"\t{code}\n"])
def test_a_code_may_be_typed_as_people_type(typed):
    assert journal.resume(PHONE, typed(journal.new_resume_code(LAPTOP))) == LAPTOP


def test_letters_that_look_like_digits_are_those_digits():
    assert codes.digest("OIL00-11111-22222-33333") == codes.digest("01100-11111-22222-33333")


def test_a_new_code_makes_the_old_one_void():
    old = journal.new_resume_code(LAPTOP)
    assert journal.has_code(LAPTOP)
    new = journal.new_resume_code(LAPTOP)
    assert journal.resume(PHONE, old) is None
    assert journal.resume(PHONE, new) == LAPTOP


@pytest.mark.parametrize("guess", ["", " ", "-", "ann", "1", "d:", LAPTOP, "%", "' or 1=1 --", "\x00", "A" * 10_000])
def test_what_is_no_code_changes_nothing(guess: str):
    answered(begun(LAPTOP))
    answered(begun("ann"))
    journal.new_resume_code(LAPTOP)
    assert journal.resume(PHONE, guess) is None
    assert journal.learner_of(PHONE) == PHONE


def test_codes_cannot_be_guessed_and_the_journal_does_not_hold_them(own_home: Path):
    made = [journal.new_resume_code(LAPTOP) for _ in range(50)]
    letters = [code.replace("-", "") for code in made]
    assert len({*letters}) == 50
    assert {len(each) for each in letters} == {20}  # of 32 letters each: 100 bits
    assert set("".join(letters)) <= set(codes.ALPHABET) and len(codes.ALPHABET) == 32
    assert not any(code in held(own_home) or code.replace("-", "") in held(own_home) for code in made)


def test_a_token_is_not_in_its_devices_id():
    assert "laptop" not in LAPTOP
    assert LAPTOP != PHONE and journal.device_id("laptop") == LAPTOP


def test_deleting_leaves_nothing_and_nobody_is_that_learner_any_more(own_home: Path):
    answered(begun(LAPTOP))
    answered(begun(PHONE))
    code = journal.new_resume_code(LAPTOP)
    journal.resume(PHONE, code)
    assert journal.delete(PHONE) == 1
    assert journal.talks(LAPTOP) == ()
    here, there = journal.learner_of(PHONE), journal.learner_of(LAPTOP)
    assert len({here, there, LAPTOP, PHONE}) == 4
    assert journal.resume(PHONE, code) is None
    assert len(journal.talks(PHONE)) == 1  # whoever sat there before did not ask for anything
    assert journal.delete(LAPTOP) == 0  # again, with nothing left


def test_deleting_forgets_an_old_key_as_well(own_home: Path):
    answered(begun("q3Vb0-XyT7_kLm92RsWc4A"))
    code = journal.new_resume_code("q3Vb0-XyT7_kLm92RsWc4A")
    journal.resume(PHONE, code)
    journal.delete(PHONE)
    assert "q3Vb0" not in held(own_home)
