"""The server's secret: made once, whole, and its owner's alone."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.access import secret_key
from engine.access.secret_key import _read
from engine.errors import CallerMistake


def test_it_is_made_once_for_its_owner_alone(own_home: Path):
    old = os.umask(0)
    try:
        key = secret_key()
    finally:
        os.umask(old)
    (file,) = own_home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(key) >= 43 and secret_key() == key


def test_many_at_once_make_one(own_home: Path):
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(lambda _: secret_key(), range(24))}) == 1
    assert len([*own_home.iterdir()]) == 1


def test_one_that_was_cut_is_refused(own_home: Path):
    secret_key()
    (file,) = own_home.iterdir()
    file.write_text("")
    _read.cache_clear()  # as in the next server
    with pytest.raises(CallerMistake, match="too short"):
        secret_key()
